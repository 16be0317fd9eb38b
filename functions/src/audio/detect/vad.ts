/** Voice detection: Silero VAD on onnxruntime. One call judges many windows (`functions/models/README.md` explains how). */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { modelFile } from '../../modelFiles.ts';
import { SAMPLE_RATE } from '../read/pcm.ts';

/** Samples of one window. Silero v5 and v6 accept no other size at 16 kHz. */
export const WINDOW_SAMPLES = 512;

/** Samples before the window that the model also gets: `context_size` of Silero's reference wrapper at 16 kHz. */
const CONTEXT_SAMPLES = 64;

/** Samples from one frame of a window's spectrum to the next: half of a frame. */
const FRAME_STEP = 128;

/** Floats of each half of the recurrent state: the h and c of the LSTM. */
const STATE_FLOATS = 128;

/**
 * How many slices one call judges side by side. Each step then reads the weights of the LSTM once for all of them. More lanes
 * are not faster.
 */
const LANES = 4;

/** Windows of one call: four seconds. More windows are not faster, and do not fit the processor's cache. */
const WINDOWS_A_CALL = Math.round((4 * SAMPLE_RATE) / WINDOW_SAMPLES);

const DEFAULT_MODEL = modelFile('silero_vad_v6_sequence.onnx');

/**
 * A stretch of 16 kHz mono PCM that is judged by itself: the model starts with zero state and zero context at its first sample.
 */
export interface VadSlice {
  readonly pcm: Float32Array;
  /** Leading samples that only warm the model up; their probabilities are dropped. A multiple of {@link WINDOW_SAMPLES}. */
  readonly warmupSamples: number;
  /** The factor by which the samples are multiplied; 1 if it is missing. */
  readonly gain?: number;
}

export interface Vad {
  /**
   * The probability, 0 to 1, that each window after the warm-up contains speech: one array for each slice, in the given order.
   * A partial last window is judged as if zeros followed. The result does not depend on which slices are judged together.
   * @throws RangeError if a warm-up is not a number of whole windows, or is longer than its slice
   */
  probabilities(slices: readonly VadSlice[]): Promise<Float32Array[]>;
}

/** Loads the model. onnxruntime's native library is loaded here and not at import, so that importing this file is cheap. */
export async function loadSileroVad(options: { modelPath?: string } = {}): Promise<Vad> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  // One thread: the work is divided over as many sessions as there are processors, so no thread waits for another.
  const session = await InferenceSession.create(options.modelPath ?? DEFAULT_MODEL, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  return {
    async probabilities(slices) {
      for (const slice of slices) checkWarmup(slice);
      const results: Float32Array[] = [];
      for (let i = 0; i < slices.length; i += LANES) {
        results.push(...(await judge(slices.slice(i, i + LANES), session, Tensor)));
      }
      return results;
    },
  };
}

function checkWarmup({ pcm, warmupSamples }: VadSlice): void {
  if (warmupSamples % WINDOW_SAMPLES !== 0 || warmupSamples < 0 || warmupSamples > pcm.length) {
    throw new RangeError(`A warm-up of ${warmupSamples} samples does not fit a slice of ${pcm.length}.`);
  }
}

async function judge(
  slices: readonly VadSlice[],
  session: InferenceSession,
  TensorClass: typeof Tensor,
): Promise<Float32Array[]> {
  const lanes = slices.length;
  const windows = Math.max(...slices.map(windowsOf));
  const stepsACall = Math.floor(WINDOWS_A_CALL / lanes);
  const probabilities = slices.map(() => new Float32Array(windows));
  const halves = new FrameHalves();
  const gains = Float32Array.from({ length: WINDOWS_A_CALL }, (_, i) => slices[i % lanes]?.gain ?? 1);
  const floats = (values: Float32Array, ...dims: readonly number[]): Tensor =>
    new TensorClass(
      'float32',
      values.subarray(
        0,
        dims.reduce((product, dim) => product * dim),
      ),
      dims,
    );
  let h = floats(new Float32Array(lanes * STATE_FLOATS), 1, lanes, STATE_FLOATS);
  let c = h;
  for (let first = 0; first < windows; first += stepsACall) {
    const steps = Math.min(stepsACall, windows - first);
    for (let step = 0; step < steps; step++) {
      for (const [lane, { pcm }] of slices.entries()) halves.set(step * lanes + lane, pcm, first + step);
    }
    const count = steps * lanes;
    const result = (await session.run({
      before: floats(halves.before, count, WINDOW_SAMPLES),
      behind: floats(halves.behind, count, WINDOW_SAMPLES),
      gains: floats(gains, count, 1),
      h,
      c,
    })) as Record<'probabilities' | 'h_next' | 'c_next', Tensor>;
    const judged = result.probabilities.data as Float32Array;
    for (const [lane, own] of probabilities.entries()) {
      for (let step = 0; step < steps; step++) own[first + step] = judged[step * lanes + lane] ?? 0;
    }
    h = result.h_next;
    c = result.c_next;
  }
  return slices.map((slice, lane) =>
    (probabilities[lane] ?? new Float32Array(0)).subarray(slice.warmupSamples / WINDOW_SAMPLES, windowsOf(slice)),
  );
}

function windowsOf({ pcm }: VadSlice): number {
  return Math.ceil(pcm.length / WINDOW_SAMPLES);
}

/**
 * Windows in the form that the model takes. The spectrum of a window is computed over four frames. `before` contains the first
 * halves of the frames. `behind` contains the samples that mirror them about the middle of each frame, in reverse order of
 * frames. The last frame extends beyond the end of the window, into its reflection.
 */
class FrameHalves {
  readonly before = new Float32Array(WINDOWS_A_CALL * WINDOW_SAMPLES);
  readonly behind = new Float32Array(WINDOWS_A_CALL * WINDOW_SAMPLES);
  readonly #samples = new Float32Array(CONTEXT_SAMPLES + WINDOW_SAMPLES);
  readonly #before = this.#samples.subarray(1, 1 + WINDOW_SAMPLES);
  readonly #behind = this.#samples.subarray(FRAME_STEP);
  readonly #reflected = this.#samples.subarray(WINDOW_SAMPLES - 1, -1);

  /** Writes a window of `pcm` at `index`. Samples before or behind `pcm` are zeros. */
  set(index: number, pcm: Float32Array, window: number): void {
    const start = window * WINDOW_SAMPLES - CONTEXT_SAMPLES;
    const given = pcm.subarray(Math.max(0, start), Math.max(0, start + this.#samples.length));
    if (given.length < this.#samples.length) this.#samples.fill(0);
    this.#samples.set(given, Math.max(0, -start));
    const at = index * WINDOW_SAMPLES;
    this.before.set(this.#before, at);
    this.behind.set(this.#reflected, at);
    const behind = this.behind.subarray(at + CONTEXT_SAMPLES, at + WINDOW_SAMPLES);
    behind.set(this.#behind);
    behind.reverse();
  }
}
