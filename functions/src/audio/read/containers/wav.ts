/**
 * WAV files, as they stream in and without a decoder: their samples lie there as they are. What the header says about their number
 * is often wrong, because recorders write it before they know; so samples go on where no other chunk begins.
 */
import { AppError } from '../../../errors.ts';
import type { ChannelMode } from '../channels.ts';
import { OLDER_FORMAT } from 'offline-audio-sync-contract';
import type { FileExtension } from '../format.ts';
import { containerOf } from '../signatures.ts';
import { implausible } from './limits.ts';
import { lostBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { ByteInput } from './byteInput.ts';
import { BYTES } from './wavSamples.ts';
import type { Encoding } from './wavSamples.ts';
import { Sound } from './wavSound.ts';
import type { WavFormat } from './wavSound.ts';
import { LAYOUT_BYTES, layoutOf, nameAt, paddingOf } from './wavChunks.ts';
import type { ChunkLayout } from './wavChunks.ts';

/** Bytes before the samples at most: chunks with texts and pictures come before them sometimes. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;

/** Bytes of the format that are read. */
const MAX_FORMAT_BYTES = 40;

/** Bytes that show whether another file begins. */
const HEAD_BYTES = 4096;

/** WAV files that are read one behind the other at most. */
const MAX_FILES = 1000;

/** What is converted at a time. */
const PIECE_BYTES = 64 * 1024;

/** Sizes from here on are what writes to a pipe leave behind: the writer did not know the size. */
const UNKNOWN_SIZE = 0x7fff_0000;

/** A claim may exceed what is there by this: writers that round up to whole blocks. Seconds. */
const CLAIM_SLACK_SECONDS = 0.1;

/** Chunks that may stand behind the samples; anything else there is samples that the header does not count. */
const LATER_CHUNKS =
  /^(data|LIST|list|id3 |ID3 |fact|cue |plst|smpl|inst|acid|bext|cart|iXML|_PMX|afsp|JUNK|junk|PAD |FLLR|PEAK|umid|levl|DISP|SAUR|axml|chna|strc|Cr8r|minf|elm1|regn|ovwf|LGWV)$/;

/** The samples are compressed in a way that is not read here. */
export class CompressedWav extends Error {
  /** The whole file. */
  readonly bytes: AsyncIterable<Uint8Array>;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    super('The samples of this WAV file are compressed.');
    this.bytes = bytes;
  }
}

/** A file of another kind that follows behind the samples. */
export interface Follower {
  readonly extension: FileExtension;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Decodes WAV files that lie one behind the other; mostly it is one.
 * @returns what follows of another kind; null where nothing does
 * @throws CompressedWav; AppError `recording_corrupt`; errors of `source` as they are.
 */
export async function* decodeWav(
  source: AsyncIterable<Uint8Array>,
  maxSeconds: number,
  channels: ChannelMode,
): AsyncGenerator<Batch, Follower | null, undefined> {
  const input = new ByteInput(source);
  for (let files = 1; ; files++) {
    const follower = yield* decodeOne(input, maxSeconds, channels);
    if (follower === null || files === MAX_FILES) return null;
    if (follower !== 'wav') return { extension: follower, bytes: input.rest() };
  }
}

/** @returns what kind of file follows behind the samples; null where none does */
async function* decodeOne(
  input: ByteInput,
  maxSeconds: number,
  channels: ChannelMode,
): AsyncGenerator<Batch, FileExtension | null, undefined> {
  const { format, dataBytes, layout } = await readHeader(input);
  const stride = format.channels * BYTES[format.encoding];
  const sound = new Sound(format, stride, channels, input.position);
  let claimed = dataBytes;
  let samples = 0;
  let follower: FileExtension | null = null;
  while (follower === null) {
    const taken = await input.read(claimed === null ? PIECE_BYTES : Math.min(PIECE_BYTES, claimed));
    if (taken.length === 0) break;
    samples += Math.floor(taken.length / stride);
    yield* sound.push(taken);
    if (claimed === null) continue;
    claimed -= taken.length;
    if (claimed > 0) continue;
    claimed = await sizeOfNextData(input, layout);
    if (claimed === null) follower = containerOf(await input.peek(HEAD_BYTES), OLDER_FORMAT);
  }
  yield* sound.end();
  const missing = claimed === null ? 0 : claimed / stride / format.sampleRate;
  const isPlausible = missing + samples / format.sampleRate <= maxSeconds;
  if (missing > CLAIM_SLACK_SECONDS && isPlausible) {
    yield lostBatch(missing);
  }
  return follower;
}

interface Header {
  readonly format: WavFormat;
  /** Null where the size is not known. */
  readonly dataBytes: number | null;
  readonly layout: ChunkLayout;
}

/** Reads to the first sample. */
async function readHeader(input: ByteInput): Promise<Header> {
  const layout = layoutOf(Buffer.from(await input.peek(LAYOUT_BYTES)));
  if (layout === null) throw new AppError('recording_corrupt');
  const { headBytes } = layout;
  let format: WavFormat | null = null;
  let longSize: number | null = null;
  for (let at = layout.firstChunk; at < MAX_HEADER_BYTES;) {
    const start = Buffer.from((await input.peek(at + headBytes + MAX_FORMAT_BYTES)).subarray(at));
    if (start.length < headBytes) break;
    const name = nameAt(start, 0);
    const size = layout.sizeOf(start);
    const content = start.subarray(headBytes);
    if (name === 'data') {
      if (format === null) break;
      await input.read(at + headBytes);
      return { format, dataBytes: longSize ?? knownSize(size), layout };
    }
    if (name === 'ds64' && content.length >= 16) longSize = Number(content.readBigUInt64LE(8)) || null;
    if (name === 'fmt ' && content.length >= 16) {
      format = formatOf(content);
      if (format === null) throw new CompressedWav(input.rest());
    }
    at += headBytes + size;
    at += await paddingAt(input, layout, at, size);
  }
  const message = 'The WAV file has no intact format, or no samples behind it.';
  throw new AppError('recording_corrupt', { message });
}

/** Bytes of padding behind a chunk: some writers forget it. */
async function paddingAt(input: ByteInput, layout: ChunkLayout, at: number, size: number): Promise<number> {
  const padding = paddingOf(layout, size);
  if (padding === 0 || at > MAX_HEADER_BYTES) return padding;
  const next = nameAt(Buffer.from(await input.peek(at + 4)), at);
  return next === 'fmt ' || LATER_CHUNKS.test(next) ? 0 : padding;
}

/** WAVEFORMATEX and WAVEFORMATEXTENSIBLE (mmreg.h); null for a compressed format. @throws AppError `recording_corrupt` */
function formatOf(chunk: Buffer): WavFormat | null {
  const EXTENSIBLE = 0xfffe;
  const tag = chunk.readUInt16LE(0);
  const channels = chunk.readUInt16LE(2);
  const sampleRate = chunk.readUInt32LE(4);
  const bits = chunk.readUInt16LE(14);
  const encoding = encodingOf(tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag, bits);
  if (encoding === null) return null;
  const complaint = channels === 0 || sampleRate === 0 ? undefined : implausible({ sampleRate, channels });
  if (complaint !== null)
    throw new AppError('recording_corrupt', complaint === undefined ? {} : { message: complaint });
  return { encoding, channels, sampleRate };
}

function encodingOf(tag: number, bits: number): Encoding | null {
  const PCM: Readonly<Record<number, Encoding>> = { 8: 'u8', 16: 's16', 24: 's24', 32: 's32' };
  const FLOAT: Readonly<Record<number, Encoding>> = { 32: 'f32', 64: 'f64' };
  if (tag === 1) return PCM[bits] ?? null;
  if (tag === 3) return FLOAT[bits] ?? null;
  if (tag === 6) return 'alaw';
  return tag === 7 ? 'ulaw' : null;
}

function knownSize(size: number): number | null {
  const isUnknown = size === 0 || (size >= UNKNOWN_SIZE && size <= 0xffff_ffff) || !Number.isSafeInteger(size);
  return isUnknown ? null : size;
}

/** Passes over the chunks between samples. @returns bytes of the next samples; null for as many as there are */
async function sizeOfNextData(input: ByteInput, layout: ChunkLayout): Promise<number | null> {
  const { headBytes, alignment } = layout;
  for (;;) {
    const bytes = Buffer.from(await input.peek(headBytes + alignment - 1));
    const pad = Array.from({ length: alignment }, (_, i) => i).find((i) => LATER_CHUNKS.test(nameAt(bytes, i)));
    if (pad === undefined || bytes.length < pad + headBytes) return null;
    const size = layout.sizeOf(bytes.subarray(pad));
    await input.read(pad + headBytes);
    if (nameAt(bytes, pad) === 'data') return knownSize(size);
    for (let left = size + paddingOf(layout, size); left > 0;) {
      const passed = await input.read(Math.min(left, PIECE_BYTES));
      if (passed.length === 0) return null;
      left -= passed.length;
    }
  }
}
