/** Lossless encoding of PCM for transcription, and decoding, by libFLAC compiled to WebAssembly (`libflacjs`). */
import type { Flac } from 'libflacjs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

/**
 * libFLAC's default. Measured on 16 kHz speech: level 0 is a sixth faster for 1.5 % more bytes, level 8 takes 3.5 times as
 * long for 1.6 % fewer.
 */
const COMPRESSION_LEVEL = 5;

/** Samples given to libFLAC at a time: small enough that its heap never grows, about 15 ms of work. */
const SLICE_SAMPLES = 1 << 17;

/** Blocks of 4096 samples that are decoded before other work has its turn: some milliseconds. */
const BLOCKS_AT_ONCE = 32;

/** Where the rate stands, in 20 bits: after "fLaC", a block header and 10 bytes of STREAMINFO (RFC 9639 §8.2). */
const RATE_OFFSET = 4 + 4 + 10;

/** Where the MD5 of the samples stands: after "fLaC", a block header and 18 bytes of STREAMINFO (RFC 9639 §8.2). */
const MD5_OFFSET = 4 + 4 + 18;

/** Node has it; its types come with the DOM's, which do not belong here. */
const WEB_ASSEMBLY = (globalThis as unknown as { readonly WebAssembly: object }).WebAssembly;

let libflac: Promise<Flac> | undefined;

/**
 * Encodes 16-bit PCM as a FLAC file (RFC 9639). Gives way to the event loop between slices, so that ten minutes do not hold up a
 * heartbeat.
 * @param pcm two channels interleaved
 * @param sampleRate samples a second of each channel
 */
export async function encodeFlac(pcm: Int16Array, sampleRate: number, channels: 1 | 2 = 1): Promise<Uint8Array> {
  const flac = await (libflac ??= loadLibflac());
  const encoder = flac.create_libflac_encoder(
    sampleRate,
    channels,
    16,
    COMPRESSION_LEVEL,
    pcm.length / channels,
    false,
  );
  if (encoder === 0) throw new Error('libFLAC could not make an encoder');
  try {
    const parts: Uint8Array[] = [];
    const collect = (part: Uint8Array): void => {
      parts.push(part);
    };
    check(flac.init_encoder_stream(encoder, collect) === 0, 'start');
    for (let start = 0; start < pcm.length; start += SLICE_SAMPLES) {
      const slice = Int32Array.from(pcm.subarray(start, start + SLICE_SAMPLES));
      check(flac.FLAC__stream_encoder_process_interleaved(encoder, slice, slice.length / channels), 'encode');
      await setImmediate();
    }
    check(flac.FLAC__stream_encoder_finish(encoder), 'finish');
    const file = Buffer.concat(parts);
    // libFLAC leaves it zero, meaning unknown, in a stream that it cannot seek back in; with it, decoders can verify.
    file.set(md5(pcm), MD5_OFFSET);
    return file;
  } finally {
    flac.FLAC__stream_encoder_delete(encoder);
  }
}

export interface DecodedFlac {
  /** Two channels interleaved. */
  readonly pcm: Int16Array;
  /** Samples a second of each channel. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
}

/** The samples of a file that {@link encodeFlac} wrote. @throws Error for another file */
export async function decodeFlac(file: Uint8Array): Promise<DecodedFlac> {
  const flac = await (libflac ??= loadLibflac());
  const decoder = flac.create_libflac_decoder(false);
  if (decoder === 0) throw new Error('libFLAC could not make a decoder');
  const blocks: Uint8Array[][] = [];
  let [at, problem] = [0, ''];
  try {
    const status = flac.init_decoder_stream(
      decoder,
      (most) => {
        const buffer = file.slice(at, at + most);
        at += buffer.length;
        return { buffer, readDataLength: buffer.length, error: false };
      },
      (channels) => blocks.push(channels),
      (_code, description) => (problem = String(description)),
    );
    check(status === 0, 'start');
    // One block at a time: it gives way to other requests.
    while (at < file.length) {
      check(flac.FLAC__stream_decoder_process_single(decoder), 'decode');
      if (blocks.length % BLOCKS_AT_ONCE === 0) await setImmediate();
    }
    check(flac.FLAC__stream_decoder_process_until_end_of_stream(decoder) && problem === '', `decode: ${problem}`);
  } finally {
    flac.FLAC__stream_decoder_finish(decoder);
    flac.FLAC__stream_decoder_delete(decoder);
  }
  const view = new DataView(file.buffer, file.byteOffset);
  return {
    pcm: interleaved(blocks),
    sampleRate: view.getUint32(RATE_OFFSET) >>> 12,
    channels: blocks[0]?.length === 2 ? 2 : 1,
  };
}

/** Each channel comes as 16-bit little-endian bytes, block by block. */
function interleaved(blocks: readonly (readonly Uint8Array[])[]): Int16Array {
  const samples = blocks.reduce((sum, block) => sum + block.reduce((bytes, { length }) => bytes + length, 0) / 2, 0);
  const pcm = new Int16Array(samples);
  let start = 0;
  for (const block of blocks) {
    for (const [channel, bytes] of block.entries()) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let i = 0; 2 * i < bytes.length; i++) pcm[start + i * block.length + channel] = view.getInt16(2 * i, true);
    }
    start += block.reduce((sum, { length }) => sum + length / 2, 0);
  }
  return pcm;
}

function check(ok: boolean | number, step: string): void {
  if (!ok) throw new Error(`libFLAC failed to ${step}`);
}

/** Of the samples as little-endian bytes, which is how every platform this runs on holds them (RFC 9639 §8.2). */
function md5(pcm: Int16Array): Uint8Array {
  return createHash('md5')
    .update(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength))
    .digest();
}

/**
 * The library's loader prefers `WebAssembly.instantiateStreaming` with `fetch` on a file path, which Node's fetch refuses
 * (and the rejection would end the process). Without it, it reads the file. The choice is made while the module
 * evaluates, synchronously, so nothing else ever sees the function missing.
 */
function loadLibflac(): Promise<Flac> {
  const streaming = Object.getOwnPropertyDescriptor(WEB_ASSEMBLY, 'instantiateStreaming');
  Reflect.deleteProperty(WEB_ASSEMBLY, 'instantiateStreaming');
  try {
    const require = createRequire(import.meta.url);
    const flac = require('libflacjs/dist/libflac.wasm.js') as Flac;
    return new Promise((resolve) => {
      flac.on('ready', () => {
        resolve(flac); // also if it is ready already: the event is kept for late listeners
      });
    });
  } finally {
    if (streaming) Object.defineProperty(WEB_ASSEMBLY, 'instantiateStreaming', streaming);
  }
}
