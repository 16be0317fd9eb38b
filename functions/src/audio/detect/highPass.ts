/**
 * Takes out what lies below voices: an offset, hum, wind, engines. They may be far louder than speech that is easy to hear, and would decide how
 * loud a slice is, what stands out of it, and what the model notices. Only what is searched for speech loses them, not what is sent.
 */
import { SAMPLE_RATE } from '../read/pcm.ts';

/** Low voices have their first harmonic here; the model hears them by those above. */
const CUTOFF_HZ = 120;

/** Samples of a block, 1 ms. What is low is found in the means of blocks: a filter over all samples costs five times as much. */
const BLOCK = 16;

/** A low-pass of the second order (Butterworth, by the bilinear transform), once forward and once back, so that nothing is delayed. */
const { GAIN, A1, A2 } = (() => {
  const k = Math.tan((Math.PI * CUTOFF_HZ * BLOCK) / SAMPLE_RATE);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  return { GAIN: k * k * norm, A1: 2 * (k * k - 1) * norm, A2: (1 - Math.SQRT2 * k + k * k) * norm };
})();

/** @returns as many samples: 30 dB less at 50 Hz, 24 dB at 60 Hz, and 1 dB at 200 Hz */
export function highPassed(pcm: Float32Array): Float32Array {
  const low = blockMeans(pcm);
  smooth(low);
  smooth(low.reverse());
  low.reverse();
  const filtered = new Float32Array(pcm.length);
  // From the middle of each block to that of the next.
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

/** In place, as if the first value had lasted for ever before it. */
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
