/**
 * Changes recordings before speech is searched for in them: other levels, rooms and noise. The changes are the same in every
 * run.
 */
import { RATE } from '../sound.ts';

const WINDOW = 512;

/** The level of the speech, whatever the pauses: the 95th percentile of the windows' RMS. 0 if there is no sound. */
export function speechLevel(pcm: Float32Array): number {
  const levels: number[] = [];
  for (let at = 0; at + WINDOW <= pcm.length; at += WINDOW) levels.push(rms(pcm.subarray(at, at + WINDOW)));
  return levels.toSorted((a, b) => a - b)[Math.floor(0.95 * levels.length)] ?? 0;
}

function rms(pcm: Float32Array): number {
  return Math.sqrt(pcm.reduce((sum, x) => sum + x * x, 0) / pcm.length);
}

/** Brings speech to a level, dBFS. Nothing is clipped. Samples are rounded to 16 bits, so a low level costs resolution. */
export function atLevel(pcm: Float32Array, decibels: number): Float32Array {
  const level = speechLevel(pcm);
  const gain = level === 0 ? 1 : 10 ** (decibels / 20) / level;
  return pcm.map((x) => Math.max(-1, Math.min(1, Math.round(x * gain * 32_768) / 32_768)));
}

/** Adds noise, repeated as often as needed. @param decibels the level of the speech over the RMS of the noise */
export function withNoise(pcm: Float32Array, noise: Float32Array, decibels: number): Float32Array {
  const gain = speechLevel(pcm) / rms(noise) / 10 ** (decibels / 20);
  return pcm.map((x, i) => x + gain * (noise[i % noise.length] ?? 0));
}

/**
 * The audio as a microphone across the room records it.
 * @param response the impulse response of the room; its loudest sample is the direct sound
 */
export function inRoom(pcm: Float32Array, response: Float32Array): Float32Array {
  const direct = response.reduce((best, x, i) => (Math.abs(x) > Math.abs(response[best] ?? 0) ? i : best), 0);
  const size = 2 ** Math.ceil(Math.log2(pcm.length + response.length));
  const a = spectrum(pcm, size);
  const b = spectrum(response, size);
  for (let i = 0; i < size; i++) {
    const [re, im] = [a.re[i] ?? 0, a.im[i] ?? 0];
    const [rRe, rIm] = [b.re[i] ?? 0, b.im[i] ?? 0];
    a.re[i] = re * rRe - im * rIm;
    a.im[i] = -(re * rIm + im * rRe); // conjugated, so that the transform of it is the inverse transform
  }
  transform(a.re, a.im);
  return Float32Array.from(pcm, (_, i) => (a.re[i + direct] ?? 0) / size);
}

function spectrum(pcm: Float32Array, size: number): { re: Float64Array; im: Float64Array } {
  const re = new Float64Array(size);
  re.set(pcm);
  const im = new Float64Array(size);
  transform(re, im);
  return { re, im };
}

/** The discrete Fourier transform in place (radix 2). */
function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  const swap = (list: Float64Array, i: number, j: number): void => {
    [list[i], list[j]] = [list[j] ?? 0, list[i] ?? 0];
  };
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(re, i, j);
      swap(im, i, j);
    }
  }
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const [x, y] = [re[j] ?? 0, im[j] ?? 0];
        const [tRe, tIm] = [x * cos - y * sin, x * sin + y * cos];
        re[j] = (re[i] ?? 0) - tRe;
        im[j] = (im[i] ?? 0) - tIm;
        re[i] = (re[i] ?? 0) + tRe;
        im[i] = (im[i] ?? 0) + tIm;
      }
    }
  }
}

/** Numbers in [-1, 1), the same in every run. */
export function random(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (2 * state) / 2 ** 32 - 1;
  };
}

/** The noise of rooms and devices, without speech. @param decibels RMS, dBFS */
export function steadyNoise(kind: 'white' | 'pink' | 'brown' | 'hum', seconds: number, decibels: number): Float32Array {
  const next = random(7);
  let [slow, slower, slowest] = [0, 0, 0];
  const shape = (i: number): number => {
    const white = next();
    if (kind === 'white') return white;
    if (kind === 'hum') return Math.sin((2 * Math.PI * 50 * i) / RATE) + 0.3 * Math.sin((2 * Math.PI * 150 * i) / RATE);
    if (kind === 'brown') return (slow = 0.995 * slow + white);
    slow = 0.99765 * slow + 0.099 * white;
    slower = 0.963 * slower + 0.2965 * white;
    slowest = 0.57 * slowest + 1.0527 * white;
    return slow + slower + slowest + 0.1848 * white; // P. Kellet's filter: -3 dB an octave
  };
  const pcm = Float32Array.from({ length: seconds * RATE }, (_, i) => shape(i));
  const gain = 10 ** (decibels / 20) / rms(pcm);
  return pcm.map((x) => x * gain);
}
