import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Timestamp } from 'firebase-admin/firestore';
import { listenWith } from '../../../src/audio/detect/listener.ts';
import type { Listener } from '../../../src/audio/detect/listener.ts';
import { SAMPLE_RATE } from '../../../src/audio/read/pcm.ts';
import { WINDOW_SAMPLES } from '../../../src/audio/detect/vad.ts';
import type { Vad } from '../../../src/audio/detect/vad.ts';
import { AppError } from '../../../src/errors.ts';
import type { JobFile } from '../../../src/jobs/job.ts';
import { scanRecordings } from '../../../src/worker/scan.ts';
import { inTimeOrder } from '../../../src/worker/scanOrder.ts';
import type { ScanEvent } from '../../../src/worker/scanEvent.ts';
import { jobFile } from '../../support/jobFiles.ts';
import { MemoryCoverage } from '../../support/memoryCoverage.ts';

const T0 = Date.UTC(2026, 0, 1);
const FRAME = 160;

/**
 * A beat of these recordings: 0.96 s, which is whole frames and whole windows. So a run that begins at a later recording judges
 * the same windows.
 */
const BEAT_FRAMES = 96;
const BEAT_MS = 10 * BEAT_FRAMES;
const BEAT_SAMPLES = BEAT_FRAMES * FRAME;

/**
 * A detector for which loud audio is speech. Its result does not depend on earlier audio, so all ways of dividing the work must
 * agree.
 */
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

interface Setting {
  /** The coverage that earlier attempts have stored. */
  readonly covered?: MemoryCoverage;
  readonly jobId?: string;
  /** The name of a recording that Storage does not have. */
  readonly missing?: string;
  readonly listener?: Listener;
  readonly onReading?: (file: JobFile) => Promise<void>;
}

async function scan(recorded: readonly Recorded[], setting: Setting = {}): Promise<ScanEvent[]> {
  const {
    covered = new MemoryCoverage(),
    jobId = 'job',
    missing,
    listener = listenWith(LOUDNESS),
    onReading,
  } = setting;
  const bytes = new Map(
    recorded.filter(({ file }) => file.name !== missing).map((each) => [each.file.name, each.bytes]),
  );
  const events: ScanEvent[] = [];
  for await (const event of scanRecordings(inTimeOrder(recorded.map(({ file }) => file)), {
    listener,
    coverage: covered.of(jobId),
    jobId,
    ...(onReading === undefined ? {} : { onReading }),
    async *open({ name }) {
      await Promise.resolve();
      const content = bytes.get(name);
      if (content === undefined) throw new AppError('recording_missing');
      yield content;
    },
    signal: new AbortController().signal,
    settings: { conversationGapMs: 20_000, maxChunkMs: 60_000, decoder: 'auto', ffmpegPath: '' },
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
      spansOf(together).map((spans) => spans.map(({ fileName }) => fileName)),
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

  it('reports every recording before any chunk that contains a later one', async () => {
    const events = await scan([record('a', 0, loud(3)), record('b', 3, loud(3)), record('c', 60, loud(2))]);
    for (const [i, event] of events.entries()) {
      if (event.kind !== 'chunk') continue;
      const read = events.slice(0, i).flatMap((each) => (each.kind === 'decoded' ? each.file.name : []));
      for (const { fileName } of event.chunk.spans) assert.ok(read.includes(fileName), fileName);
    }
  });

  it('returns a chunk once the silence behind it is long enough, not when the run ends', async () => {
    const events = await scan([record('a', 0, [...loud(2), ...quiet(340)]), record('b', 342, quiet(10))]);
    const chunk = events.findIndex(({ kind }) => kind === 'chunk');
    const end = events.findIndex((event) => event.kind === 'decoded' && event.file.name === 'b');
    assert.ok(chunk >= 0 && chunk < end);
  });

  it('reports as soon as nothing of a recording is left to plan, even in silence', async () => {
    const events = await scan([record('a', 0, quiet(340)), record('b', 340, [...quiet(1), ...loud(2), ...quiet(20)])]);
    const lines = events.flatMap((event) => ('file' in event ? `${event.kind} ${event.file.name}` : []));
    assert.deepEqual(lines.toSorted(), ['chunk a', 'decoded a', 'decoded b', 'planned a', 'planned b']);
    assert.ok(lines.indexOf('planned a') < lines.indexOf('chunk a'));
    assert.equal(lines.at(-1), 'planned b');
  });

  it('reports a missing recording, and continues with the others', async () => {
    const events = await scan([record('gone', 0, loud(1)), record('b', 1, loud(2))], { missing: 'gone' });
    const lines = events.flatMap((event) => {
      if (event.kind === 'failed') return `failed ${event.file.name} ${event.error.code}`;
      return event.kind === 'decoded' ? `decoded ${event.file.name}` : [];
    });
    assert.deepEqual(lines, ['failed gone recording_missing', 'decoded b']);
    assert.equal(chunksIn(events).length, 1);
  });

  it('counts frames that the decoder refuses as lost, in their recording', async () => {
    const plain = listenWith(LOUDNESS);
    const refusing: Listener = {
      parallel: 1,
      listen: async (passage) => ({ ...(await plain.listen(passage)), refused: [0, BEAT_FRAMES, BEAT_FRAMES + 1] }),
    };
    const events = await scan([record('a', 0, loud(1)), record('b', 1, loud(2))], { listener: refusing });
    const reports = events.flatMap((event) => (event.kind === 'decoded' ? event.report : []));
    assert.deepEqual(
      reports.map(({ frames, corruptFrames, corruptSeconds }) => [frames, corruptFrames, corruptSeconds]),
      [
        [BEAT_FRAMES - 1, 1, 0.01],
        [2 * BEAT_FRAMES - 2, 2, 0.02],
      ],
    );
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map((span) => [span.fileName, span.firstFrame, span.endFrame])),
      [
        [
          ['a', 1, BEAT_FRAMES],
          ['b', 2, 2 * BEAT_FRAMES],
        ],
      ],
    );
  });

  it('reports why nothing is left of a recording whose frames the decoder refused', async () => {
    const plain = listenWith(LOUDNESS);
    const refusing: Listener = {
      parallel: 1,
      listen: async (passage) => ({ ...(await plain.listen(passage)), refused: [...passage.frames.keys()] }),
    };
    const [event] = await scan([record('a', 0, loud(1))], { listener: refusing });
    assert.ok(event?.kind === 'decoded');
    assert.deepEqual(
      [event.report.frames, event.report.corruptSeconds.toFixed(2), event.report.stoppedBecause],
      [0, '0.96', 'The decoder refused every frame.'],
    );
  });

  it('fails with the error of the listener', async () => {
    const listener: Listener = { parallel: 1, listen: () => Promise.reject(new Error('a thread ended')) };
    await assert.rejects(scan([record('a', 0, loud(70)), record('b', 1, loud(2))], { listener }), /a thread ended/);
  });

  it('has decoded everything before a recording when it says that it reads it, and cuts nothing for that', async () => {
    const heard: string[] = [];
    const plain = listenWith(LOUDNESS);
    let samples = 0;
    const listener: Listener = {
      parallel: 1,
      listen: async (passage) => {
        samples += passage.frames.reduce((sum, frame) => sum + frame.samples, 0);
        return plain.listen(passage);
      },
    };
    const recorded = [record('a', 0, loud(3)), record('b', 3, loud(3)), record('c', 6, loud(1))];
    const events = await scan(recorded, {
      listener,
      onReading: ({ name }) => Promise.resolve(void heard.push(`${name} after ${samples / BEAT_SAMPLES}`)),
    });
    assert.deepEqual(heard, ['a after 0', 'b after 3', 'c after 6']);
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map(({ fileName }) => fileName)),
      [['a', 'b', 'c']],
    );
  });

  it('leaves out what the transcription service refused', async () => {
    const a = record('a', 0, loud(4));
    const refused = [{ firstFrame: 0, endFrame: 2 * BEAT_FRAMES }];
    const events = await scan([{ ...a, file: { ...a.file, refused } }]);
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map(({ firstFrame, endFrame }) => [firstFrame, endFrame])),
      [[[2 * BEAT_FRAMES, 4 * BEAT_FRAMES]]],
    );
  });
});

describe('Audio whose result is stored', () => {
  const stretch = fc.record({ speech: fc.integer({ min: 1, max: 4 }), silence: fc.integer({ min: 1, max: 25 }) });
  /** The beats of a day, and two ways of cutting it into recordings. */
  const day = fc
    .array(stretch, { minLength: 1, maxLength: 8 })
    .map((stretches) => stretches.flatMap(({ speech, silence }) => [...quiet(silence), ...loud(speech)]));
  const cuts = fc.array(fc.nat(80), { maxLength: 4 });

  function recordings(beats: readonly boolean[], at: readonly number[], prefix: string): Recorded[] {
    const places = [...new Set(at.map((place) => place % beats.length))].filter((place) => place > 0);
    const ends = [...places.sort((a, b) => a - b), beats.length];
    return ends.map((end, i) => record(`${prefix}${i}`, ends[i - 1] ?? 0, beats.slice(ends[i - 1] ?? 0, end)));
  }

  async function cover(covered: MemoryCoverage, jobId: string, chunks: readonly ChunkEvent[]): Promise<void> {
    for (const { chunk, file } of chunks) {
      const places = new Map(chunk.spans.map(({ fileName }) => [fileName, { recordingId: fileName, startedAtMs: 0 }]));
      await covered.cover(jobId, { deviceId: file.deviceId, ...chunk, places });
    }
  }

  const framesIn = (events: readonly ScanEvent[]): string[] =>
    spansOf(events)
      .flat()
      .flatMap(({ startMs, firstFrame, endFrame }) =>
        Array.from({ length: endFrame - firstFrame }, (_, i) => String(startMs + 10 * i)),
      );

  it('is not planned again, in whatever cut, and all the rest is', async function () {
    await fc.assert(
      fc.asyncProperty(
        day,
        cuts,
        cuts,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async (beats, ...rest) => {
          const [first, second, done] = rest;
          const covered = new MemoryCoverage();
          const before = chunksIn(await scan(recordings(beats, first, 'a'), { jobId: 'one', covered }));
          const stored = before.filter((_, i) => done[i % done.length]);
          await cover(covered, 'one', stored);
          const after = await scan(recordings(beats, second, 'b'), { jobId: 'two', covered });
          const [all, known, planned] = [before, stored, chunksIn(after)].map((events) => new Set(framesIn(events)));
          for (const frame of planned!) assert.ok(!known!.has(frame), 'asked for again');
          // What the second cut alone finds is padding at the edges of its recordings.
          for (const frame of all!) assert.ok(known!.has(frame) || planned!.has(frame), 'lost');
          const duplicates = after.flatMap((event) => (event.kind === 'decoded' ? event.duplicateSamples : []));
          assert.equal(
            duplicates.reduce((sum, samples) => sum + samples, 0),
            160 * known!.size,
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it('counts as the recording’s own where the same job stored it, and as a duplicate elsewhere', async () => {
    const covered = new MemoryCoverage();
    const recorded = [record('a', 0, loud(3))];
    await cover(covered, 'one', chunksIn(await scan(recorded, { jobId: 'one' })));
    const duplicates = async (jobId: string): Promise<number[]> =>
      (await scan(recorded, { jobId, covered })).flatMap((event) =>
        event.kind === 'decoded' ? event.duplicateSamples : [],
      );
    assert.deepEqual(await duplicates('one'), [0]);
    assert.deepEqual(await duplicates('two'), [3 * BEAT_SAMPLES]);
  });

  it('does not stand for other content that claims the same moment, nor for another device', async () => {
    const covered = new MemoryCoverage();
    await cover(covered, 'one', chunksIn(await scan([record('a', 0, loud(3))])));
    const other = record('b', 0, loud(3));
    for (let at = 4; at < other.bytes.length; at += 324) other.bytes[at]! ^= 1;
    assert.equal(framesIn(await scan([other], { covered })).length, 3 * BEAT_FRAMES);
    assert.equal(framesIn(await scan([record('c', 0, loud(3), 'phone')], { covered })).length, 3 * BEAT_FRAMES);
    assert.equal(framesIn(await scan([record('d', 0, loud(3))], { covered })).length, 0);
  });
});
