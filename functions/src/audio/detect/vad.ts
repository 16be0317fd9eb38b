/**
 * Voice activity: Silero VAD on onnxruntime, one call for many windows (`models/README.md` says how).
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { modelFile } from '../../modelFiles.ts';
import { SAMPLE_RATE } from '../read/pcm.ts';

/** Samples of one window: the only size that Silero v5 and v6 take at 16 kHz. */
export const WINDOW_SAMPLES = 512;

/** Samples before its window that the model is given too: `context_size` of Silero's reference wrapper at 16 kHz. */
const CONTEXT_SAMPLES = 64;
const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;

/** Floats of each half of the recurrent state, the LSTM's h and c. */
const STATE_FLOATS = 128;

/** Windows of one call, four seconds: more gain nothing, and leave the processor's cache. */
const WINDOWS_A_CALL = Math.round((4 * SAMPLE_RATE) / WINDOW_SAMPLES);

const DEFAULT_MODEL = modelFile('silero_vad_v6_sequence.onnx');

/** A stretch of 16 kHz mono PCM judged on its own: the model starts from zero state and zero context at its first sample. */
export interface VadSlice {
  readonly pcm: Float32Array;
  /** Leading samples, whole windows of {@link WINDOW_SAMPLES}, that only settle the model: their probabilities are discarded. */
  readonly warmupSamples: number;
  /** What the samples are multiplied by; 1 where none is given. */
  readonly gain?: number;
}

export interface Vad {
  /**
   * The probability, 0 to 1, that each window after the warm-up holds speech: one array a slice, in the order given. A
   * partial last window counts as if zeros followed. Results do not depend on which slices are judged together.
   * @throws RangeError when a warm-up is not whole windows or longer than its slice.
   */
  probabilities(slices: readonly VadSlice[]): Promise<Float32Array[]>;
}

/** Loads the model. onnxruntime's native library comes in only here, so that importing this file stays cheap. */
export async function loadSileroVad(options: { modelPath?: string } = {}): Promise<Vad> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  // One thread: the work is cut up for as many sessions as there are processors, which costs no thread a wait.
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
      for (const slice of slices) results.push(await judge(slice, session, Tensor));
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
  { pcm, warmupSamples, gain = 1 }: VadSlice,
  session: InferenceSession,
  TensorClass: typeof Tensor,
): Promise<Float32Array> {
  const windows = Math.ceil(pcm.length / WINDOW_SAMPLES);
  const probabilities = new Float32Array(windows);
  const input = new Float32Array(Math.min(windows, WINDOWS_A_CALL) * INPUT_SAMPLES);
  let h: Tensor = new TensorClass('float32', new Float32Array(STATE_FLOATS), [1, 1, STATE_FLOATS]);
  let c: Tensor = new TensorClass('float32', new Float32Array(STATE_FLOATS), [1, 1, STATE_FLOATS]);
  for (let first = 0; first < windows; first += WINDOWS_A_CALL) {
    const count = Math.min(WINDOWS_A_CALL, windows - first);
    for (let i = 0; i < count; i++) copyWindow(pcm, first + i, gain, input, i * INPUT_SAMPLES);
    const given = new TensorClass('float32', input.subarray(0, count * INPUT_SAMPLES), [count, INPUT_SAMPLES]);
    const result = (await session.run({ windows: given, h, c })) as Record<
      'probabilities' | 'h_next' | 'c_next',
      Tensor
    >;
    probabilities.set(result.probabilities.data as Float32Array, first);
    h = result.h_next;
    c = result.c_next;
  }
  return probabilities.subarray(warmupSamples / WINDOW_SAMPLES);
}

/** Writes context and window at `offset` of `input`, with zeros where the slice has no samples. */
function copyWindow(pcm: Float32Array, window: number, gain: number, input: Float32Array, offset: number): void {
  const start = window * WINDOW_SAMPLES;
  const first = Math.max(0, start - CONTEXT_SAMPLES);
  const end = Math.min(start + WINDOW_SAMPLES, pcm.length);
  const from = offset + CONTEXT_SAMPLES - (start - first);
  input.fill(0, offset, from);
  for (let i = first; i < end; i++) input[from + i - first] = gain * (pcm[i] ?? 0);
  input.fill(0, from + end - first, offset + INPUT_SAMPLES);
}
