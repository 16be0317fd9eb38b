/**
 * Removes what lies below voices: an offset, hum, wind, engines. They may be far louder than speech that is easy to understand.
 * They would then decide how loud a slice is and what stands out of it, and the model would miss the speech. The filter applies
 * only to the audio in which speech is searched for, not to the audio that is sent.
 */
import { SAMPLE_RATE } from '../read/pcm.ts';

/** The cut-off. The fundamental of low voices lies here; the model detects them by the harmonics above it. */
const CUTOFF_HZ = 120;

/**
 * Samples of a block: 1 ms. Low frequencies are found in the means of blocks, because a filter over all samples takes five
 * times as long.
 */
const BLOCK = 16;

/**
 * The coefficients of a second-order Butterworth low-pass, by the bilinear transform. It runs forward and backward, so that it
 * delays nothing.
 */
const { GAIN, A1, A2 } = (() => {
  const k = Math.tan((Math.PI * CUTOFF_HZ * BLOCK) / SAMPLE_RATE);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  return { GAIN: k * k * norm, A1: 2 * (k * k - 1) * norm, A2: (1 - Math.SQRT2 * k + k * k) * norm };
})();

/** @param pcm samples at 16 kHz. @returns as many samples: 30 dB less at 50 Hz, 24 dB less at 60 Hz, 1 dB less at 200 Hz */
export function highPassed(pcm: Float32Array): Float32Array {
  const low = blockMeans(pcm);
  smooth(low);
  smooth(low.reverse());
  low.reverse();
  const filtered = new Float32Array(pcm.length);
  // The low part is interpolated from the middle of each block to the middle of the next.
  for (let block = -1, i = 0; block < low.length; block++) {
    const from = low[Math.max(0, block)] ?? 0;
    const slope = ((low[Math.min(low.length - 1, block + 1)] ?? 0) - from) / BLOCK;
    const end = Math.min(block * BLOCK + BLOCK * 1.5, pcm.length);
    for (let level = from + slope / 2; i < end; i++) {
      filtered[i] = (pcm[i] ?? 0) - level;
      level += slope;
    }
  }
  return filtered;
}

function blockMeans(pcm: Float32Array): Float32Array {
  const means = new Float32Array(Math.ceil(pcm.length / BLOCK));
  for (let block = 0; block < means.length; block++) {
    const start = block * BLOCK;
    const end = Math.min(start + BLOCK, pcm.length);
    let sum = 0;
    for (let i = start; i < end; i++) sum += pcm[i] ?? 0;
    means[block] = sum / (end - start);
  }
  return means;
}

/** Filters the values in place, as if the first value had been constant before them. */
function smooth(values: Float32Array): void {
  let x1 = values[0] ?? 0;
  let [x2, y1, y2] = [x1, x1, x1];
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? 0;
    const y = GAIN * (x + 2 * x1 + x2) - A1 * y1 - A2 * y2;
    values[i] = y;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
  }
}
