/**
 * What the engine is compared with: its limits (each of its parts by itself, at its fastest), and the common ways of doing the
 * same.
 */
import fvadModule from '@echogarden/fvad-wasm';
import { NonRealTimeVAD } from '@ricky0123/vad-node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { OpusDecoder } from 'opus-decoder';
import { fileURLToPath } from 'node:url';
import { gainFor, windowLevels } from '../src/audio/detect/level.ts';
import { RegionDetector } from '../src/audio/detect/regions.ts';
import { MEMORY_WINDOWS } from '../src/audio/detect/slices.ts';
import { s16leToFloat } from '../src/audio/read/s16.ts';
import { writeOggOpus } from '../src/audio/chunk/oggOpus.ts';
import { ffmpeg, RATE } from './sound.ts';

const MODEL = fileURLToPath(new URL('../models/silero_vad_v6.onnx', import.meta.url));
const WINDOW = 512;
const CONTEXT = 64;

/** Limit: libopus in WebAssembly by itself, with packets in memory, a hundred in each call. */
export async function decodeAlone(packets: readonly Uint8Array[]): Promise<void> {
  const decoder = new OpusDecoder({ sampleRate: RATE, channels: 1, preSkip: 0 });
  await decoder.ready;
  for (let i = 0; i < packets.length; i += 100) decoder.decodeFrames(packets.slice(i, i + 100));
  decoder.free();
}

/**
 * Limit: what detection at one level does besides the model: levels of windows, gains of slices of 5 s, and multiplied samples.
 */
export function raiseLevels(pcm: Float32Array): Float32Array {
  const levels = windowLevels(pcm);
  const raised = new Float32Array(pcm.length);
  for (let first = 0; first < levels.length; first += MEMORY_WINDOWS) {
    const gain = gainFor(levels.subarray(first, first + MEMORY_WINDOWS));
    const end = Math.min((first + MEMORY_WINDOWS) * WINDOW, pcm.length);
    for (let i = first * WINDOW; i < end; i++) raised[i] = gain * (pcm[i] ?? 0);
  }
  return raised;
}

let published: Promise<InferenceSession> | undefined;
const session = (): Promise<InferenceSession> =>
  (published ??= InferenceSession.create(MODEL, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  }));

/**
 * The published model, one window of each of `lanes` streams in each call: the plain loop with one stream, the limit with 32.
 * @returns the probabilities of each stream; the PCM is divided into that many streams of equal length
 */
export async function plainLoop(pcm: Float32Array, lanes = 1): Promise<Float32Array[]> {
  const model = await session();
  const windows = Math.ceil(Math.floor(pcm.length / lanes) / WINDOW);
  const stride = Math.floor(pcm.length / lanes);
  const sr = new Tensor('int64', BigInt64Array.of(BigInt(RATE)), []);
  let state: Tensor = new Tensor('float32', new Float32Array(2 * lanes * 128), [2, lanes, 128]);
  const input = new Float32Array(lanes * (CONTEXT + WINDOW));
  const probabilities = Array.from({ length: lanes }, () => new Float32Array(windows));
  for (let window = 0; window < windows; window++) {
    input.fill(0);
    for (let lane = 0; lane < lanes; lane++) {
      const start = lane * stride + window * WINDOW;
      const context = window === 0 ? 0 : CONTEXT;
      const end = Math.min(start + WINDOW, (lane + 1) * stride);
      input.set(pcm.subarray(start - context, end), lane * (CONTEXT + WINDOW) + CONTEXT - context);
    }
    const given = new Tensor('float32', input, [lanes, CONTEXT + WINDOW]);
    const result = await model.run({ input: given, state, sr });
    const output = result['output']?.data as Float32Array;
    for (const [lane, own] of probabilities.entries()) own[window] = output[lane] ?? NaN;
    state = result['stateN'] ?? state;
  }
  return probabilities;
}

/** The packets of a recording in an Ogg file, which ffmpeg can read. */
export function toOgg(packets: readonly Uint8Array[], frameMs: number): Uint8Array {
  return writeOggOpus({
    packets: packets.map((payload) => ({ payload, samples48k: 48 * frameMs })),
    channels: 1,
    inputSampleRate: RATE,
    preSkip48k: 0,
    serial: 1,
  });
}

function toPcm(file: Uint8Array): Float32Array {
  return s16leToFloat(ffmpeg(['-i', 'pipe:0', '-f', 's16le', '-ar', String(RATE), '-ac', '1', 'pipe:1'], file));
}

/** ffmpeg, then `@ricky0123/vad-node` with its defaults. */
export async function ffmpegThenVadNode(file: Uint8Array): Promise<number> {
  const { log } = console;
  console.log = () => undefined; // it prints a message when it starts
  const vad = await NonRealTimeVAD.new();
  console.log = log;
  let regions = 0;
  for await (const region of vad.run(toPcm(file), RATE)) regions += region.end > region.start ? 1 : 0;
  return regions;
}

/** ffmpeg, then Silero on onnxruntime with one thread, window by window, then the same regions as those of the engine. */
export async function ffmpegThenOneStream(file: Uint8Array): Promise<number> {
  const pcm = toPcm(file);
  const [probabilities = new Float32Array(0)] = await plainLoop(pcm);
  const detector = new RegionDetector();
  return [...detector.push(probabilities), ...detector.end(pcm.length)].length;
}

let fvad: ReturnType<typeof fvadModule> | undefined;

/**
 * ffmpeg, then WebRTC's voice detection (libfvad in WebAssembly, mode 2) in frames of 30 ms. It is fast, and far less accurate.
 */
export async function ffmpegThenWebrtc(file: Uint8Array): Promise<number> {
  const module = await (fvad ??= fvadModule());
  const pcm = ffmpeg(['-i', 'pipe:0', '-f', 's16le', '-ar', String(RATE), '-ac', '1', 'pipe:1'], file);
  const handle = module._fvad_new();
  module._fvad_set_sample_rate(handle, RATE);
  module._fvad_set_mode(handle, 2);
  const frameBytes = 2 * 480;
  const at = module._malloc(frameBytes);
  let speech = 0;
  for (let i = 0; i + frameBytes <= pcm.length; i += frameBytes) {
    module.HEAPU8.set(pcm.subarray(i, i + frameBytes), at);
    if (module._fvad_process(handle, at, 480) === 1) speech++;
  }
  module._free(at);
  module._fvad_free(handle);
  return speech;
}
