import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Timestamp } from 'firebase-admin/firestore';
import { listenWith } from '../../../src/audio/detect/listener.ts';
import type { Listener } from '../../../src/audio/detect/listener.ts';
import { SAMPLE_RATE } from '../../../src/audio/read/pcm.ts';
import { WINDOW_SAMPLES } from '../../../src/audio/detect/vad.ts';
import type { Vad } from '../../../src/audio/detect/vad.ts';
import { AppError } from '../../../src/errors.ts';
import type { JobFile, ResumePoint } from '../../../src/jobs/job.ts';
import { scanRecordings } from '../../../src/worker/scan.ts';
import { inTimeOrder, notePlanned } from '../../../src/worker/scanOrder.ts';
import type { ScanEvent } from '../../../src/worker/scan.ts';
import { jobFile } from '../../support/jobFiles.ts';

const T0 = Date.UTC(2026, 0, 1);
const FRAME = 160;

/**
 * The beat of these recordings, 0.96 s: whole frames and whole windows, so that a run that begins at a later recording judges
 * the same windows.
 */
const BEAT_FRAMES = 96;
const BEAT_MS = 10 * BEAT_FRAMES;
const BEAT_SAMPLES = BEAT_FRAMES * FRAME;

/** Loud is speech: what is heard does not depend on what came before, so any way of cutting the work must agree. */
const LOUDNESS: Vad = {
  probabilities: (slices) =>
    Promise.resolve(
      slices.map(({ pcm, warmupSamples }) =>
        Float32Array.from(
          { length: Math.ceil(pcm.length / WINDOW_SAMPLES) - warmupSamples / WINDOW_SAMPLES },
          (_, i) => {
            const from = warmupSamples + i * WINDOW_SAMPLES;
            return pcm.subarray(from, from + WINDOW_SAMPLES).some((sample) => Math.abs(sample) > 0.1) ? 1 : 0;
          },
        ),
      ),
    ),
};

interface Recorded {
  readonly file: JobFile;
  readonly bytes: Uint8Array;
}

/** A pcm16 recording; `beats[i]` says whether beat i is loud. */
function record(name: string, startBeat: number, beats: readonly boolean[], deviceId = 'omi'): Recorded {
  const frames = beats.flatMap((loud) => Array.from({ length: BEAT_FRAMES }, () => loud));
  const bytes = Buffer.alloc(frames.length * (4 + 2 * FRAME));
  for (const [i, loud] of frames.entries()) {
    const at = i * (4 + 2 * FRAME);
    bytes.writeUInt32LE(2 * FRAME, at);
    if (loud) for (let s = 0; s < FRAME; s++) bytes.writeInt16LE(s % 2 === 0 ? 9000 : -9000, at + 4 + 2 * s);
  }
  const file = jobFile({
    name,
    path: name,
    size: bytes.length,
    format: { kind: 'framed', codec: 'pcm16', sampleRate: SAMPLE_RATE, channels: 1, frameSize: FRAME },
    deviceId,
    startedAt: Timestamp.fromMillis(T0 + BEAT_MS * startBeat),
  });
  return { file, bytes };
}

/**
 * @param resume where an earlier attempt stopped.
 * @param missing name of a recording that Storage does not have.
 */
async function scan(
  recorded: readonly Recorded[],
  resume: ResumePoint | null = null,
  missing: string | null = null,
  listener: Listener = listenWith(LOUDNESS),
): Promise<ScanEvent[]> {
  const bytes = new Map(
    recorded.filter(({ file }) => file.name !== missing).map((each) => [each.file.name, each.bytes]),
  );
  const events: ScanEvent[] = [];
  const files = inTimeOrder(recorded.map(({ file }) => file));
  const names = files.map(({ name }) => name);
  const left = resume === null ? files : notePlanned(files, names, resume);
  for await (const event of scanRecordings(left, {
    listener,
    async *open({ name }) {
      await Promise.resolve();
      const content = bytes.get(name);
      if (content === undefined) throw new AppError('recording_missing');
      yield content;
    },
    signal: new AbortController().signal,
    conversationGapMs: 20_000,
    maxChunkMs: 60_000,
    ffmpegPath: '',
  })) {
    events.push(event);
  }
  return events;
}

type ChunkEvent = Extract<ScanEvent, { kind: 'chunk' }>;
const chunksIn = (events: readonly ScanEvent[]): ChunkEvent[] => events.filter((event) => event.kind === 'chunk');
const spansOf = (events: readonly ScanEvent[]) => chunksIn(events).map(({ chunk }) => chunk.spans);

const loud = (n: number): boolean[] => Array.from({ length: n }, () => true);
const quiet = (n: number): boolean[] => Array.from({ length: n }, () => false);

describe('scanning recordings', () => {
  it('stitches neighbours of one device up to two seconds apart into one run', async () => {
    const together = await scan([record('a', 0, loud(3)), record('b', 5, loud(3))]);
    assert.deepEqual(
      spansOf(together).map((spans) => spans.map(({ recordingId }) => recordingId)),
      [['a', 'b']],
    );
    const apart = await scan([record('a', 0, loud(3)), record('b', 6, loud(3))]);
    assert.equal(chunksIn(apart).length, 2);
  });

  it('reads a recording as what its bytes are, whatever its name claims', async () => {
    const { file, bytes } = record('a', 0, [false, true, false]);
    const named = { ...file, format: { ...file.format, codec: 'opus' } as typeof file.format };
    const events = await scan([{ file: named, bytes }]);
    const chunks = events.filter((event) => event.kind === 'chunk');
    assert.deepEqual(
      chunks.map((event) => event.file.format),
      [file.format],
    );
    const decoded = events.find((event) => event.kind === 'decoded');
    assert.deepEqual([decoded?.report.corruptFrames, decoded?.samples], [0, 3 * BEAT_SAMPLES]);
  });

  it('never stitches recordings of two devices', async () => {
    const events = await scan([record('a', 0, loud(3)), record('b', 3, loud(3), 'phone')]);
    assert.deepEqual(
      chunksIn(events).map(({ file }) => file.deviceId),
      ['omi', 'phone'],
    );
  });

  it('tells of every recording before any chunk that a later one is part of', async () => {
    const events = await scan([record('a', 0, loud(3)), record('b', 3, loud(3)), record('c', 60, loud(2))]);
    for (const [i, event] of events.entries()) {
      if (event.kind !== 'chunk') continue;
      const read = events.slice(0, i).flatMap((each) => (each.kind === 'decoded' ? each.file.name : []));
      for (const { recordingId } of event.chunk.spans) assert.ok(read.includes(recordingId), recordingId);
    }
  });

  it('gives a chunk out once the silence behind it is long enough, not when the run ends', async () => {
    const events = await scan([record('a', 0, [...loud(2), ...quiet(340)]), record('b', 342, quiet(10))]);
    const chunk = events.findIndex(({ kind }) => kind === 'chunk');
    const end = events.findIndex((event) => event.kind === 'decoded' && event.file.name === 'b');
    assert.ok(chunk >= 0 && chunk < end);
  });

  it('moves on through silence: an attempt that ends there does not begin anew', async () => {
    const events = await scan([record('a', 0, quiet(340)), record('b', 340, quiet(20))]);
    const points = events.flatMap((event) => (event.kind === 'settled' ? event.resume : []));
    assert.ok(points.some(({ file, sample }) => file === 'a' && sample > 300 * BEAT_SAMPLES));
    assert.deepEqual(points.at(-1), { file: 'b', sample: 20 * BEAT_SAMPLES });
  });

  it('reports a recording that is missing, and goes on with the others', async () => {
    const events = await scan([record('gone', 0, loud(1)), record('b', 1, loud(2))], null, 'gone');
    const lines = events.flatMap((event) => {
      if (event.kind === 'failed') return `failed ${event.file.name} ${event.error.code}`;
      return event.kind === 'decoded' ? `decoded ${event.file.name}` : [];
    });
    assert.deepEqual(lines, ['failed gone recording_missing', 'decoded b']);
    assert.equal(chunksIn(events).length, 1);
  });

  it('counts frames that the decoder refuses as lost, in the recording that they are of', async () => {
    const plain = listenWith(LOUDNESS);
    const refusing: Listener = {
      parallel: 1,
      listen: async (passage) => ({ ...(await plain.listen(passage)), refused: [0, BEAT_FRAMES, BEAT_FRAMES + 1] }),
    };
    const events = await scan([record('a', 0, loud(1)), record('b', 1, loud(2))], null, null, refusing);
    const reports = events.flatMap((event) => (event.kind === 'decoded' ? event.report : []));
    assert.deepEqual(
      reports.map(({ frames, corruptFrames, corruptSeconds }) => [frames, corruptFrames, corruptSeconds]),
      [
        [BEAT_FRAMES - 1, 1, 0.01],
        [2 * BEAT_FRAMES - 2, 2, 0.02],
      ],
    );
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map((span) => [span.recordingId, span.firstFrame, span.endFrame])),
      [
        [
          ['a', 1, BEAT_FRAMES],
          ['b', 2, 2 * BEAT_FRAMES],
        ],
      ],
    );
  });

  it('says why nothing is left of a recording of which the decoder refused all', async () => {
    const plain = listenWith(LOUDNESS);
    const refusing: Listener = {
      parallel: 1,
      listen: async (passage) => ({ ...(await plain.listen(passage)), refused: [...passage.frames.keys()] }),
    };
    const [event] = await scan([record('a', 0, loud(1))], null, null, refusing);
    assert.ok(event?.kind === 'decoded');
    assert.deepEqual(
      [event.report.frames, event.report.corruptSeconds.toFixed(2), event.report.stoppedBecause],
      [0, '0.96', 'The decoder refused every frame.'],
    );
  });

  it('fails with what the listener fails with', async () => {
    const listener: Listener = { parallel: 1, listen: () => Promise.reject(new Error('a thread ended')) };
    await assert.rejects(
      scan([record('a', 0, loud(70)), record('b', 1, loud(2))], null, null, listener),
      /a thread ended/,
    );
  });

  it('takes a recording that is planned in part from there, in a run of its own, beside one that is new', async () => {
    const [a, b] = [record('a', 0, loud(3)), record('b', 3, loud(6))];
    const begun = { ...b, file: { ...b.file, unplannedFrom: 3 * BEAT_SAMPLES } };
    assert.deepEqual(
      spansOf(await scan([a, begun])).map((spans) =>
        spans.map(({ recordingId, firstFrame }) => [recordingId, firstFrame]),
      ),
      [[['a', 0]], [['b', 3 * BEAT_FRAMES]]],
    );
  });

  it('does not even open a recording that is planned to its end', async () => {
    const done = record('a', 0, loud(3));
    const events = await scan(
      [{ ...done, file: { ...done.file, unplannedFrom: null } }, record('b', 3, loud(3))],
      null,
      'a',
    );
    assert.deepEqual(
      events.map((event) => ('file' in event ? event.file.name : event.resume.file)),
      ['b', 'b', 'b'],
    );
  });

  it('tells of a point only if it lies further than any before, in this attempt and those before it', async () => {
    const long = record('a', 0, [...quiet(700), ...loud(2), ...quiet(50)]);
    const resumed = { ...long, file: { ...long.file, unplannedFrom: 650 * BEAT_SAMPLES } };
    const points = (await scan([resumed])).flatMap((event) => (event.kind === 'settled' ? event.resume.sample : []));
    assert.ok(points.length > 0);
    assert.ok(
      points.every((sample, i) => sample > (points[i - 1] ?? 650 * BEAT_SAMPLES)),
      points.join(),
    );
  });

  it('plans the same chunks from any point at which an attempt may have ended', async function () {
    const stretch = fc.record({ speech: fc.integer({ min: 1, max: 4 }), silence: fc.integer({ min: 1, max: 25 }) });
    const recording = fc.array(stretch, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(recording, { minLength: 1, maxLength: 3 }), async (drafts) => {
        let beat = 0;
        const recorded = drafts.map((stretches, i) => {
          const beats = stretches.flatMap(({ speech, silence }) => [...quiet(silence), ...loud(speech)]);
          const made = record(`r${i}`, beat, beats);
          beat += beats.length + (i % 2) * 10;
          return made;
        });
        const whole = await scan(recorded);
        const points = whole.flatMap((event, i) =>
          event.kind === 'settled' || event.kind === 'chunk'
            ? [{ resume: event.resume, before: whole.slice(0, i + 1) }]
            : [],
        );
        for (const { resume, before } of points.filter((_, i) => i % 5 === 0)) {
          const rest = await scan(recorded, resume);
          assert.deepEqual([...spansOf(before), ...spansOf(rest)], spansOf(whole), JSON.stringify(resume));
        }
      }),
      { numRuns: 6 },
    );
  });
});

describe('what is planned of recordings', () => {
  const files = ['a', 'b', 'c'].map((name) => record(name, 0, quiet(1)).file);
  const planned = (list: readonly JobFile[]): (number | null)[] => list.map(({ unplannedFrom }) => unplannedFrom);

  it('is all of those before the point in the scan, and that one up to it', () => {
    assert.deepEqual(planned(notePlanned(files, ['a', 'b', 'c'], { file: 'b', sample: 5 })), [null, 5, 0]);
    assert.deepEqual(planned(notePlanned(files, ['b', 'c'], { file: 'c', sample: 5 })), [0, null, 5]);
  });

  it('is never taken back by a write that comes late', () => {
    const later = notePlanned(files, ['a', 'b', 'c'], { file: 'b', sample: 5 });
    assert.deepEqual(planned(notePlanned(later, ['a', 'b', 'c'], { file: 'a', sample: 3 })), [null, 5, 0]);
    assert.deepEqual(planned(notePlanned(later, ['a', 'b', 'c'], { file: 'b', sample: 4 })), [null, 5, 0]);
  });
});
