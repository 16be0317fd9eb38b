/**
 * The native ffmpeg, for codecs that the sandbox does not know, or where it is asked for. It reads a file and writes the PCM of
 * each audio track to a pipe; placing it in time, mixing and resampling are ours, the same as for the sandbox.
 *
 * It is confined: only demuxers and decoders for audio, only files, a limit for each allocation and for its address space, an
 * empty environment, a process group of its own that is killed as a whole, and a limit on the time in which it gives nothing.
 */
import { closeSync } from 'node:fs';
import { AppError } from '../../../errors.ts';
import type { ChannelMode } from '../channels.ts';
import type { FileExtension } from '../format.ts';
import { amrFrames } from '../amrFrames.ts';
import { ADTS_FRAMES, LAYER_FRAMES } from '../mpegFrames.ts';
import type { FrameFormat } from '../mpegFrames.ts';
import { SIGNATURE_BYTES } from '../signatures.ts';
import { extractAmr, holdsAmr } from './amrWithin.ts';
import { lostBatch, toBatch } from './batch.ts';
import type { Batch, Batches } from './batch.ts';
import { CLAIM_SLACK_SECONDS, claimedSeconds as claimedSecondsOf, missingBytes } from './claims.ts';
import { hasEncoderDelay } from './encoderDelay.ts';
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

export interface FfmpegOptions {
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  readonly ffmpegPath: string;
  /** Whether the file was mended: gaps in its time stamps are lost. */
  readonly isMended?: boolean;
  /** How long it may give nothing, milliseconds. */
  readonly stallMs?: number;
}

interface LoggedOptions extends FfmpegOptions {
  readonly log: RunLog;
}

type PieceBatches = AsyncGenerator<Batch, void, undefined>;

/** Containers in whose time stamps a recorder may leave a gap. */
const MAY_PAUSE: readonly FileExtension[] = ['m4a', 'ogg', 'webm'];

/** Pieces of one file at most, because each is a run of the program. */
const MAX_PIECES = 100;

/** Time stamps of what ffmpeg gives are whole milliseconds; frames of AAC and AMR are counted, so that one that is missing shows. */
const COUNT_SLACK_SECONDS = 0.005;

/** Of them may fail to decode: one that gives nothing takes a minute. */
const MAX_FAILED_PIECES = 5;

/** What a piece says it holds, with the pieces that it goes on from. */
interface Claim {
  /** 0 where it says nothing. @param isDamaged whether anything of it could not be read */
  readonly seconds: (isDamaged: boolean) => number;
  /** What of that is no sign of a loss where it is missing, seconds. */
  readonly slack: number;
  /** Whether it counts what is missing behind the piece, too. */
  readonly isOfAll: boolean;
}

/** What has to be read by itself, because ffmpeg does not follow what comes between. */
interface Piece {
  readonly view: FileView;
  /** What is missing before it, seconds; null where its time stamps say it, which go on from the piece before. */
  readonly lostSeconds: number | null;
  readonly claim: Claim;
  /** What is missing behind it: seconds, or bytes of the file. */
  readonly tailSeconds: number;
  readonly tailBytes: number;
  /** What it is of which ffmpeg gives nothing, by its format. */
  readonly missing: FrameFormat['missing'];
  /** Whether bytes directly before it are missing or damaged. */
  readonly isBehindDamage: boolean;
}

/**
 * Decodes the file at `path`. Gaps in its time stamps are silence, or lost time where the decoder complained or the format knows none.
 * @returns sentences about what could not be read
 * @throws AppError `decoder_unavailable`, `recording_corrupt`; Error where a signal ended the process, which says nothing about the
 * recording.
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

/** The frames of AMR by themselves, and what their container claims beyond them. */
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
    const hasDelay: boolean = i === 0 && !isBehindDamage && hasEncoderDelay(file, extension);
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

/** The links of a chained Ogg file and the parts of each behind damage; frames without a container, cut where something is missing. */
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
  const format = frameFormatOf(file, extension);
  if (format === null) {
    const demuxer = FFMPEG_DEMUXERS[extension];
    const tailBytes = missingBytes(file, demuxer) + bytesBehindSound(file, demuxer);
    const seconds = (isDamaged: boolean): number => claimedSecondsOf(file, demuxer, isDamaged || tailBytes > 0) ?? 0;
    const claim: Claim = { seconds, slack: CLAIM_SLACK_SECONDS, isOfAll: true };
    return [{ view: file, lostSeconds: 0, claim, tailSeconds: 0, tailBytes, missing: 'lost', isBehindDamage: false }];
  }
  const parts = frameParts(file, format, MAX_PIECES);
  // Of MPEG audio, decoders leave out what an encoder puts first: only what it says itself is a claim.
  const claimedSeconds = (part: FramePart): number => {
    return parts.length > 1 ? 0 : (claimedSecondsOf(file, 'mp3') ?? 0) - part.lostSeconds;
  };
  return parts.map((part, i) => ({
    ...part,
    claim:
      extension === 'mp3'
        ? { seconds: () => claimedSeconds(part), slack: CLAIM_SLACK_SECONDS, isOfAll: true }
        : { seconds: () => part.seconds, slack: COUNT_SLACK_SECONDS, isOfAll: false },
    tailBytes: 0,
    missing: format.missing,
    isBehindDamage: i > 0 || part.lostSeconds > 0,
  }));
}

/** How a file without a container is made up of frames; null for any other. */
function frameFormatOf(file: FileView, extension: FileExtension): FrameFormat | null {
  if (extension === 'aac') return ADTS_FRAMES;
  if (extension === 'mp3') return LAYER_FRAMES;
  return extension === 'amr' ? amrFrames(readView(file, 0, SIGNATURE_BYTES)) : null;
}

function lost(seconds: number, { maxSeconds }: FfmpegOptions): Batch {
  return lostBatch(Math.min(seconds, maxSeconds));
}

/** How a piece begins. */
interface PieceStart {
  /** The tracks of the piece that it goes on from, or none. */
  readonly before: PcmTracks | null;
  readonly isBehindDamage: boolean;
  /** Whether the first frame of AAC stands before the audio. */
  readonly hasDelay: boolean;
  readonly missing: Piece['missing'];
}

/** Runs ffmpeg on one piece, whose tracks are left open. */
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
      if (start.isBehindDamage) tracks.goOn(event.tracks);
    } else tracks?.push(event, mayPause && !options.log.hasComplained ? 'silence' : start.missing);
    if (tracks?.isBatchReady) yield toBatch(tracks.drain());
  }
  if (tracks === null) throw new AppError('recording_corrupt');
  return tracks;
}
