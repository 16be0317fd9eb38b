/**
 * The probability of speech in the windows of a stretch. Slices are judged one by one, each at a suitable level, and again if
 * in doubt.
 */
import { DOUBTFUL_WINDOWS, gainFor, gainInNoise, standsOut } from './level.ts';
import { REGION_DEFAULTS, RegionDetector } from './regions.ts';
import { sliceStretch } from './slices.ts';
import type { Slice, Stretch } from './slices.ts';
import { WINDOW_SAMPLES } from './vad.ts';
import type { Vad, VadSlice } from './vad.ts';

/**
 * Judges the windows of a stretch from `firstWindow` on. Earlier windows only warm the model up.
 *
 * "Silent" needs proof, because silent audio is deleted. So audio that stands out of the background is treated as speech in two
 * cases of doubt. First, if the model found no speech in such a slice, the slice is judged again by itself, from a fresh start
 * and at its own level: the model misses speech after other sound, because it remembers that sound, and because its level
 * decided the gain. Second, if the model is unsure about such a window, the window counts as speech. In a slice that is loud
 * throughout, nothing can stand out. It is judged again at the level of speech, and only windows of which the model is sure
 * count, because noise and music are loud throughout, too.
 * @param firstWindow the first window of the passage behind its warm-up
 * @param pcm the samples of the passage, from its first window on, at 16 kHz
 * @param levels the RMS of each window of the passage, 0 to 1
 * @returns one probability for each judged window, 0 to 1
 */
export async function judgeStretch(
  vad: Vad,
  stretch: Stretch,
  firstWindow: number,
  pcm: Float32Array,
  levels: Float32Array,
): Promise<Float32Array> {
  const levelsOf = ({ from, end }: Slice): Float32Array => levels.subarray(from, end);
  const toVadSlice = (slice: Slice): VadSlice => ({
    pcm: pcm.subarray(slice.from * WINDOW_SAMPLES, slice.end * WINDOW_SAMPLES),
    warmupSamples: (slice.start - slice.from) * WINDOW_SAMPLES,
    gain: gainFor(levelsOf(slice)),
  });

  const slices = sliceStretch(stretch, firstWindow);
  const judged = await vad.probabilities(slices.map(toVadSlice));
  const outstanding = slices.map((slice) => standsOut(levelsOf(slice)).subarray(slice.start - slice.from));

  const inRegion = windowsInRegions(joined(judged));
  const start = slices[0]?.start ?? 0;
  const doubtful = slices.filter((slice, i) => {
    const missed = outstanding[i]?.filter((stands, window) => stands && !inRegion[slice.start - start + window]);
    return (missed?.length ?? 0) >= DOUBTFUL_WINDOWS;
  });
  const fromFreshStart = (slice: Slice): VadSlice => toVadSlice({ ...slice, from: slice.start });
  const freshResults = await vad.probabilities(doubtful.map(fromFreshStart));
  const turnedDown = slices.flatMap((slice) => {
    const gain = gainInNoise(levelsOf(slice));
    return gain === null ? [] : { slice, judge: { ...fromFreshStart(slice), gain } };
  });
  const quieterResults = (await vad.probabilities(turnedDown.map(({ judge }) => judge))).map(onlySure);

  return joined(
    slices.map((slice, i) => {
      const fresh = freshResults[doubtful.indexOf(slice)];
      const quieter = quieterResults[turnedDown.findIndex((each) => each.slice === slice)];
      return judged[i]?.map((probability, window) => {
        const best = Math.max(probability, fresh?.[window] ?? 0, quieter?.[window] ?? 0);
        return outstanding[i]?.[window] ? speechIfInDoubt(best) : best;
      });
    }),
  );
}

/** Silero's default threshold. It applies at the level on which the model was trained. */
const SURE = 0.5;

/**
 * The probabilities of which the model is sure, and 0 for the others. If so few are sure that they may be a click, all are 0.
 */
function onlySure(probabilities: Float32Array): Float32Array {
  const sure = probabilities.map((probability) => (probability >= SURE ? probability : 0));
  return sure.filter((probability) => probability > 0).length >= DOUBTFUL_WINDOWS ? sure : sure.fill(0);
}

function speechIfInDoubt(probability: number): number {
  const { threshold, releaseThreshold } = REGION_DEFAULTS;
  return probability >= releaseThreshold ? Math.max(probability, threshold) : probability;
}

/** 1 for each window that lies in a region of speech, padding included; 0 for the others. */
function windowsInRegions(probabilities: Float32Array): Uint8Array {
  const detector = new RegionDetector();
  const inRegion = new Uint8Array(probabilities.length);
  const samples = probabilities.length * WINDOW_SAMPLES;
  for (const { start, end } of [...detector.push(probabilities), ...detector.end(samples)]) {
    inRegion.fill(1, Math.floor(start / WINDOW_SAMPLES), Math.ceil(end / WINDOW_SAMPLES));
  }
  return inRegion;
}

function joined(parts: readonly (Float32Array | undefined)[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    all.set(part ?? [], at);
    at += part?.length ?? 0;
  }
  return all;
}
