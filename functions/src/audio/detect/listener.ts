/** Listening: from a passage's frames to the probability of speech in each of its windows. */
import { MEMORY_WINDOWS, WARMUP_WINDOWS } from './passages.ts';
import type { Passage } from './passages.ts';
import type { SourceFrame } from '../read/pcm.ts';
import { s16leToFloat } from '../read/s16.ts';
import type { Vad, VadSlice } from './vad.ts';
import { WINDOW_SAMPLES } from './vad.ts';

export interface Heard {
  /** One for each of the passage's windows, 0 to 1. */
  readonly probabilities: Float32Array;
  /** Indices in the passage's `frames` of those that the decoder refused, though from outside they look whole. */
  readonly refused: readonly number[];
}

export interface Listener {
  /** Passages that it listens to at a time; more than twice as many need not be given to it at once. */
  readonly parallel: number;
  /**
   * What is heard depends on the passage alone.
   * @throws the signal's reason once it is aborted; whatever went wrong: it says nothing about the recording.
   */
  listen(passage: Passage, signal?: AbortSignal): Promise<Heard>;
}

/** Listens on this thread. */
export function listenWith(vad: Vad): Listener {
  return {
    parallel: 1,
    async listen(passage, signal) {
      signal?.throwIfAborted();
      const { pcm, refused } = await decode(passage);
      const parts = await vad.probabilities(slicesOf(passage, pcm.subarray(passage.skipSamples)));
      // The alignment of every later word hangs on this.
      const judged = parts.reduce((sum, part) => sum + part.length, 0);
      if (judged !== passage.windows) throw new Error(`${judged} windows were judged of ${passage.windows}.`);
      return { probabilities: joined(parts, judged), refused };
    },
  };
}

/** Cuts a passage to the memory of the model. @param pcm from its warm-up on. */
function slicesOf({ warmupWindows, windows }: Passage, pcm: Float32Array): VadSlice[] {
  const slices: VadSlice[] = [];
  for (let first = 0; first < windows; first += MEMORY_WINDOWS) {
    const start = warmupWindows + first;
    const from = Math.max(0, start - WARMUP_WINDOWS);
    const to = warmupWindows + Math.min(first + MEMORY_WINDOWS, windows);
    slices.push({
      pcm: pcm.subarray(from * WINDOW_SAMPLES, to * WINDOW_SAMPLES),
      warmupSamples: (start - from) * WINDOW_SAMPLES,
    });
  }
  return slices;
}

function joined(parts: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function decode({ codec, lead, frames }: Passage): Promise<{ pcm: Float32Array; refused: number[] }> {
  const all = [...lead, ...frames];
  if (codec === 's16') return { pcm: decodeS16(all), refused: [] };
  // Loaded when first needed: an instance that sees no Opus never compiles libopus.
  const { decodeOpus } = await import('../read/opusDecoder.ts');
  const { pcm, refused } = await decodeOpus(all);
  return { pcm, refused: refused.flatMap((index) => (index < lead.length ? [] : index - lead.length)) };
}

function decodeS16(frames: readonly SourceFrame[]): Float32Array {
  const pcm = new Float32Array(frames.reduce((sum, { samples }) => sum + samples, 0));
  let at = 0;
  for (const { payload, samples } of frames) {
    if (payload !== null) s16leToFloat(payload, pcm.subarray(at, at + samples));
    at += samples;
  }
  return pcm;
}
