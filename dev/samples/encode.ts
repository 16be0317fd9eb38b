/** Turns a take into the frames that a device would store, and frames into the bytes of a recording. */
import { execFileSync } from 'node:child_process';
import { readOggOpus } from '../deepgram/ogg.ts';
import type { Codec } from './scenarios.ts';
import { SAMPLE_RATE } from './synthesis.ts';

/**
 * The delay of libopus, samples: 6.5 ms, the pre-skip of 312 at 48 kHz that ffmpeg writes. The encoder gets its input earlier
 * by this much, so that packet k decodes to exactly the device's audio of [k * frame, (k + 1) * frame).
 */
const LOOKAHEAD = (312 / 48_000) * SAMPLE_RATE;

/** The bit rate of Opus speech, bits a second. */
const BIT_RATE = 24_000;

/** @param pcm a whole number of frames. @returns one Opus packet, or one piece of PCM, for each frame */
export function encodeFrames(pcm: Float32Array, codec: Codec, frameSize: number): Uint8Array[] {
  switch (codec) {
    case 'opus':
    case 'opus_fs320':
      return encodeOpus(pcm, frameSize);
    case 'pcm8':
      return slices(pcm8(pcm), frameSize);
    case 'pcm16':
    case 'wav':
      return slices(pcm16(pcm), frameSize * 2);
  }
}

/** The body of a `.bin` recording: each frame behind its length, uint32 little-endian. */
export function frameFile(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(frames.flatMap((frame) => [uint32(frame.length), frame]));
}

/** A plain WAV file: 16 kHz, mono, 16 bits. */
export function wavFile(frames: readonly Uint8Array[]): Buffer {
  const data = Buffer.concat(frames);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // channels
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28); // bytes a second
  header.writeUInt16LE(2, 32); // bytes a sample, all channels
  header.writeUInt16LE(16, 34); // bits a sample
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function encodeOpus(pcm: Float32Array, frameSize: number): Uint8Array[] {
  const ahead = new Float32Array(pcm.length + frameSize);
  ahead.set(pcm.subarray(LOOKAHEAD));
  const frameMs = (frameSize / SAMPLE_RATE) * 1000;
  const input = ['-f', 's16le', '-ar', `${SAMPLE_RATE}`, '-ac', '1', '-i', '-'];
  const opus = ['-c:a', 'libopus', '-application', 'voip', '-b:a', `${BIT_RATE}`, '-frame_duration', `${frameMs}`];
  const ogg = ffmpeg(['-v', 'error', ...input, ...opus, '-f', 'ogg', '-'], pcm16(ahead));
  return readOggOpus(ogg)
    .packets.slice(0, pcm.length / frameSize)
    .map((packet) => packet.bytes);
}

function ffmpeg(args: readonly string[], input: Buffer): Buffer {
  try {
    return execFileSync('ffmpeg', args, { input, maxBuffer: 2 ** 30 });
  } catch (error) {
    throw new Error('ffmpeg with libopus does not run; install it with: apt-get install ffmpeg', { cause: error });
  }
}

/** Converts samples to signed 16-bit little-endian. */
function pcm16(pcm: Float32Array): Buffer {
  const bytes = Buffer.alloc(pcm.length * 2);
  for (const [i, sample] of pcm.entries()) bytes.writeInt16LE(clamp(Math.round(sample * 32768), -32768, 32767), i * 2);
  return bytes;
}

/** Converts samples to unsigned 8-bit, with silence at 128. */
function pcm8(pcm: Float32Array): Buffer {
  return Buffer.from(Uint8Array.from(pcm, (sample) => clamp(Math.round(sample * 128) + 128, 0, 255)));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function slices(bytes: Buffer, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
