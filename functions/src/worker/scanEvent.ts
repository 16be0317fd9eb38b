/** What a scan needs, and the events that it yields. */
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { Listener } from '../audio/detect/listener.ts';
import type { ChannelMode } from '../audio/read/channels.ts';
import type { DecoderChoice } from '../audio/read/containers/decodeContainer.ts';
import type { ReadReport } from '../audio/read/pcm.ts';
import type { AppError } from '../errors.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { JobFile } from '../jobs/job.ts';

export type ScanEvent =
  /**
   * A recording was read to its end. Comes before any chunk that a later recording is part of. `duplicateSamples`: samples whose result
   * is stored through another recording.
   */
  | {
      readonly kind: 'decoded';
      readonly file: JobFile;
      readonly samples: number;
      readonly duplicateSamples: number;
      readonly report: ReadReport;
    }
  /** A recording cannot be read, or not to its end. `samples` were read before that, and are treated like any other audio. */
  | {
      readonly kind: 'failed';
      readonly file: JobFile;
      readonly samples: number;
      readonly duplicateSamples: number;
      readonly error: AppError;
    }
  | { readonly kind: 'chunk'; readonly chunk: PlannedChunk; readonly file: JobFile }
  /** Everything that was read of a recording is in chunks, covered, or without speech: no later chunk has a part of it. */
  | { readonly kind: 'planned'; readonly file: JobFile };

export interface ScanDeps {
  readonly listener: Listener;
  readonly coverage: Pick<Coverage, 'load' | 'find'>;
  /** The job that scans. */
  readonly jobId: string;
  /** Opens a staged recording. @throws AppError `recording_missing` */
  readonly open: (file: JobFile) => AsyncIterable<Uint8Array>;
  /**
   * Called before a recording is read, after everything before it was read, decoded and searched for speech. So if the process ends
   * then, this recording is the cause.
   */
  readonly onReading?: (file: JobFile) => Promise<void>;
  readonly signal: AbortSignal;
  readonly settings: ScanSettings;
}

/** How recordings are decoded and cut. */
export interface ScanSettings {
  /** The shortest pause in speech that separates two conversations, milliseconds. */
  readonly conversationGapMs: number;
  /** The most audio of one request, milliseconds. */
  readonly maxChunkMs: number;
  /** See `ChunkerOptions.contextMs`. */
  readonly contextMs?: number;
  /** How two channels are sent. Detection uses each of them in any case. */
  readonly channels?: ChannelMode;
  readonly decoder: DecoderChoice;
  /** Empty: ffmpeg-static, or else the one on the PATH. */
  readonly ffmpegPath: string;
}
