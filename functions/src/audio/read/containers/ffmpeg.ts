/**
 * Decodes with the native ffmpeg: codecs that the sandbox does not know, or everything if `DECODER` says so. ffmpeg reads a
 * file and writes the PCM of each audio track to a pipe. The same code as for the sandbox then places, mixes and resamples it.
 *
 * ffmpeg is confined: only demuxers and decoders for audio, only files, limits on each allocation and on the address space, an
 * empty environment, a separate process group that is killed as a whole, and a limit on the time without output.
 */
import { closeSync } from 'node:fs';
import { AppError } from '../../../errors.ts';
import type { ChannelMode } from '../channels.ts';
import type { FileExtension } from '../format.ts';
import { amrFrames } from '../amrFrames.ts';
import { ADTS_FRAMES, LAYER_FRAMES, layerFrame } from '../mpegFrames.ts';
import type { FrameFormat } from '../mpegFrames.ts';
import { SIGNATURE_BYTES } from '../signatures.ts';
import { adpcmBlocks } from './adpcmBlocks.ts';
import { extractAmr, holdsAmr } from './amrWithin.ts';
import { lostBatch, toBatch } from './batch.ts';
import type { Batch, Batches } from './batch.ts';
import { CLAIM_SLACK_SECONDS, claimedSeconds as claimedSecondsOf, missingBytes } from './claims.ts';
import { hasAacDelay } from './encoderDelay.ts';
import { FFMPEG_DEMUXERS } from './ffmpegCommand.ts';
import { eventsOf } from './ffmpegEvents.ts';
import type { RunLog } from './ffmpegEvents.ts';
import { openView, readView, writeView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { frameParts } from './frameParts.ts';
import type { FramePart } from './frameParts.ts';
import { linksOf } from './ogg.ts';
import { bytesBehindSound } from './packetBytes.ts';
import { PcmTracks } from './pcmTracks.ts';
import { mpegInWav } from './wavSound.ts';

export interface FfmpegOptions {
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  readonly ffmpegPath: string;
  /** Whether the file was mended. Gaps in its time stamps then are lost audio. */
  readonly isMended?: boolean;
  /** The longest time without output, milliseconds. */
  readonly stallMs?: number;
}

interface LoggedOptions extends FfmpegOptions {
  readonly log: RunLog;
}

type PieceBatches = AsyncGenerator<Batch, void, undefined>;

/** Containers whose time stamps may have a gap because the recorder paused. */
const MAY_PAUSE: readonly FileExtension[] = ['m4a', 'ogg', 'webm'];

/** The largest number of pieces of one file: each is a run of the program. */
const MAX_PIECES = 100;

/**
 * ffmpeg's time stamps are whole milliseconds. The duration of AAC and AMR is known from the number of their frames, so a
 * single missing frame is noticed if the tolerance is no larger than this.
 */
const COUNT_SLACK_SECONDS = 0.005;

/** How many pieces may fail to decode: a piece without output takes a minute. */
const MAX_FAILED_PIECES = 5;

/** The audio that a piece claims, together with the pieces that it continues. */
interface Claim {
  /** The claimed duration; 0 if there is no claim. @param isDamaged whether any of the piece could not be read */
  readonly seconds: (isDamaged: boolean) => number;
  /** How much of it may be missing without being a loss, seconds. */
  readonly slack: number;
  /** Whether the claim includes audio that is missing behind the piece. */
  readonly isOfAll: boolean;
}

/** A part of a file that ffmpeg reads in a separate run, because it cannot continue behind the part before. */
interface Piece {
  readonly view: FileView;
  /**
   * The audio missing before it, seconds; null if its time stamps, which continue those of the piece before, show it.
   */
  readonly lostSeconds: number | null;
  readonly claim: Claim;
  /** The audio missing behind it, in seconds and in bytes of the file. */
  readonly tailSeconds: number;
  readonly tailBytes: number;
  /** What frames stand for from which ffmpeg decodes nothing; this depends on the format. */
  readonly missing: FrameFormat['missing'];
  /** Whether the bytes directly before it are missing or damaged. */
  readonly isBehindDamage: boolean;
}

/**
 * Decodes the file at `path`. Gaps in its time stamps are silence; they are lost time if the decoder reported errors, or if the
 * format has no pauses.
 * @returns sentences about what could not be read
 * @throws AppError `decoder_unavailable`, `recording_corrupt`; Error if a signal ended the process, which says nothing about
 * the recording
 */
export async function* decodeWithFfmpeg(path: string, extension: FileExtension, options: FfmpegOptions): Batches {
  const log: RunLog = { notes: new Set(), hasComplained: false };
  const file = openView(path);
  try {
    const logged = { ...options, log };
    yield* holdsAmr(file, extension)
      ? decodeAmrWithin(file, path, extension, logged)
      : decodePieces(file, path, extension, logged);
    return [...log.notes];
  } finally {
    closeSync(file.fd);
  }
}

/**
 * Decodes AMR in a container: extracts its frames, decodes them as an AMR file, and adds what the container claims beyond them.
 */
async function* decodeAmrWithin(
  file: FileView,
  path: string,
  extension: FileExtension,
  options: LoggedOptions,
): PieceBatches {
  const amrPath = `${path}-amr`;
  const gap = options.isMended ? 'lost' : 'silence';
  const seconds = await extractAmr(
    eventsOf(path, extension, { ...options, output: 'copy' }),
    amrPath,
    gap,
    options.maxSeconds,
  );
  const claimed = claimedSecondsOf(file, FFMPEG_DEMUXERS[extension]) ?? 0;
  const amr = openView(amrPath);
  try {
    yield* decodePieces(amr, amrPath, 'amr', options);
  } finally {
    closeSync(amr.fd);
  }
  if (claimed - seconds > CLAIM_SLACK_SECONDS) yield lost(claimed - seconds, options);
}

async function* decodePieces(
  file: FileView,
  path: string,
  extension: FileExtension,
  options: LoggedOptions,
): PieceBatches {
  const pieces = piecesOf(file, extension);
  let failed = 0;
  let before: PcmTracks | null = null;
  for (const [i, piece] of pieces.entries()) {
    const { lostSeconds, claim, missing, isBehindDamage } = piece;
    if (lostSeconds !== null) before = null;
    if (lostSeconds !== null && lostSeconds > 0) yield lost(lostSeconds, options);
    const piecePath = piece.view === file ? path : `${path}-piece`;
    if (piece.view !== file) await writeView(piece.view, piecePath);
    const isLast = pieces[i + 1]?.lostSeconds !== null;
    const hasDelay: boolean = i === 0 && !isBehindDamage && hasAacDelay(file, extension);
    try {
      const start: PieceStart = { before, isBehindDamage, hasDelay, missing };
      before = yield* decodePiece(piecePath, extension, start, options);
      const claimed: number = claim.seconds(options.log.hasComplained || options.isMended === true);
      const { seconds } = before;
      if (isLast) yield toBatch(before.end(claimed, missing, claim.slack));
      const tail: number =
        piece.tailSeconds + (piece.tailBytes * seconds) / Math.max(1, piece.view.size - piece.tailBytes);
      const isCounted = claim.isOfAll && claimed - seconds > claim.slack;
      if (tail > 0 && !isCounted) yield lost(tail, options);
    } catch (error) {
      const isOfPiece = error instanceof AppError && error.code === 'recording_corrupt';
      if (!isOfPiece || pieces.length === 1 || ++failed > MAX_FAILED_PIECES) throw error;
      options.log.notes.add('A part of the file cannot be decoded.');
      const claimed = claim.seconds(true);
      if (isLast) yield before === null ? lost(claimed, options) : toBatch(before.end(claimed));
    }
  }
}

/**
 * The pieces of a file: the links of a chained Ogg file, divided at damage; or the rows of frames of a file without a
 * container.
 */
function piecesOf(file: FileView, extension: FileExtension): readonly Piece[] {
  if (extension === 'ogg') {
    const links = linksOf(file).slice(0, MAX_PIECES);
    const isFew = links.reduce((sum, { parts }) => sum + parts.length, 0) <= MAX_PIECES;
    return links.flatMap((link) =>
      (isFew ? link.parts : [link.whole]).map((view, i): Piece => ({
        view,
        lostSeconds: i === 0 ? 0 : null,
        claim: { seconds: () => link.secondsWithTail, slack: CLAIM_SLACK_SECONDS, isOfAll: true },
        tailSeconds: 0,
        tailBytes: 0,
        missing: 'lost',
        isBehindDamage: i > 0 || link.isCutAtStart,
      })),
    );
  }
  const inWav = extension === 'wav' ? (adpcmBlocks(file) ?? mpegInWav(file)) : null;
  const format = inWav ?? frameFormatOf(file, extension);
  const parts = format === null ? [] : frameParts(inWav?.view ?? file, format, MAX_PIECES);
  if (format === null || (inWav !== null && parts.length === 1)) {
    const demuxer = FFMPEG_DEMUXERS[extension];
    const tailBytes = missingBytes(file, demuxer) + bytesBehindSound(file, demuxer);
    const seconds = (isDamaged: boolean): number => claimedSecondsOf(file, demuxer, isDamaged || tailBytes > 0) ?? 0;
    const claim: Claim = { seconds, slack: CLAIM_SLACK_SECONDS, isOfAll: true };
    return [{ view: file, lostSeconds: 0, claim, tailSeconds: 0, tailBytes, missing: 'lost', isBehindDamage: false }];
  }
  // Decoders of MPEG audio drop the encoder's delay, so the number of frames is no claim; only the file's own statement is.
  const claimedSeconds = (part: FramePart): number => {
    return parts.length > 1 ? 0 : (claimedSecondsOf(file, 'mp3') ?? 0) - part.lostSeconds;
  };
  return parts.map((part, i) => ({
    ...part,
    claim:
      format.header === layerFrame
        ? { seconds: () => claimedSeconds(part), slack: CLAIM_SLACK_SECONDS, isOfAll: true }
        : { seconds: () => part.seconds, slack: COUNT_SLACK_SECONDS, isOfAll: false },
    tailBytes: 0,
    missing: format.missing,
    isBehindDamage: i > 0 || part.lostSeconds > 0,
  }));
}

/** The frame format of a file without a container; null for any other file. */
function frameFormatOf(file: FileView, extension: FileExtension): FrameFormat | null {
  if (extension === 'aac') return ADTS_FRAMES;
  if (extension === 'mp3') return LAYER_FRAMES;
  return extension === 'amr' ? amrFrames(readView(file, 0, SIGNATURE_BYTES)) : null;
}

function lost(seconds: number, { maxSeconds }: FfmpegOptions): Batch {
  return lostBatch(Math.min(seconds, maxSeconds));
}

/** What has to be known where a piece begins. */
interface PieceStart {
  /** The tracks of the piece that it continues; null if there is none. */
  readonly before: PcmTracks | null;
  readonly isBehindDamage: boolean;
  /** Whether the first frame of AAC is the encoder's delay. */
  readonly hasDelay: boolean;
  readonly missing: Piece['missing'];
}

/** Runs ffmpeg on one piece. @returns the tracks, which the next piece may continue */
async function* decodePiece(
  path: string,
  extension: FileExtension,
  start: PieceStart,
  options: LoggedOptions,
): AsyncGenerator<Batch, PcmTracks, undefined> {
  const mayPause = MAY_PAUSE.includes(extension) && !options.isMended;
  let tracks: PcmTracks | null = null;
  for await (const event of eventsOf(path, extension, { ...options, output: 'pcm_s16le' })) {
    if (event.kind === 'tracks') {
      tracks = start.before ?? new PcmTracks(event.tracks, options.maxSeconds, options.channels, start.hasDelay);
      if (start.isBehindDamage) tracks.continueBehindDamage(event.tracks);
    } else tracks?.push(event, mayPause && !options.log.hasComplained ? 'silence' : start.missing);
    if (tracks?.isBatchReady) yield toBatch(tracks.drain());
  }
  if (tracks === null) throw new AppError('recording_corrupt');
  return tracks;
}
