/**
 * WAV, AIFF and CAF files, as they stream in and without a decoder: their samples lie there as they are. What the header says about
 * their number is often wrong, because recorders write it before they know; so samples go on where no other chunk begins.
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
import type { PcmFormat } from './pcmFormats.ts';
import { BYTES } from './pcmSamples.ts';
import { Sound } from './pcmSound.ts';
import { sentenceOf } from './unreadable.ts';
import { LAYOUT_BYTES, layoutOf, nameAt, paddingOf } from './pcmLayouts.ts';
import type { ChunkLayout } from './pcmLayouts.ts';

/** Bytes before the samples at most: chunks with texts and pictures come before them sometimes. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;

/** Bytes of the description that are read. */
const MAX_FORMAT_BYTES = 40;

/** Bytes that show whether another file begins. */
const HEAD_BYTES = 4096;

/** Files that are read one behind the other at most. */
const MAX_FILES = 1000;

/** What is converted at a time. */
const PIECE_BYTES = 64 * 1024;

/** Sizes from here on are what writes to a pipe leave behind: the writer did not know the size. */
const UNKNOWN_SIZE = 0x7fff_0000;

/** A claim may exceed what is there by this: writers that round up to whole blocks. Seconds. */
const CLAIM_SLACK_SECONDS = 0.1;

/** The samples are compressed, or described in a way that is not read here. */
export class CompressedSamples extends Error {
  readonly extension: FileExtension;
  /** The whole file. */
  readonly bytes: AsyncIterable<Uint8Array>;

  constructor(extension: FileExtension, bytes: AsyncIterable<Uint8Array>) {
    super(`The samples of this .${extension} file are compressed.`);
    this.extension = extension;
    this.bytes = bytes;
  }
}

/** Kinds of files that are read here, if their samples are. */
export const PCM_FILES: readonly FileExtension[] = ['wav', 'aiff', 'caf'];

/** A file of another kind that follows behind the samples. */
export interface Follower {
  readonly extension: FileExtension;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Decodes files that lie one behind the other; mostly it is one.
 * @returns what follows of another kind; null where nothing does
 * @throws CompressedSamples; AppError `recording_corrupt`; errors of `source` as they are.
 */
export async function* decodePcmFile(
  source: AsyncIterable<Uint8Array>,
  maxSeconds: number,
  channels: ChannelMode,
): AsyncGenerator<Batch, Follower | null, undefined> {
  const input = new ByteInput(source);
  for (let files = 1; ; files++) {
    const follower = yield* decodeOne(input, maxSeconds, channels, files === 1);
    if (follower === null || files === MAX_FILES) return null;
    if (!PCM_FILES.includes(follower)) return { extension: follower, bytes: input.rest() };
  }
}

/** @returns what kind of file follows behind the samples; null where none does */
async function* decodeOne(
  input: ByteInput,
  maxSeconds: number,
  channels: ChannelMode,
  isFirst: boolean,
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
  if (samples === 0 && isFirst) {
    throw new AppError('recording_corrupt', { message: sentenceOf('nothing', layout.extension) });
  }
  const isPlausible = missing + samples / format.sampleRate <= maxSeconds;
  if (missing > CLAIM_SLACK_SECONDS && isPlausible) {
    yield lostBatch(missing);
  }
  return follower;
}

interface Header {
  readonly format: PcmFormat;
  /** Null where the size is not known. */
  readonly dataBytes: number | null;
  readonly layout: ChunkLayout;
}

/** Reads to the first sample. */
async function readHeader(input: ByteInput): Promise<Header> {
  const layout = layoutOf(Buffer.from(await input.peek(LAYOUT_BYTES)));
  if (layout === null) throw new AppError('recording_corrupt');
  const { headBytes } = layout;
  let format: PcmFormat | null = null;
  let isDescribed = false;
  let longSize: number | null = null;
  for (let at = layout.firstChunk; at < MAX_HEADER_BYTES;) {
    const start = Buffer.from((await input.peek(at + headBytes + MAX_FORMAT_BYTES)).subarray(at));
    if (start.length < headBytes) break;
    const name = nameAt(start, 0);
    const size = layout.sizeOf(start);
    const content = start.subarray(headBytes);
    if (name === layout.samples) {
      if (format === null) break;
      const before = layout.bytesBefore(content);
      await input.read(at + headBytes + before);
      return { format, dataBytes: longSize ?? knownSize(size - before), layout };
    }
    if (name === 'ds64' && content.length >= 16) longSize = Number(content.readBigUInt64LE(8)) || null;
    if (name === layout.description) {
      isDescribed = true;
      format = layout.formatOf(content);
      if (format === null) break;
      refuseImplausible(format);
    }
    if (size < 0) break;
    at += headBytes + size;
    at += await paddingAt(input, layout, at, size);
  }
  // AIFF may describe samples behind them.
  if (format === null && (isDescribed || layout.extension === 'aiff')) {
    throw new CompressedSamples(layout.extension, input.rest());
  }
  throw new AppError('recording_corrupt', { message: sentenceOf('damaged', layout.extension) });
}

/** Bytes of padding behind a chunk: some writers forget it. */
async function paddingAt(input: ByteInput, layout: ChunkLayout, at: number, size: number): Promise<number> {
  const padding = paddingOf(layout, size);
  if (padding === 0 || at > MAX_HEADER_BYTES) return padding;
  const next = nameAt(Buffer.from(await input.peek(at + 4)), at);
  return next === layout.description || layout.later.test(next) ? 0 : padding;
}

/** @throws AppError `recording_corrupt` */
function refuseImplausible({ sampleRate, channels }: PcmFormat): void {
  const complaint = channels === 0 || !(sampleRate > 0) ? undefined : implausible({ sampleRate, channels });
  if (complaint === null) return;
  throw new AppError('recording_corrupt', complaint === undefined ? {} : { message: complaint });
}

function knownSize(size: number): number | null {
  const isUnknown = size <= 0 || (size >= UNKNOWN_SIZE && size <= 0xffff_ffff) || !Number.isSafeInteger(size);
  return isUnknown ? null : size;
}

/** Passes over the chunks between samples. @returns bytes of the next samples; null for as many as there are */
async function sizeOfNextData(input: ByteInput, layout: ChunkLayout): Promise<number | null> {
  const { headBytes, alignment, later, samples } = layout;
  for (;;) {
    const bytes = Buffer.from(await input.peek(headBytes + alignment - 1));
    const pad = Array.from({ length: alignment }, (_, i) => i).find((i) => later.test(nameAt(bytes, i)));
    if (pad === undefined || bytes.length < pad + headBytes) return null;
    const size = layout.sizeOf(bytes.subarray(pad));
    await input.read(pad + headBytes);
    if (nameAt(bytes, pad) === samples) return knownSize(size);
    for (let left = size + paddingOf(layout, size); left > 0;) {
      const passed = await input.read(Math.min(left, PIECE_BYTES));
      if (passed.length === 0) return null;
      left -= passed.length;
    }
  }
}
