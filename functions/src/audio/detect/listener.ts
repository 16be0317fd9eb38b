/** Decodes the frames of a passage, and gives the probability of speech in each of its windows. */
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

/** What detection found in a passage. */
export interface Detection {
  /** One probability for each window of the passage, 0 to 1. */
  readonly probabilities: Float32Array;
  /** The loudness of each window, RMS from 0 to 1. Missing if the listener does not measure it. */
  readonly levels?: Float32Array;
  /** The indices, in the passage's `frames`, of frames that the decoder refused although their headers are valid. */
  readonly refused: readonly number[];
}

export interface Listener {
  /** How many passages it works on at a time. Giving it more than twice as many at once gains nothing. */
  readonly parallel: number;
  /**
   * Decodes one passage and searches it for speech. The result depends on the passage alone.
   * @throws the signal's reason once it is aborted; errors of threads and libraries, which say nothing about the recording
   */
  listen(passage: Passage, signal?: AbortSignal): Promise<Detection>;
}

/** The mean square above which a channel is judged by itself: -80 dBFS, the mean of one word in a minute of silence. */
const WORTH_JUDGING = 1e-8;

/** A listener on the calling thread. */
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
      // Speech in one channel may be masked by the others in the mix.
      const sounds = soundsAmong(own, WORTH_JUDGING);
      const judgedSounds =
        sounds.length > 1 ? sounds.map((pcm) => ({ pcm, levels: levelsOf(pcm) })) : [{ pcm: mix, levels }];
      const probabilities = new Float32Array(windows);
      for (const sound of judgedSounds) {
        const judged = await judge(vad, passage, sound.pcm, sound.levels);
        for (const [i, probability] of judged.entries())
          probabilities[i] = Math.max(probabilities[i] ?? 0, probability);
      }
      return { probabilities, levels: levels.slice(warmupWindows), refused };
    },
  };
}

/**
 * The probability of speech in each window of a passage.
 * @param pcm one sound of the passage, from its first window on
 * @param levels the RMS of each of its windows
 */
async function judge(vad: Vad, passage: Passage, pcm: Float32Array, levels: Float32Array): Promise<Float32Array> {
  const { warmupWindows, windows } = passage;
  const probabilities = new Float32Array(windows);
  for (const stretch of stretchesToJudge(passage, levels)) {
    const judged = await judgeStretch(vad, stretch, warmupWindows, pcm, levels);
    // With another number of windows, every later word would be placed at a wrong time.
    const start = Math.max(stretch.start - warmupWindows, 0);
    const end = stretch.end - warmupWindows;
    if (judged.length !== end - start) throw new Error(`${judged.length} windows were judged of ${end - start}.`);
    probabilities.set(judged, start);
  }
  return probabilities;
}

/** A function that decodes passages one after the other. It reuses its instances of libopus. */
function passageDecoder(): (passage: Passage) => Promise<{ planes: Planes; refused: number[] }> {
  let instances: OpusInstances | undefined;
  return async ({ codec, lead, frames }) => {
    const all = [...lead, ...frames];
    if (codec === 's16') return { planes: pcmOf(all, 'separate'), refused: [] };
    // libopus is loaded when it is first needed: a thread without Opus never compiles it.
    const [{ decodeOpusChannels }, { OpusInstances }] = await Promise.all([
      import('../read/opusDecoder.ts'),
      import('../read/opusInstances.ts'),
    ]);
    instances ??= new OpusInstances();
    const { planes, refused } = await decodeOpusChannels(all, 'separate', instances);
    return { planes, refused: refused.flatMap((index) => (index < lead.length ? [] : index - lead.length)) };
  };
}
