/**
 * Reads WAV, AIFF and CAF files with uncompressed samples, while they stream in and without a decoder. The number of samples in
 * the header is often wrong, because recorders write it before they know it. So samples continue until another chunk begins.
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

/** The largest number of bytes before the samples: chunks with texts and pictures may come first. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;

/** How many bytes of the description chunk are read. */
const MAX_FORMAT_BYTES = 40;

/** How many bytes are enough to see whether another file begins. */
const HEAD_BYTES = 4096;

/** The largest number of concatenated files. */
const MAX_FILES = 1000;

/** How many bytes are converted at a time. */
const PIECE_BYTES = 64 * 1024;

/** Programs that write to a pipe leave sizes from here on: they did not know the size. */
const UNKNOWN_SIZE = 0x7fff_0000;

/** Bytes of the fields of AIFF before the first sample: the offset to it, and a size of blocks. No other layout has more. */
const CHUNK_FIELDS_BYTES = 8;

/** Bytes before the first chunk of WAV and AIFF: name, size and kind of the file. */
const FORM_HEAD_BYTES = 12;

/** A claim may exceed the samples by so much, seconds, because some writers round up to whole blocks. */
const CLAIM_SLACK_SECONDS = 0.1;

/** The samples are compressed, or their description is of a kind that is not read here. */
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

/** The kinds of files that are read here if their samples are uncompressed. */
export const PCM_FILES: readonly FileExtension[] = ['wav', 'aiff', 'caf'];

/** A file of another kind that follows behind the samples. */
export interface Follower {
  readonly extension: FileExtension;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Decodes a file, and further ones if several were concatenated.
 * @returns the file of another kind that follows; null if none does
 * @throws CompressedSamples; AppError `recording_corrupt`; errors of `source` unchanged
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

/** @returns the kind of file that follows behind the samples; null if none does */
async function* decodeOne(
  input: ByteInput,
  maxSeconds: number,
  channels: ChannelMode,
  isFirst: boolean,
): AsyncGenerator<Batch, FileExtension | null, undefined> {
  const fileStart = input.position;
  const { format, dataBytes, layout, fileBytes } = await readHeader(input);
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
  // The sizes of samples and file contradict each other if the file ends where it says, but its samples do not.
  const isWhole = input.position - fileStart === fileBytes;
  const missing = claimed === null || isWhole ? 0 : claimed / stride / format.sampleRate;
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
  /** Null if the size is not known. */
  readonly dataBytes: number | null;
  readonly layout: ChunkLayout;
  /** The bytes of the file that its first chunk states; null if it states none. */
  readonly fileBytes: number | null;
}

/** Reads up to the first sample. */
async function readHeader(input: ByteInput): Promise<Header> {
  const first = Buffer.from(await input.peek(LAYOUT_BYTES));
  const layout = layoutOf(first);
  if (layout === null) throw new AppError('recording_corrupt');
  let fileBytes = layout.firstChunk === FORM_HEAD_BYTES ? 8 + layout.sizeOf(first) : null;
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
      const stated = layout.bytesBefore(content);
      const skipped = (await input.peek(at + headBytes + stated)).subarray(at + headBytes + CHUNK_FIELDS_BYTES);
      // Sound is not padding: the offset to the first sample is damaged.
      const before = skipped.every((byte) => byte === 0) ? stated : CHUNK_FIELDS_BYTES;
      await input.read(at + headBytes + before);
      return { format, dataBytes: longSize ?? knownSize(size - before), layout, fileBytes };
    }
    if (name === 'ds64' && content.length >= 16) {
      longSize = Number(content.readBigUInt64LE(8)) || null;
      fileBytes = 8 + Number(content.readBigUInt64LE(0));
    }
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
  // An AIFF file may have its description behind the samples.
  if (format === null && (isDescribed || layout.extension === 'aiff')) {
    throw new CompressedSamples(layout.extension, input.rest());
  }
  throw new AppError('recording_corrupt', { message: sentenceOf('damaged', layout.extension) });
}

/** Bytes of padding behind a chunk; 0 if the writer left it out. */
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

/** Skips the chunks between samples. @returns bytes of the next samples; null if their number is not known */
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
