/**
 * Decodes FLAC (RFC 9639) to PCM with libFLAC, the reference decoder. Refuses a stream for which libFLAC reports an error, or
 * whose MD5 or length is wrong.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Flac } from 'libflacjs';
import { AudioError, type Pcm } from './pcm.ts';

interface StreamInfo {
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples in each channel; 0 if the encoder did not know. */
  readonly samples: number;
  /** MD5 of the samples; all zero if the encoder did not know. */
  readonly md5: Buffer;
}

/** @throws AudioError */
export async function readFlac(file: Buffer): Promise<Pcm> {
  const info = readStreamInfo(file);
  const samples = await decode(file);
  const named = info.samples * info.channels;
  if (named !== 0 && named !== samples.length) throw new AudioError('FLAC: samples are missing');
  const md5 = createHash('md5')
    .update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
    .digest();
  if (info.md5.some((byte) => byte !== 0) && !info.md5.equals(md5)) throw new AudioError('FLAC: its MD5 is another');
  return { sampleRate: info.sampleRate, channels: info.channels, samples };
}

/** The first metadata block (section 8.2), behind "fLaC" and a block header. */
function readStreamInfo(file: Buffer): StreamInfo {
  if (file.length < 42 || (file.readUInt8(4) & 0x7f) !== 0) throw new AudioError('FLAC: STREAMINFO is missing');
  const packed = file.readUInt32BE(18); // 20 bits rate, 3 channels - 1, 5 bits a sample - 1, 4 of the length
  const bits = ((packed >>> 4) & 0x1f) + 1;
  if (bits !== 16) throw new AudioError(`FLAC: ${bits} bits a sample; only 16 are taken`);
  return {
    sampleRate: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    samples: (packed & 0xf) * 2 ** 32 + file.readUInt32BE(22),
    md5: file.subarray(26, 42),
  };
}

async function decode(file: Buffer): Promise<Int16Array> {
  const flac = await (libflac ??= loadLibflac());
  const blocks: Int16Array[] = [];
  const problems: string[] = [];
  let at = 0;
  const decoder = flac.create_libflac_decoder(false);
  try {
    const status = flac.init_decoder_stream(
      decoder,
      (bytes) => {
        const buffer = new Uint8Array(file.subarray(at, at + bytes));
        at += buffer.length;
        return { buffer, readDataLength: buffer.length, error: false };
      },
      (channels) => {
        blocks.push(interleave(channels));
      },
      (_code, description) => {
        problems.push(String(description));
      },
      () => undefined,
      false,
    );
    const done = status === 0 && flac.FLAC__stream_decoder_process_until_end_of_stream(decoder);
    if (problems.length > 0 || !done) throw new AudioError(`FLAC: ${problems[0] ?? 'it does not decode'}`);
    return concat(blocks);
  } finally {
    flac.FLAC__stream_decoder_finish(decoder);
    flac.FLAC__stream_decoder_delete(decoder);
  }
}

/** Interleaves one block. Each channel is 16-bit little-endian bytes. */
function interleave(channels: readonly Uint8Array[]): Int16Array {
  const samples = new Int16Array(((channels[0]?.length ?? 0) / 2) * channels.length);
  for (const [channel, bytes] of channels.entries()) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; 2 * i < bytes.length; i++) samples[i * channels.length + channel] = view.getInt16(2 * i, true);
  }
  return samples;
}

function concat(blocks: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

let libflac: Promise<Flac> | undefined;

/** The asm.js build: a single file that needs neither fetch nor a path. */
function loadLibflac(): Promise<Flac> {
  const flac = createRequire(import.meta.url)('libflacjs/dist/libflac.js') as Flac;
  return new Promise((resolve) => {
    flac.on('ready', () => {
      resolve(flac);
    });
  });
}
