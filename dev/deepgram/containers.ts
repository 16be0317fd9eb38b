/** Opens what was sent: Ogg Opus, FLAC or WAV. Strict: a stream with anything wrong in it is refused. */
import { createHash } from 'node:crypto';
import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { OggError, type OggOpus, readOggOpus } from './ogg.ts';

export interface Pcm {
  readonly sampleRate: number;
  readonly channels: number;
  /** Interleaved, 16 bits. */
  readonly samples: Int16Array;
}

export type ReceivedAudio =
  | { readonly kind: 'opus'; readonly seconds: number; readonly channels: number; readonly stream: OggOpus }
  | { readonly kind: 'pcm'; readonly seconds: number; readonly channels: number; readonly pcm: Pcm };

/** The audio cannot be taken; the message is for the log. */
export class AudioError extends Error {
  override readonly name = 'AudioError';
}

/** @throws AudioError */
export async function openAudio(bytes: Buffer): Promise<ReceivedAudio> {
  const audio = await openContainer(bytes);
  if (audio.seconds <= 0) throw new AudioError('there is no audio in it');
  return audio;
}

async function openContainer(bytes: Buffer): Promise<ReceivedAudio> {
  switch (bytes.toString('latin1', 0, 4)) {
    case 'OggS':
      return openOgg(bytes);
    case 'fLaC':
      return fromPcm(await readFlac(bytes));
    case 'RIFF':
      return fromPcm(readWav(bytes));
    default:
      throw new AudioError(bytes.length === 0 ? 'the body is empty' : 'neither Ogg nor FLAC nor WAV');
  }
}

function openOgg(bytes: Buffer): ReceivedAudio {
  try {
    const stream = readOggOpus(bytes);
    return { kind: 'opus', seconds: stream.samples / 48_000, channels: stream.channels, stream };
  } catch (error) {
    if (error instanceof OggError) throw new AudioError(error.message);
    throw error;
  }
}

function fromPcm(pcm: Pcm): ReceivedAudio {
  const { sampleRate, channels, samples } = pcm;
  return { kind: 'pcm', seconds: samples.length / channels / sampleRate, channels, pcm };
}

/** The 16 bits that were encoded; STREAMINFO (RFC 9639, section 8.2) must agree with them on length and MD5 where it names them. */
async function readFlac(bytes: Buffer): Promise<Pcm> {
  if (bytes.length < 42) throw new AudioError('FLAC: STREAMINFO is cut off');
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    const { channelData, sampleRate, bitDepth, errors } = await decoder.decodeFile(bytes);
    if (errors.length > 0) throw new AudioError(`FLAC: ${errors[0]?.message ?? ''}`);
    if (bitDepth !== 16) throw new AudioError(`FLAC: ${bitDepth} bits a sample, only 16 are taken`);
    const samples = interleave(channelData);
    checkStreamInfo(bytes, samples, channelData.length);
    return { sampleRate, channels: channelData.length, samples };
  } finally {
    decoder.free();
  }
}

function checkStreamInfo(flac: Buffer, samples: Int16Array, channels: number): void {
  const named = (flac.readUInt8(21) & 0x0f) * 2 ** 32 + flac.readUInt32BE(22);
  if (named !== 0 && named * channels !== samples.length) throw new AudioError('FLAC: samples are missing');
  const md5 = flac.subarray(26, 42);
  const own = createHash('md5').update(new Uint8Array(samples.buffer)).digest();
  if (md5.some((byte) => byte !== 0) && !md5.equals(own)) throw new AudioError('FLAC: its MD5 is another');
}

function interleave(channels: readonly Float32Array[]): Int16Array {
  const samples = new Int16Array((channels[0]?.length ?? 0) * channels.length);
  for (const [channel, data] of channels.entries()) {
    for (let i = 0; i < data.length; i++) samples[i * channels.length + channel] = Math.round((data[i] ?? 0) * 32768);
  }
  return samples;
}

/** PCM of 16 bits behind whatever other chunks the file has. */
function readWav(bytes: Buffer): Pcm {
  let format: { sampleRate: number; channels: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 4);
    const body = bytes.subarray(at + 8, at + 8 + bytes.readUInt32LE(at + 4));
    if (name === 'fmt ' && body.length >= 16) {
      if (body.readUInt16LE(0) !== 1 || body.readUInt16LE(14) !== 16)
        throw new AudioError('WAV: only 16-bit PCM is taken');
      format = { channels: body.readUInt16LE(2), sampleRate: body.readUInt32LE(4) };
    }
    if (name === 'data' && format !== null) {
      const samples = Int16Array.from({ length: body.length >> 1 }, (_, i) => body.readInt16LE(2 * i));
      return { ...format, samples };
    }
    at += 8 + body.length + (body.length & 1);
  }
  throw new AudioError('WAV: no audio in it');
}
