/** Signals, real encoders, and a measure of the similarity of two signals. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { decodeOpus } from '../../src/audio/read/opusDecoder.ts';
import type { ReadReport, SourceFrame } from '../../src/audio/read/pcm.ts';
import { readRecording, type ReadOptions } from '../../src/audio/read/readRecording.ts';
import { isOpus } from '../../src/audio/read/format.ts';
import type { RecordingFormat } from '../../src/audio/read/format.ts';
import { unthreadedSandbox } from './unthreadedSandbox.ts';

export const RATE = 16_000;

/** Runs ffmpeg over stdin and stdout. */
export function ffmpeg(args: readonly string[], input: Uint8Array = new Uint8Array()): Buffer {
  return run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], input);
}

/** Runs an encoder or decoder that a test needs; a missing one fails it. */
export function run(program: string, args: readonly string[], input: Uint8Array = new Uint8Array()): Buffer {
  try {
    return execFileSync(program, args, { input, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`This test needs ${program}: "npm test" installs it`, { cause: error });
  }
}

/** A sine with slow swells, amplitude at most 0.5. */
export function tone(hertz: number, seconds: number, rate = RATE): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => {
    const t = i / rate;
    return 0.5 * Math.sin(2 * Math.PI * hertz * t) * (0.6 + 0.4 * Math.sin(2 * Math.PI * 1.3 * t));
  });
}

/** A sweep over the band of speech. Unlike a tone, it matches itself at one alignment only. */
export function chirp(seconds: number, rate = RATE): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => {
    const t = i / rate;
    return 0.4 * Math.sin(2 * Math.PI * (200 * t + (1500 / seconds) * t * t));
  });
}

/** Interleaved stereo of a signal and its inverse: the mean of both channels is silence. */
export function invertedStereo(signal: Float32Array): Float32Array {
  return Float32Array.from({ length: 2 * signal.length }, (_, i) => (i % 2 === 0 ? 1 : -1) * (signal[i >> 1] ?? 0));
}

export function s16le(signal: Float32Array): Buffer {
  const bytes = Buffer.alloc(2 * signal.length);
  signal.forEach((x, i) => bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(x * 32768))), 2 * i));
  return bytes;
}

export function fromS16le(bytes: Uint8Array): Float32Array {
  const buffer = Buffer.from(bytes);
  const pcm = new Float32Array(buffer.length >> 1);
  for (let i = 0; i < pcm.length; i++) pcm[i] = buffer.readInt16LE(2 * i) / 32768;
  return pcm;
}

const oggStreams = new Map<string, Buffer>();

/** An encoded signal, interleaved if it is stereo. It is encoded once for all tests, each of which gets a copy. */
export function oggOpus(signal: Float32Array, frameMs: number, options: readonly string[] = [], channels = 1): Buffer {
  const content = createHash('md5').update(new Uint8Array(signal.buffer, signal.byteOffset, signal.byteLength));
  const key = JSON.stringify([content.digest('hex'), frameMs, options, channels]);
  const stream = oggStreams.get(key) ?? encodeOggOpus(signal, frameMs, options, channels);
  oggStreams.set(key, stream);
  return Buffer.from(stream);
}

function encodeOggOpus(signal: Float32Array, frameMs: number, options: readonly string[], channels: number): Buffer {
  const input = ['-f', 's16le', '-ar', String(RATE), '-ac', String(channels), '-i', 'pipe:0'];
  const encoder = [
    '-c:a',
    'libopus',
    '-frame_duration',
    String(frameMs),
    '-b:a',
    '32k',
    ...options,
    '-f',
    'ogg',
    'pipe:1',
  ];
  return ffmpeg([...input, ...encoder], s16le(signal));
}

/** The Opus packets of an encoded signal. */
export function opusPackets(signal: Float32Array, frameMs: number, options: readonly string[] = []): Uint8Array[] {
  return oggPackets(oggOpus(signal, frameMs, options)).slice(2); // after OpusHead and OpusTags
}

/** The packets of an Ogg stream (RFC 3533 §6). */
export function oggPackets(stream: Buffer): Uint8Array[] {
  const packets: Uint8Array[] = [];
  const parts: Buffer[] = [];
  for (let page = 0; page < stream.length;) {
    const segments = stream[page + 26]!;
    let at = page + 27 + segments;
    for (let i = 0; i < segments; i++) {
      const size = stream[page + 27 + i]!;
      parts.push(stream.subarray(at, at + size));
      at += size;
      if (size < 255) packets.push(Buffer.concat(parts.splice(0)));
    }
    page = at;
  }
  return packets;
}

/** A `.bin` recording of these frames. */
export function framed(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length);
      return [length, frame];
    }),
  );
}

/** `bytes` as a stream of pieces. */
export async function* pieces(bytes: Uint8Array, size = 16_384): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
}

export interface Decoded {
  readonly blocks: readonly (readonly SourceFrame[])[];
  readonly frames: readonly SourceFrame[];
  readonly pcm: Float32Array;
  readonly report: ReadReport;
}

/** Reads all of a recording, and decodes its frames. Ordinary files are decoded without a thread, unless a sandbox is given. */
export async function decodeAll(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  format: RecordingFormat,
  options: Partial<ReadOptions> = {},
): Promise<Decoded> {
  const bytes = source instanceof Uint8Array ? pieces(source) : source;
  const { blocks, report } = readRecording(bytes, format, { ...DEFAULTS, sandbox: unthreadedSandbox, ...options });
  const all: (readonly SourceFrame[])[] = [];
  for await (const block of blocks) all.push(block);
  const frames = all.flat();
  return { blocks: all, frames, pcm: await pcmOf(frames, format), report };
}

async function pcmOf(frames: readonly SourceFrame[], format: RecordingFormat): Promise<Float32Array> {
  if (isOpus(format)) return (await decodeOpus(frames)).pcm;
  return joined(frames.map(({ payload, samples }) => (payload ? fromS16le(payload) : new Float32Array(samples))));
}

/** How much of a recording could not be read, seconds. */
export const lostSeconds = ({ frames }: Pick<Decoded, 'frames'>): number =>
  frames.reduce((sum, { payload, samples }) => sum + (payload === null ? samples : 0), 0) / RATE;

export function samplesIn(frames: readonly SourceFrame[]): number {
  return frames.reduce((sum, { samples }) => sum + samples, 0);
}

export const DEFAULTS: ReadOptions = {
  signal: new AbortController().signal,
  maxSeconds: 3600,
  channels: 'mixed',
  decoder: 'auto',
  ffmpegPath: '',
};

export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * The signal-to-noise ratio of `actual`, moved back by `lag` samples, against `expected`, decibels. `edge` samples at both ends
 * are ignored.
 */
export function snr(actual: Float32Array, expected: Float32Array, edge = 0, lag = 0): number {
  const signal = expected.subarray(edge, expected.length - edge).reduce((sum, x) => sum + x ** 2, 0);
  const noise = noiseAt(actual, expected, edge, lag, Infinity);
  return 10 * Math.log10(signal / (noise + 1e-20));
}

/** The best {@link snr} of `actual` moved by up to `reach` samples, and that move: how many samples it comes late. */
export function bestSnr(
  actual: Float32Array,
  expected: Float32Array,
  reach: number,
): { decibels: number; lag: number } {
  let best = { noise: Infinity, lag: 0 };
  for (let step = 0; step <= 2 * reach; step++) {
    const lag = step % 2 === 0 ? step / 2 : -(step + 1) / 2; // from no move outwards, so that the best is found early
    const noise = noiseAt(actual, expected, reach, lag, best.noise);
    if (noise < best.noise) best = { noise, lag };
  }
  return { decibels: snr(actual, expected, reach, best.lag), lag: best.lag };
}

/** The energy of the difference. It stops once that is more than `enough`, because thousands of moves are tried. */
function noiseAt(actual: Float32Array, expected: Float32Array, edge: number, lag: number, enough: number): number {
  let noise = 0;
  for (let i = edge; i < expected.length - edge && noise <= enough; i++) {
    noise += ((actual[i + lag] ?? 0) - expected[i]!) ** 2;
  }
  return noise;
}
