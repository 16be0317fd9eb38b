import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SpeechChunker } from '../../../../src/audio/chunk/chunks.ts';
import type { PlannedChunk } from '../../../../src/audio/chunk/chunks.ts';
import { SAMPLES_PER_MS } from '../../../../src/audio/read/pcm.ts';
import { WINDOW_SAMPLES } from '../../../../src/audio/detect/vad.ts';

const FRAME_MS = 20;
const T0 = Date.UTC(2025, 5, 1);

interface Scene {
  /** Lengths of speech and silence in turn, milliseconds; speech comes first. */
  readonly lengths: readonly number[];
  readonly covered?: (atMs: number) => boolean;
  readonly contextMs?: number;
}

function plan({ lengths, covered = () => false, contextMs = 30_000 }: Scene): PlannedChunk[] {
  const chunker = new SpeechChunker({ conversationGapMs: 60_000, maxChunkMs: 120_000, preRollMs: 80, contextMs });
  chunker.startRecording({ fileName: 'a', startedAtMs: T0 });
  const isSpeech: boolean[] = [];
  for (const [i, ms] of lengths.entries()) for (let at = 0; at < ms; at += FRAME_MS) isSpeech.push(i % 2 === 0);
  chunker.addFrames(
    isSpeech.map((_, i) => ({
      payload: Uint8Array.of(i & 255, i >> 8),
      samples: FRAME_MS * SAMPLES_PER_MS,
      isCovered: covered(i * FRAME_MS),
    })),
  );
  const samples = isSpeech.length * FRAME_MS * SAMPLES_PER_MS;
  const windows = Float32Array.from({ length: Math.ceil(samples / WINDOW_SAMPLES) }, (_, window) =>
    isSpeech[Math.floor((window * WINDOW_SAMPLES) / SAMPLES_PER_MS / FRAME_MS)] ? 1 : 0,
  );
  return [...chunker.addProbabilities(windows), ...chunker.end()];
}

const endOf = ({ startMs, durationMs }: PlannedChunk['spans'][number]): number => startMs + durationMs;

describe('The context of a chunk', () => {
  it('is the last speech before it, and covers nothing', () => {
    const chunks = plan({ lengths: [300_000] });
    assert.ok(chunks.length >= 3);
    for (const [i, { context, spans, frames }] of chunks.entries()) {
      if (i === 0) assert.equal(context.durationMs, 0);
      else assert.equal(endOf(context.spans.at(-1)!), spans[0]!.startMs);
      assert.equal(
        frames.length,
        spans.reduce((sum, { firstFrame, endFrame }) => sum + endFrame - firstFrame, 0),
      );
      assert.equal(context.frames.length * FRAME_MS, context.durationMs);
    }
    assert.ok(chunks[1]!.context.durationMs > 5000);
  });

  it('costs at most 5 % of the speech, is never longer than its limit, and does not change the chunks', () => {
    const lengths = fc.array(
      fc.integer({ min: 1, max: 9000 }).map((n) => n * FRAME_MS),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(lengths, fc.constantFrom(3000, 30_000), (scene, contextMs) => {
        const chunks = plan({ lengths: scene, contextMs });
        const speechMs = chunks.reduce((sum, { durationMs }) => sum + durationMs, 0);
        const contextsMs = chunks.reduce((sum, { context }) => sum + context.durationMs, 0);
        assert.ok(contextsMs <= 0.05 * speechMs);
        for (const { context } of chunks) assert.ok(context.durationMs <= contextMs);
        const without = plan({ lengths: scene, contextMs: 0 });
        assert.deepEqual(
          chunks.map(({ spans }) => spans),
          without.map(({ spans }) => spans),
        );
        assert.ok(without.every(({ context }) => context.frames.length === 0));
      }),
      { numRuns: 40 },
    );
  });

  it('never comes from another conversation', () => {
    const chunks = plan({ lengths: [110_000, 70_000, 30_000] });
    assert.deepEqual(
      chunks.map(({ context }) => context.durationMs),
      [0, 0],
    );
  });

  it('is the same if an earlier attempt has transcribed the speech before it', () => {
    const [, second] = plan({ lengths: [200_000] });
    const from = second!.startMs - T0;
    const [again] = plan({ lengths: [200_000], covered: (atMs) => atMs < from });
    assert.deepEqual(again!.context, { ...second!.context, frames: again!.context.frames });
    assert.equal(again!.startMs, second!.startMs);
  });
});
