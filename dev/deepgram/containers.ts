/** Opens Ogg Opus, FLAC or WAV. Strict: refuses a stream with any fault. */
import { readFlac } from './flac.ts';
import { type OggOpus, readOggOpus } from './ogg.ts';
import { OggError } from './oggPages.ts';
import { AudioError, type Pcm } from './pcm.ts';

export type ReceivedAudio =
  | { readonly kind: 'opus'; readonly seconds: number; readonly channels: number; readonly stream: OggOpus }
  | { readonly kind: 'pcm'; readonly seconds: number; readonly channels: number; readonly pcm: Pcm };

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

/** PCM of 16 bits; other chunks may come before it. */
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
      const samples = new Int16Array(body.length >> 1);
      for (let i = 0; i < samples.length; i++) samples[i] = body.readInt16LE(2 * i);
      return { ...format, samples };
    }
    at += 8 + body.length + (body.length & 1);
  }
  throw new AudioError('WAV: no audio in it');
}
