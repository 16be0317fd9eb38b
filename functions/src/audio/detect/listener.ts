/** Listening: from a passage's frames to the probability of speech in each of its windows. */
import { pcmOf, soundsAmong } from '../read/channels.ts';
import type { Planes } from '../read/channels.ts';
import { MixDown } from '../read/mixDown.ts';
import { SAMPLE_RATE } from '../read/pcm.ts';
import type { OpusInstances } from '../read/opusInstances.ts';
import { highPassed } from './highPass.ts';
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

/** Mean square from which on a channel is listened to by itself: -80 dBFS, a word in a minute of silence. */
const WORTH_HEARING = 1e-8;

/** Listens on this thread. */
export function listenWith(vad: Vad): Listener {
  const decode = passageDecoder();
  return {
    parallel: 1,
    async listen(passage, signal) {
      signal?.throwIfAborted();
      const { planes, refused } = await decode(passage);
      const { skipSamples, warmupWindows, windows } = passage;
      const own = planes.map((plane) => highPassed(plane.subarray(skipSamples)));
      const [mix = new Float32Array(0)] = own.length > 1 ? [new MixDown(own.length, SAMPLE_RATE).push(own)] : own;
      const levelsOf = (pcm: Float32Array) => windowLevels(pcm).subarray(0, warmupWindows + windows);
      const levels = levelsOf(mix);
      // What is said in one channel may drown in the others.
      const sounds = soundsAmong(own, WORTH_HEARING);
      const heard = sounds.length > 1 ? sounds.map((pcm) => ({ pcm, levels: levelsOf(pcm) })) : [{ pcm: mix, levels }];
      const probabilities = new Float32Array(windows);
      for (const sound of heard) {
        const judged = await judge(vad, passage, sound.pcm, sound.levels);
        for (const [i, probability] of judged.entries())
          probabilities[i] = Math.max(probabilities[i] ?? 0, probability);
      }
      return { probabilities, levels: levels.slice(warmupWindows), refused };
    },
  };
}

/** The probability of speech in each window of a passage. @param pcm from its first window on. @param levels of its windows. */
async function judge(vad: Vad, passage: Passage, pcm: Float32Array, levels: Float32Array): Promise<Float32Array> {
  const { warmupWindows, windows } = passage;
  const probabilities = new Float32Array(windows);
  for (const stretch of stretchesToJudge(passage, levels)) {
    const judged = await judgeStretch(vad, stretch, warmupWindows, pcm, levels);
    // The alignment of every later word hangs on this.
    const start = Math.max(stretch.start - warmupWindows, 0);
    const end = stretch.end - warmupWindows;
    if (judged.length !== end - start) throw new Error(`${judged.length} windows were judged of ${end - start}.`);
    probabilities.set(judged, start);
  }
  return probabilities;
}

/** Decodes one passage after the other, Opus in instances of libopus that are used again. */
function passageDecoder(): (passage: Passage) => Promise<{ planes: Planes; refused: number[] }> {
  let instances: OpusInstances | undefined;
  return async ({ codec, lead, frames }) => {
    const all = [...lead, ...frames];
    if (codec === 's16') return { planes: pcmOf(all, 'separate'), refused: [] };
    // Loaded when first needed: a thread that sees no Opus never compiles libopus.
    const [{ decodeOpusChannels }, { OpusInstances }] = await Promise.all([
      import('../read/opusDecoder.ts'),
      import('../read/opusInstances.ts'),
    ]);
    instances ??= new OpusInstances();
    const { planes, refused } = await decodeOpusChannels(all, 'separate', instances);
    return { planes, refused: refused.flatMap((index) => (index < lead.length ? [] : index - lead.length)) };
  };
}
