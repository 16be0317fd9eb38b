import assert from 'node:assert/strict';
import { OPUS_PRE_ROLL_MS, SpeechChunker } from '../../../../src/audio/chunk/chunks.ts';
import type { ChunkerOptions, PlannedChunk } from '../../../../src/audio/chunk/chunks.ts';
import type { SourceFrame } from '../../../../src/audio/read/pcm.ts';
import { WINDOW_SAMPLES } from '../../../../src/audio/detect/vad.ts';

const T0 = 1_760_000_000_000;
const OPTIONS: ChunkerOptions = { conversationGapMs: 120_000, maxChunkMs: 600_000, preRollMs: OPUS_PRE_ROLL_MS };

/** A recording with frames of 10 ms, some of them lost. @param lost their ordinals */
function recording(
  fileName: string,
  startedAtMs: number,
  ms: number,
  lost: (ordinal: number) => boolean = () => false,
) {
  const frames = Array.from({ length: ms / 10 }, (_, ordinal): SourceFrame => {
    return { payload: lost(ordinal) ? null : Uint8Array.of(ordinal), samples: 160 };
  });
  return { fileName, startedAtMs, frames };
}

/** Plans a run with speech between the given times, milliseconds on the axis of the run. */
function plan(
  recordings: readonly ReturnType<typeof recording>[],
  speech: readonly [fromMs: number, toMs: number][],
  options: Partial<ChunkerOptions> = {},
): { chunks: PlannedChunk[]; chunker: SpeechChunker } {
  const chunker = new SpeechChunker({ ...OPTIONS, ...options });
  for (const { frames, ...ref } of recordings) {
    chunker.startRecording(ref);
    chunker.addFrames(frames);
  }
  const samples = recordings.reduce((sum, { frames }) => sum + frames.length * 160, 0);
  const probabilities = Float32Array.from({ length: Math.ceil(samples / WINDOW_SAMPLES) }, (_, window) => {
    const ms = (window * WINDOW_SAMPLES) / 16;
    return speech.some(([from, to]) => ms >= from && ms < to) ? 0.9 : 0;
  });
  return { chunks: [...chunker.addProbabilities(probabilities), ...chunker.end()], chunker };
}

const framesOf = (chunk: PlannedChunk | undefined) =>
  chunk?.spans.map(({ fileName, firstFrame, endFrame }) => [fileName, firstFrame, endFrame]);

describe('Speech chunks', () => {
  it('contain any number of frames, even behind a covered one', () => {
    const chunker = new SpeechChunker(OPTIONS);
    chunker.startRecording({ fileName: 'a', startedAtMs: T0 });
    const count = 200_000; // of 2.5 ms
    const frame: SourceFrame = { payload: Uint8Array.of(1), samples: 40 };
    chunker.addFrames([{ ...frame, isCovered: true }, ...Array<SourceFrame>(count).fill(frame)]);
    const windows = new Float32Array(Math.ceil(((count + 1) * 40) / WINDOW_SAMPLES)).fill(0.9);
    const chunks = [...chunker.addProbabilities(windows), ...chunker.end()];
    assert.equal(
      chunks.reduce((sum, { frames }) => sum + frames.length, 0),
      count,
    );
  });

  it('contain the frames of regions without the silence between them, and a map of their times', () => {
    const speech: [number, number][] = [
      [3200, 6400],
      [32_000, 35_200],
    ];
    const { chunks } = plan([recording('a', T0, 60_000)], speech);
    // From 200 ms before the speech to 160 ms after it.
    assert.deepEqual(chunks[0]?.spans, [
      { fileName: 'a', firstFrame: 300, endFrame: 656, chunkStartMs: 0, startMs: T0 + 3000, durationMs: 3560 },
      {
        fileName: 'a',
        firstFrame: 3180,
        endFrame: 3536,
        chunkStartMs: 3560,
        startMs: T0 + 31_800,
        durationMs: 3560,
      },
    ]);
    const { durationMs, startMs, endMs, endSample } = chunks[0];
    assert.deepEqual([durationMs, startMs, endMs, endSample], [7120, T0 + 3000, T0 + 35_360, 35_360 * 16]);
    assert.equal(chunks.length, 1);
  });

  describe('beside audio whose result is stored', () => {
    /** Plans ten seconds, of which everything except one stretch (milliseconds) is covered. @returns what is sent */
    const sent = ([fromMs, toMs]: [number, number], speech: [number, number][]): unknown => {
      const whole = recording('a', T0, 10_000);
      const frames = whole.frames.map((frame, ordinal) => ({
        ...frame,
        isCovered: 10 * ordinal < fromMs || 10 * ordinal >= toMs,
      }));
      return plan([{ ...whole, frames }], speech).chunks.flatMap((chunk) => framesOf(chunk) ?? []);
    };

    it('contain a piece shorter than a pause if there is speech in it: it was missing from the audio that was judged before', () => {
      assert.deepEqual(sent([5000, 5200], [[3200, 6400]]), [['a', 500, 520]]);
    });

    it('leave out a piece shorter than a pause without speech in it: it was judged to be a pause before', () => {
      const speech: [number, number][] = [
        [3200, 4990],
        [5210, 6400],
      ];
      assert.deepEqual(sent([5000, 5200], speech), []);
    });
  });

  it('start with the 80 ms before their first span as pre-roll, as far as the recording has them unbroken', () => {
    const speech: [number, number][] = [[3200, 6400]];
    const preRoll = (options: Partial<ChunkerOptions>, lost?: (ordinal: number) => boolean) =>
      plan([recording('a', T0, 10_000, lost)], speech, options).chunks[0]?.preRoll.map(({ payload }) => payload[0]);
    const bytes = [292, 293, 294, 295, 296, 297, 298, 299].map((ordinal) => ordinal % 256);
    assert.deepEqual(preRoll({}), bytes);
    assert.deepEqual(
      preRoll({}, (ordinal) => ordinal === 295),
      bytes.slice(4),
    );
    assert.deepEqual(preRoll({ preRollMs: 0 }), []);
    assert.deepEqual(plan([recording('a', T0, 10_000)], [[0, 3200]]).chunks[0]?.preRoll, []);
    const border = plan([recording('a', T0, 2970), recording('b', T0 + 2970, 10_000)], speech).chunks[0];
    assert.deepEqual(
      border?.preRoll.map(({ payload }) => payload[0]),
      [0, 1, 2],
    );
  });

  it('have a pre-roll even after minutes of silence whose frames were dropped', () => {
    const chunker = new SpeechChunker(OPTIONS);
    const { frames, ...ref } = recording('a', T0, 300_000);
    const chunks: PlannedChunk[] = [];
    chunker.startRecording(ref);
    let window = 0;
    for (let at = 0; at < frames.length; at += 100) {
      chunker.addFrames(frames.slice(at, at + 100));
      const judged = Math.min(Math.floor(((at + 100) * 160) / WINDOW_SAMPLES), 300 * 31);
      // Speech from 288 s on.
      chunks.push(...chunker.addProbabilities(new Float32Array(judged - window).fill(at >= 28_800 ? 0.9 : 0)));
      window = judged;
    }
    chunks.push(...chunker.addProbabilities(new Float32Array(Math.ceil((300_000 * 16) / WINDOW_SAMPLES) - window)));
    chunks.push(...chunker.end());
    const [chunk] = chunks;
    const first = chunk?.spans[0]?.firstFrame ?? 0;
    assert.ok(first > 28_700);
    assert.deepEqual(chunk?.preRoll, frames.slice(first - 8, first));
    assert.deepEqual(chunk.frames, frames.slice(first, chunk.spans[0]?.endFrame));
  });

  it('carry a word over the border of two recordings in one piece, as two spans', () => {
    const { chunks } = plan([recording('a', T0, 10_000), recording('b', T0 + 11_500, 10_000)], [[9600, 10_400]]);
    assert.deepEqual(framesOf(chunks[0]), [
      ['a', 940, 1000],
      ['b', 0, 56],
    ]);
    assert.equal(chunks[0]?.spans[1]?.startMs, T0 + 11_500);
    assert.equal(chunks[0].spans[1].chunkStartMs, 600);
  });

  it('leave out a lost frame, whose time still counts', () => {
    const { chunks } = plan([recording('a', T0, 10_000, (ordinal) => ordinal === 400)], [[3200, 6400]]);
    assert.deepEqual(framesOf(chunks[0]), [
      ['a', 300, 400],
      ['a', 401, 656],
    ]);
    assert.equal(chunks[0]?.spans[1]?.startMs, T0 + 4010);
    assert.equal(chunks[0].durationMs, 3550);
  });

  it('are not planned for silence, nor for speech that was lost', () => {
    assert.deepEqual(plan([recording('a', T0, 10_000)], []).chunks, []);
    assert.deepEqual(plan([recording('a', T0, 10_000, () => true)], [[3200, 6400]]).chunks, []);
    assert.deepEqual(plan([], []).chunks, []);
  });

  it('end if the next speech is a conversation gap away', () => {
    const speech = (gap: number): [number, number][] => [
      [3200, 6400],
      [6400 + gap, 6400 + gap + 3200],
    ];
    const run = [recording('a', T0, 300_000)];
    // The padding takes 360 ms of the gap.
    assert.equal(plan(run, speech(120_320)).chunks.length, 1);
    assert.equal(plan(run, speech(120_384)).chunks.length, 2);
  });

  it('measure the conversation gap in absolute time, pauses between recordings included', () => {
    const run = [recording('a', T0, 10_000), recording('b', T0 + 12_000, 10_000)];
    const speech: [number, number][] = [
      [3200, 6400],
      [12_800, 16_000],
    ];
    // 6560 to 12 600 ms on the run axis are 6040 ms of audio and 2000 ms without.
    assert.equal(plan(run, speech, { conversationGapMs: 8040 }).chunks.length, 2);
    assert.equal(plan(run, speech, { conversationGapMs: 8041 }).chunks.length, 1);
  });

  it('end before the region that would make them too long', () => {
    const speech = [0, 1, 2, 3, 4].map((i): [number, number] => [3200 + i * 6400, 6400 + i * 6400]);
    const { chunks } = plan([recording('a', T0, 60_000)], speech, { maxChunkMs: 2 * 3560 });
    assert.deepEqual(
      chunks.map(({ spans }) => spans.length),
      [2, 2, 1],
    );
  });

  it('divide speech without a pause, and neither lose nor repeat a frame there', () => {
    const { chunks } = plan([recording('a', T0, 60_000)], [[0, 60_000]], { maxChunkMs: 10_000 });
    assert.ok(chunks.length >= 6);
    let next = 0;
    for (const chunk of chunks) {
      assert.equal(chunk.spans.length, 1);
      assert.equal(chunk.spans[0]?.firstFrame, next);
      assert.ok(chunk.durationMs <= 10_000);
      next = chunk.spans[0].endFrame;
    }
    assert.equal(next, 6000);
  });

  it('have no more spans than a Firestore document holds', () => {
    const { chunks, chunker } = plan([recording('a', T0, 60_000, (ordinal) => ordinal % 2 === 1)], [[0, 60_000]]);
    assert.deepEqual(
      chunks.map(({ spans }) => spans.length),
      [1000, 1000, 1000],
    );
    assert.deepEqual(
      chunks.map(({ endSample }) => endSample),
      [319_840, 639_840, 960_000],
    );
    assert.equal(chunker.ledger()[0]?.speechSamples, 480_000);
  });

  it('come with a ledger of every recording', () => {
    const run = [
      recording('a', T0, 10_000, (n) => n === 0 || n === 400),
      recording('b', T0 + 10_000, 5000),
      recording('c', T0 + 15_000, 0),
    ];
    assert.deepEqual(plan(run, [[3200, 6400]]).chunker.ledger(), [
      { fileName: 'a', totalSamples: 160_000, speechSamples: 355 * 160, lostSamples: 320 },
      { fileName: 'b', totalSamples: 80_000, speechSamples: 0, lostSamples: 0 },
      { fileName: 'c', totalSamples: 0, speechSamples: 0, lostSamples: 0 },
    ]);
  });

  describe('refuse', () => {
    const { frames, ...ref } = recording('a', T0, 1000);

    it('frames before any recording', () => {
      assert.throws(() => {
        new SpeechChunker(OPTIONS).addFrames(frames);
      }, /before the recording/);
    });

    it('probabilities before their frames', () => {
      assert.throws(() => new SpeechChunker(OPTIONS).addProbabilities(new Float32Array(1)), /before the frames/);
    });

    it('an end before all audio was judged: the rest would count as silence', () => {
      const chunker = new SpeechChunker(OPTIONS);
      chunker.startRecording(ref);
      chunker.addFrames(frames);
      chunker.addProbabilities(new Float32Array(31));
      assert.throws(() => chunker.end(), /judged/);
      chunker.addProbabilities(new Float32Array(1));
      assert.deepEqual(chunker.end(), []);
    });

    it('the same recording twice in a run', () => {
      const chunker = new SpeechChunker(OPTIONS);
      chunker.startRecording(ref);
      assert.throws(() => {
        chunker.startRecording(ref);
      }, /twice/);
    });
  });
});
