import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SpeechChunker } from '../../../../src/audio/chunk/chunks.ts';
import type { ChunkerOptions, PlannedChunk } from '../../../../src/audio/chunk/chunks.ts';
import type { RecordingRef } from '../../../../src/audio/chunk/frameWindow.ts';
import type { SourceFrame } from '../../../../src/audio/read/pcm.ts';
import { RegionDetector } from '../../../../src/audio/detect/regions.ts';
import { WINDOW_SAMPLES } from '../../../../src/audio/detect/vad.ts';

interface Run {
  readonly recordings: readonly (RecordingRef & { readonly frames: readonly SourceFrame[] })[];
  readonly probabilities: Float32Array;
}

/**
 * Some recordings with frames of any size up to 120 ms. Some frames are lost, and there are small gaps and overlaps between
 * recordings.
 */
const recordings = fc
  .array(
    fc.record({
      gapMs: fc.integer({ min: -300, max: 2000 }),
      frames: fc.array(
        fc.record({
          samples: fc.constantFrom(160, 160, 160, 320, 77, 1920),
          count: fc.nat(120),
          lost: fc.constantFrom(false, false, false, false, true),
        }),
        { maxLength: 8 },
      ),
    }),
    { maxLength: 4 },
  )
  .map((list) => {
    let startedAtMs = 1_760_000_000_000;
    return list.map(({ gapMs, frames }, i) => {
      const all = frames.flatMap(({ samples, count, lost }) =>
        Array.from({ length: lost ? count % 3 : count }, (): SourceFrame => {
          return { payload: lost ? null : new Uint8Array(1), samples };
        }),
      );
      startedAtMs += gapMs;
      const recording = { fileName: `r${i}`, startedAtMs, frames: all };
      startedAtMs += totalOf(all) / 16;
      return recording;
    });
  });

const runs: fc.Arbitrary<Run> = fc
  .tuple(
    recordings,
    fc.array(fc.tuple(fc.constantFrom(0, 0, 0.3, 0.9), fc.integer({ min: 1, max: 60 })), { minLength: 1 }),
  )
  .map(([list, stretches]) => {
    const pattern = stretches.flatMap(([p, count]) => Array<number>(count).fill(p));
    const windows = Math.ceil(list.reduce((sum, { frames }) => sum + totalOf(frames), 0) / WINDOW_SAMPLES);
    const probabilities = Float32Array.from({ length: windows }, (_, i) => pattern[i % pattern.length]!);
    return { recordings: list, probabilities };
  });

const options: fc.Arbitrary<ChunkerOptions> = fc.record({
  conversationGapMs: fc.integer({ min: 500, max: 5000 }),
  maxChunkMs: fc.constantFrom(2000, 5000, 600_000),
  preRollMs: fc.constantFrom(0, 80),
});

function totalOf(frames: readonly SourceFrame[]): number {
  return frames.reduce((sum, { samples }) => sum + samples, 0);
}

function plan(run: Run, opts: ChunkerOptions): { chunks: PlannedChunk[]; chunker: SpeechChunker } {
  const chunker = new SpeechChunker(opts);
  for (const { frames, ...ref } of run.recordings) {
    chunker.startRecording(ref);
    chunker.addFrames(frames);
  }
  return { chunks: [...chunker.addProbabilities(run.probabilities), ...chunker.end()], chunker };
}

/** Plans the same run, with frames in pieces of changing size and their probabilities close behind them. */
function planInPieces(run: Run, opts: ChunkerOptions, sizes: readonly number[]): PlannedChunk[] {
  const chunker = new SpeechChunker(opts);
  const chunks: PlannedChunk[] = [];
  let turn = 0;
  let samples = 0;
  let window = 0;
  for (const { frames, ...ref } of run.recordings) {
    chunker.startRecording(ref);
    for (let at = 0; at < frames.length;) {
      const piece = frames.slice(at, (at += sizes[turn++ % sizes.length]!));
      chunker.addFrames(piece);
      samples += totalOf(piece);
      const judged = Math.min(Math.floor(samples / WINDOW_SAMPLES), window + sizes[turn++ % sizes.length]!);
      chunks.push(...chunker.addProbabilities(run.probabilities.subarray(window, judged)));
      window = judged;
    }
  }
  return [...chunks, ...chunker.addProbabilities(run.probabilities.subarray(window)), ...chunker.end()];
}

describe('Speech chunks of any run', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 7 });

  it('are the same however the input is divided into calls', () => {
    fc.assert(
      fc.property(runs, options, sizes, (run, opts, pieces) => {
        assert.deepEqual(planInPieces(run, opts, pieces), plan(run, opts).chunks);
      }),
    );
  });

  it('contain every frame with audio of a region exactly once, and no others unless speech had to be cut', () => {
    fc.assert(
      fc.property(runs, options, (run, opts) => {
        const { chunks } = plan(run, opts);
        const sent = chunks.flatMap(({ spans }) => spans.flatMap(ordinals));
        const unique = new Set(sent);
        assert.equal(unique.size, sent.length);
        const wanted = framesOfRegions(run);
        if (opts.maxChunkMs > 100_000) assert.deepEqual(sent, wanted);
        else
          assert.deepEqual(
            wanted.filter((key) => !unique.has(key)),
            [],
          );
      }),
    );
  });

  it('have spans that match their frames, times exact to the sample, and sums that add up', () => {
    fc.assert(
      fc.property(runs, options, (run, opts) => {
        const { chunks, chunker } = plan(run, opts);
        const speech = new Map<string, number>();
        for (const chunk of chunks) {
          let at = 0;
          const frames: SourceFrame[] = [];
          for (const span of chunk.spans) {
            const { startedAtMs, frames: all } = run.recordings.find((r) => r.fileName === span.fileName)!;
            const own = all.slice(span.firstFrame, span.endFrame);
            assert.ok(own.length > 0);
            assert.equal(span.startMs, startedAtMs + totalOf(all.slice(0, span.firstFrame)) / 16);
            assert.equal(span.durationMs, totalOf(own) / 16);
            assert.equal(span.chunkStartMs, at / 16);
            at += totalOf(own);
            frames.push(...own);
            speech.set(span.fileName, (speech.get(span.fileName) ?? 0) + totalOf(own));
          }
          assert.deepEqual(chunk.frames, frames);
          assert.ok(chunk.frames.every((frame: SourceFrame) => frame.payload !== null));
          assert.equal(chunk.durationMs, at / 16);
          assert.ok(chunk.durationMs <= opts.maxChunkMs);
          assert.equal(chunk.startMs, chunk.spans[0]?.startMs);
          assert.equal(chunk.endMs, chunk.spans.at(-1)!.startMs + chunk.spans.at(-1)!.durationMs);
        }
        const expected = run.recordings.map(({ fileName, frames }) => ({
          fileName,
          totalSamples: totalOf(frames),
          speechSamples: speech.get(fileName) ?? 0,
          lostSamples: totalOf(frames.filter(({ payload }) => !payload)),
        }));
        assert.deepEqual(chunker.ledger(), expected);
      }),
    );
  });

  it('are separate only if the gap or the length requires it', () => {
    fc.assert(
      fc.property(runs, options, (run, opts) => {
        const { chunks } = plan(run, opts);
        for (const [i, next] of chunks.slice(1).entries()) {
          const before = chunks[i]!;
          const together = before.durationMs + next.durationMs;
          assert.ok(next.startMs - before.endMs >= opts.conversationGapMs || together > opts.maxChunkMs / 2);
        }
      }),
    );
  });
});

function ordinals({
  fileName,
  firstFrame,
  endFrame,
}: {
  fileName: string;
  firstFrame: number;
  endFrame: number;
}): string[] {
  return Array.from({ length: endFrame - firstFrame }, (_, i) => `${fileName}/${firstFrame + i}`);
}

/** Every frame with audio that overlaps a region, found by checking each. */
function framesOfRegions(run: Run): string[] {
  const detector = new RegionDetector();
  const total = run.recordings.reduce((sum, { frames }) => sum + totalOf(frames), 0);
  const regions = [...detector.push(run.probabilities), ...detector.end(total)];
  const wanted: string[] = [];
  let start = 0;
  for (const { fileName, frames } of run.recordings) {
    for (const [ordinal, { payload, samples }] of frames.entries()) {
      const end = start + samples;
      if (payload && regions.some((region) => region.start < end && region.end > start))
        wanted.push(`${fileName}/${ordinal}`);
      start = end;
    }
  }
  return wanted;
}
