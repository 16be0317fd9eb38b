/** Decodes every ordinary audio file to frames of 16 kHz PCM, on the file's own time axis. */
import { closeSync, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, CATALOGUE } from '../../../errors.ts';
import type { ChannelMode } from '../channels.ts';
import type { FileExtension } from '../format.ts';
import { SAMPLE_RATE, type ReadReport, type SourceFrame } from '../pcm.ts';
import { markZeroedSectors } from './adpcmBlocks.ts';
import { lostBatch, withoutStart } from './batch.ts';
import type { Batches } from './batch.ts';
import { mendCaf } from './cafHeaders.ts';
import { mendCafHoles } from './cafHoles.ts';
import { mpegDelaySeconds } from './encoderDelay.ts';
import { decodeWithFfmpeg } from './ffmpeg.ts';
import { filesWithin } from './filesWithin.ts';
import type { FileWithin } from './filesWithin.ts';
import { openView, writeView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { mendFlacHeaders } from './flacHeaders.ts';
import { DEMUXERS } from './formats.ts';
import { FrameCutter } from './frameCutter.ts';
import { mendBoxes } from './mp4.ts';
import { mendPages } from './oggMending.ts';
import type { Sandbox } from './sandbox.ts';
import { USUAL_BYTES_PER_SECOND } from './track.ts';
import { reasonOf } from './unreadable.ts';
import { CompressedSamples, decodePcmFile, PCM_FILES } from './pcmFile.ts';

/**
 * Which decoder is used. `sandbox`: WebAssembly alone. `ffmpeg`: the native program alone. `auto`: the sandbox, and ffmpeg for
 * what the sandbox cannot decode.
 */
export const DECODERS = ['auto', 'ffmpeg', 'sandbox'] as const;
export type DecoderChoice = (typeof DECODERS)[number];

export interface FileDecodeOptions {
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  readonly decoder: DecoderChoice;
  readonly ffmpegPath: string;
  /** Decodes in WebAssembly. It is a separate thread for each file, unless another one is given. */
  readonly sandbox?: Sandbox;
}

/**
 * Decodes one file to frames of 10 ms (shorter at the end of a stretch of audio), in blocks of a second. Gaps in its time
 * stamps become silence of their length. What is damaged, or claimed but missing, becomes lost time in its place.
 * @param report its `stoppedBecause` gets the sentences about what could not be read
 * @throws AppError `decoder_unavailable`, `recording_corrupt`, `recording_too_long`; errors of `source` unchanged
 */
export async function* decodeContainer(
  source: AsyncIterable<Uint8Array>,
  extension: FileExtension,
  options: FileDecodeOptions,
  report: ReadReport,
): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  const cutter = new FrameCutter();
  const batches = PCM_FILES.includes(extension)
    ? decodeSamples(source, options)
    : decodeSpooled(source, extension, options);
  let samples = 0;
  try {
    let next = await batches.next();
    for (; !next.done; next = await batches.next()) {
      for (const block of cutter.push(next.value)) {
        samples += block.reduce((sum, frame) => sum + frame.samples, 0);
        if (samples > options.maxSeconds * SAMPLE_RATE) throw new AppError('recording_too_long');
        yield block;
      }
    }
    if (next.value.length > 0) report.stoppedBecause = next.value.join(' ');
  } finally {
    await batches.return([]); // ends the process or the thread, and removes the temporary file
  }
  yield* cutter.end();
}

/**
 * Decodes files of uncompressed samples, and a file of another kind that follows behind them in a concatenated recording.
 */
async function* decodeSamples(source: AsyncIterable<Uint8Array>, options: FileDecodeOptions): Batches {
  try {
    const follower = yield* decodePcmFile(source, options.maxSeconds, options.channels);
    if (follower === null) return [];
    return yield* decodeSpooled(follower.bytes, follower.extension, options);
  } catch (error) {
    if (!(error instanceof CompressedSamples)) throw error;
    return yield* decodeSpooled(error.bytes, error.extension, options);
  }
}

/**
 * Decodes from a temporary file, because the index of an MP4 is usually at its end, and because the claims of a file are
 * compared with its bytes. On Cloud Run the temporary directory is memory: at most `LIMITS.maxRecordingBytes` while the file is
 * decoded.
 */
async function* decodeSpooled(
  source: AsyncIterable<Uint8Array>,
  extension: FileExtension,
  options: FileDecodeOptions,
): Batches {
  const directory = await mkdtemp(join(tmpdir(), 'recording-'));
  try {
    const path = join(directory, 'recording');
    await pipeline(source, createWriteStream(path));
    return yield* decodeFiles(path, extension, options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* decodeFiles(path: string, extension: FileExtension, options: FileDecodeOptions): Batches {
  const whole = openView(path);
  try {
    const files = filesWithin(whole, extension);
    return yield* requireSound(
      files.length > 1 ? decodeEach(whole, files, path, options) : decodeFile(path, extension, options),
    );
  } catch (error) {
    const isUnexplained = isCorrupt(error) && error.message === CATALOGUE.recording_corrupt.message;
    const message = isUnexplained ? reasonOf(whole, extension) : null;
    throw message === null ? error : new AppError('recording_corrupt', { message, cause: error });
  } finally {
    closeSync(whole.fd);
  }
}

/** @throws AppError `recording_corrupt` if everything is lost */
async function* requireSound(batches: Batches): Batches {
  let hasSound = false;
  try {
    let next = await batches.next();
    for (; !next.done; next = await batches.next()) {
      hasSound ||= next.value.parts.some(({ kind }) => kind !== 'lost');
      yield next.value;
    }
    if (!hasSound) throw new AppError('recording_corrupt');
    return next.value;
  } finally {
    await batches.return([]);
  }
}

function isCorrupt(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'recording_corrupt';
}

function isUndecodable(error: unknown): boolean {
  return isCorrupt(error) || (error instanceof AppError && error.code === 'decoder_unavailable');
}

/**
 * Decodes concatenated files. If a later one cannot be decoded, its time is lost; it is estimated from its bytes, because
 * nothing else is known.
 */
async function* decodeEach(
  whole: FileView,
  files: readonly FileWithin[],
  path: string,
  options: FileDecodeOptions,
): Batches {
  const notes: string[] = [];
  for (const [i, { start, size, extension }] of files.entries()) {
    const own = `${path}-${i}`;
    await writeView({ fd: whole.fd, ranges: [{ start, size }], size }, own);
    try {
      notes.push(...(yield* decodeFile(own, extension, options)));
    } catch (error) {
      if (i === 0 || !isUndecodable(error)) throw error;
      notes.push('A file that follows the first one cannot be decoded.');
      yield lostBatch(Math.min(size / USUAL_BYTES_PER_SECOND, options.maxSeconds));
    } finally {
      await rm(own, { force: true });
    }
  }
  return notes;
}

async function* decodeFile(path: string, extension: FileExtension, options: FileDecodeOptions): Batches {
  const isMended = await mendFile(path, extension);
  return yield* withoutStart(decodeMended(path, extension, isMended, options), mpegDelaySeconds(path, extension));
}

/**
 * Repairs a damaged file in place, so that it can be read.
 * @returns whether gaps in its time stamps may be damage
 */
export async function mendFile(path: string, extension: FileExtension): Promise<boolean> {
  if (extension === 'flac') await mendFlacHeaders(path);
  if (extension === 'ogg') await mendPages(path);
  if (extension === 'caf') {
    await mendCafHoles(path);
    await mendCaf(path);
  }
  if (extension === 'wav') await markZeroedSectors(path);
  return extension === 'm4a' && (await mendBoxes(path));
}

async function* decodeMended(
  path: string,
  extension: FileExtension,
  isMended: boolean,
  { decoder, signal, maxSeconds, channels, ffmpegPath, sandbox }: FileDecodeOptions,
): Batches {
  const shared = { signal, maxSeconds, channels, isMended };
  const demuxer = DEMUXERS[extension];
  const native = (): Batches => decodeWithFfmpeg(path, extension, { ...shared, ffmpegPath });
  if (decoder === 'ffmpeg') return yield* native();
  if (demuxer === undefined) return yield* decoder === 'auto' ? native() : failing(new AppError('decoder_unavailable'));
  const { decodeInSandbox, NotInSandbox } = await import('./sandbox.ts');
  const inSandbox = (hasOther: boolean, fallback: (reason: unknown) => Batches): Batches =>
    withFallback(
      (sandbox ?? decodeInSandbox)(path, { ...shared, demuxer, hasOther }),
      (error) => error instanceof NotInSandbox,
      fallback,
    );
  if (decoder === 'sandbox') return yield* inSandbox(false, () => failing(new AppError('decoder_unavailable')));
  // The sandbox, then ffmpeg, if they can decode all tracks; else the sandbox with the tracks that it can decode.
  return yield* inSandbox(true, () =>
    withFallback(native(), isUndecodable, (reason) => inSandbox(false, () => failing(reason))),
  );
}

// oxlint-disable-next-line require-yield, typescript/require-await -- stands where batches may come
async function* failing(error: unknown): Batches {
  throw error;
}

/** The batches of `first`; those of `second` if `first` fails, before its first batch, for a reason that `canFallBack` accepts. */
async function* withFallback(
  first: Batches,
  canFallBack: (error: unknown) => boolean,
  second: (reason: unknown) => Batches,
): Batches {
  try {
    let begun;
    try {
      begun = await first.next();
    } catch (error) {
      if (!canFallBack(error)) throw error;
      return yield* second(error);
    }
    if (begun.done) return begun.value;
    yield begun.value;
    return yield* first;
  } finally {
    await first.return([]); // in case the reader leaves early
  }
}
