/** Encodes PCM without loss for transcription, and decodes it, with libFLAC compiled to WebAssembly (`libflacjs`). */
import type { Flac } from 'libflacjs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

/**
 * The default of libFLAC. On 16 kHz speech, level 0 is a sixth faster and makes 1.5 % more bytes; level 8 takes 3.5 times as
 * long and makes 1.6 % fewer.
 */
const COMPRESSION_LEVEL = 5;

/** How many samples libFLAC gets at a time: few enough that its heap never grows. They take about 15 ms. */
const SLICE_SAMPLES = 1 << 17;

/** How many blocks of 4096 samples are decoded before the event loop runs other work: some milliseconds. */
const BLOCKS_AT_ONCE = 32;

/**
 * The offset of the rate, which has 20 bits: after "fLaC", a block header and 10 bytes of STREAMINFO (RFC 9639 section 8.2).
 */
const RATE_OFFSET = 4 + 4 + 10;

/** The offset of the MD5 of the samples: after "fLaC", a block header and 18 bytes of STREAMINFO (RFC 9639 section 8.2). */
const MD5_OFFSET = 4 + 4 + 18;

/** Node has it, but its types come with those of the DOM, which are not loaded here. */
const WEB_ASSEMBLY = (globalThis as unknown as { readonly WebAssembly: object }).WebAssembly;

let libflac: Promise<Flac> | undefined;

/**
 * Encodes 16-bit PCM as a FLAC file (RFC 9639). The event loop runs other work between slices, so that ten minutes of audio do
 * not delay a heartbeat.
 * @param pcm samples; those of two channels are interleaved
 * @param sampleRate samples a second of each channel
 * @throws Error if libFLAC fails
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
    // In a stream without seeking, libFLAC leaves the MD5 zero, which means unknown. Decoders can verify the samples if it is
    // there.
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

/** Decodes a file that {@link encodeFlac} wrote. @throws Error for any other file */
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
    // Blocks are decoded one at a time, so that other requests can run in between.
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

/** Interleaves the channels. In each block, a channel is 16-bit little-endian bytes. */
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

/** The MD5 of the samples as little-endian bytes (RFC 9639 section 8.2). All platforms on which this runs store them so. */
function md5(pcm: Int16Array): Uint8Array {
  return createHash('md5')
    .update(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength))
    .digest();
}

/**
 * The library's loader prefers `WebAssembly.instantiateStreaming` with `fetch` of a file path. Node's fetch refuses that, and
 * the rejection would end the process. Without the function, the loader reads the file. It decides while the module is
 * evaluated, synchronously, so no other code ever finds the function missing.
 */
function loadLibflac(): Promise<Flac> {
  const streaming = Object.getOwnPropertyDescriptor(WEB_ASSEMBLY, 'instantiateStreaming');
  Reflect.deleteProperty(WEB_ASSEMBLY, 'instantiateStreaming');
  try {
    const require = createRequire(import.meta.url);
    const flac = require('libflacjs/dist/libflac.wasm.js') as Flac;
    return new Promise((resolve) => {
      flac.on('ready', () => {
        resolve(flac); // called even if the library is ready already: it keeps the event for late listeners
      });
    });
  } finally {
    if (streaming) Object.defineProperty(WEB_ASSEMBLY, 'instantiateStreaming', streaming);
  }
}
