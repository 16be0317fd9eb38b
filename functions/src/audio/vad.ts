/**
 * Voice activity: Silero VAD on onnxruntime.
 *
 * The model is recurrent, so one stream goes step by step; what can be done at once is many streams. Callers cut a run into
 * slices (see `vadSlices.ts`), and each step carries one window of every slice in one batch.
 */
import { fileURLToPath } from 'node:url';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { SAMPLE_RATE } from './pcm.ts';

/** Samples of one window: the only size that Silero v5 and v6 take at 16 kHz. */
export const WINDOW_SAMPLES = 512;

/** Samples before its window that the model is given too: `context_size` of Silero's reference wrapper at 16 kHz. */
const CONTEXT_SAMPLES = 64;
const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;

/** Floats of recurrent state: two layers (the LSTM's h and c) of this many for each stream. */
const STATE_FLOATS = 128;

/** Slices in one step: at 32 most of the gain is had (3.4 times the speed of one slice; 128 give 3.7 times). */
export const MAX_BATCH = 32;

const DEFAULT_MODEL = fileURLToPath(new URL('../../models/silero_vad_v6.onnx', import.meta.url));

/** A stretch of 16 kHz mono PCM judged on its own: the model starts from zero state and zero context at its first sample. */
export interface VadSlice {
  readonly pcm: Float32Array;
  /** Leading samples, whole windows of {@link WINDOW_SAMPLES}, that only settle the model: their probabilities are discarded. */
  readonly warmupSamples: number;
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
  const session = await InferenceSession.create(options.modelPath ?? DEFAULT_MODEL, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  return {
    async probabilities(slices) {
      const lanes = slices.map(toLane);
      // Longest first: of a batch, the last lanes finish first, and a batch holds lanes of like length.
      const order = lanes.toSorted((a, b) => b.windows - a.windows);
      for (let i = 0; i < order.length; i += MAX_BATCH) {
        await runBatch(session, Tensor, order.slice(i, i + MAX_BATCH));
      }
      return lanes.map((lane) => lane.probabilities);
    },
  };
}

/** A slice on its way through the model. */
interface Lane {
  readonly pcm: Float32Array;
  readonly windows: number;
  readonly warmupWindows: number;
  readonly probabilities: Float32Array;
}

function toLane({ pcm, warmupSamples }: VadSlice): Lane {
  const warmupWindows = warmupSamples / WINDOW_SAMPLES;
  if (!Number.isInteger(warmupWindows) || warmupSamples < 0 || warmupSamples > pcm.length) {
    throw new RangeError(`A warm-up of ${warmupSamples} samples does not fit a slice of ${pcm.length}.`);
  }
  const windows = Math.ceil(pcm.length / WINDOW_SAMPLES);
  return { pcm, windows, warmupWindows, probabilities: new Float32Array(windows - warmupWindows) };
}

/** Judges up to {@link MAX_BATCH} lanes, longest first, in as many steps as the first has windows. */
async function runBatch(session: InferenceSession, TensorClass: typeof Tensor, lanes: readonly Lane[]): Promise<void> {
  const batch = new Batch(TensorClass, lanes.length);
  const steps = lanes[0]?.windows ?? 0;
  let width = lanes.length;
  for (let window = 0; window < steps; window++) {
    while ((lanes[width - 1]?.windows ?? 0) <= window) width--;
    batch.narrow(width);
    for (let row = 0; row < width; row++) copyWindow(lanes[row], window, batch.input, row * INPUT_SAMPLES);
    await session.run(batch.feeds, batch.fetches);
    for (let row = 0; row < width; row++) record(lanes[row], window, batch.output[row]);
    batch.advance();
  }
}

/** Writes context and window at `offset` of `input`, with zeros where the slice has no samples. */
function copyWindow(lane: Lane | undefined, window: number, input: Float32Array, offset: number): void {
  if (!lane) return;
  const start = window * WINDOW_SAMPLES;
  const context = Math.min(CONTEXT_SAMPLES, start);
  const samples = lane.pcm.subarray(start - context, start + WINDOW_SAMPLES);
  const from = offset + CONTEXT_SAMPLES - context;
  input.set(samples, from);
  input.fill(0, offset, from);
  input.fill(0, from + samples.length, offset + INPUT_SAMPLES);
}

function record(lane: Lane | undefined, window: number, probability: number | undefined): void {
  if (!lane || probability === undefined || window < lane.warmupWindows) return;
  lane.probabilities[window - lane.warmupWindows] = probability;
}

/** The tensors of one step over buffers that all steps share. The state has two buffers that swap places each step. */
class Batch {
  readonly input: Float32Array;
  readonly output: Float32Array;
  feeds: Record<'input' | 'state' | 'sr', Tensor>;
  fetches: Record<'output' | 'stateN', Tensor>;
  readonly #TensorClass: typeof Tensor;
  readonly #sampleRate: Tensor;
  #state: Float32Array;
  #nextState: Float32Array;
  #width: number;

  constructor(TensorClass: typeof Tensor, width: number) {
    this.input = new Float32Array(width * INPUT_SAMPLES);
    this.output = new Float32Array(width);
    this.#TensorClass = TensorClass;
    this.#sampleRate = new TensorClass('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), []);
    this.#state = new Float32Array(2 * width * STATE_FLOATS);
    this.#nextState = new Float32Array(2 * width * STATE_FLOATS);
    this.#width = width;
    ({ feeds: this.feeds, fetches: this.fetches } = this.#tensors());
  }

  /** Drops the last lanes. */
  narrow(width: number): void {
    if (width === this.#width) return;
    // The state is layer by layer, so the second layer of the lanes that stay moves up.
    this.#state.copyWithin(width * STATE_FLOATS, this.#width * STATE_FLOATS, (this.#width + width) * STATE_FLOATS);
    this.#width = width;
    ({ feeds: this.feeds, fetches: this.fetches } = this.#tensors());
  }

  /** What a step left behind becomes the state of the next one. */
  advance(): void {
    [this.#state, this.#nextState] = [this.#nextState, this.#state];
    const { state } = this.feeds;
    this.feeds.state = this.fetches.stateN;
    this.fetches.stateN = state;
  }

  #tensors(): Pick<Batch, 'feeds' | 'fetches'> {
    const width = this.#width;
    const tensor = (data: Float32Array, dims: number[]): Tensor =>
      new this.#TensorClass(
        'float32',
        data.subarray(
          0,
          dims.reduce((product, dim) => product * dim),
        ),
        dims,
      );
    return {
      feeds: {
        input: tensor(this.input, [width, INPUT_SAMPLES]),
        state: tensor(this.#state, [2, width, STATE_FLOATS]),
        sr: this.#sampleRate,
      },
      fetches: {
        output: tensor(this.output, [width, 1]),
        stateN: tensor(this.#nextState, [2, width, STATE_FLOATS]),
      },
    };
  }
}
