/** Listening: from a passage's frames to the probability of speech in each of its windows. */
import { pcmOf } from '../read/channels.ts';
import { judgeStretch } from './judge.ts';
import { windowLevels } from './level.ts';
import type { Passage } from './passages.ts';
import { stretchesToJudge } from './slices.ts';
import type { Vad } from './vad.ts';

export interface Heard {
  /** One for each of the passage's windows, 0 to 1. */
  readonly probabilities: Float32Array;
  /** How loud each of them is, RMS from 0 to 1. Absent where what listens does not measure it. */
  readonly levels?: Float32Array;
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
      const { skipSamples, warmupWindows, windows } = passage;
      const ownPcm = pcm.subarray(skipSamples);
      const levels = windowLevels(ownPcm).subarray(0, warmupWindows + windows);
      const probabilities = new Float32Array(windows);
      for (const stretch of stretchesToJudge(passage, levels)) {
        const judged = await judgeStretch(vad, stretch, warmupWindows, ownPcm, levels);
        // The alignment of every later word hangs on this.
        const start = Math.max(stretch.start - warmupWindows, 0);
        const end = stretch.end - warmupWindows;
        if (judged.length !== end - start) throw new Error(`${judged.length} windows were judged of ${end - start}.`);
        probabilities.set(judged, start);
      }
      return { probabilities, levels: levels.slice(warmupWindows), refused };
    },
  };
}

async function decode({ codec, lead, frames }: Passage): Promise<{ pcm: Float32Array; refused: number[] }> {
  const all = [...lead, ...frames];
  if (codec === 's16') return { pcm: pcmOf(all, 'mixed')[0] ?? new Float32Array(0), refused: [] };
  // Loaded when first needed: an instance that sees no Opus never compiles libopus.
  const { decodeOpus } = await import('../read/opusDecoder.ts');
  const { pcm, refused } = await decodeOpus(all);
  return { pcm, refused: refused.flatMap((index) => (index < lead.length ? [] : index - lead.length)) };
}
