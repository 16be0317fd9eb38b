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
   * A recording was read to its end. Comes before any chunk that a later recording is part of. `duplicateSamples`: those whose
   * result is stored through another recording.
   */
  | {
      readonly kind: 'decoded';
      readonly file: JobFile;
      readonly samples: number;
      readonly duplicateSamples: number;
      readonly report: ReadReport;
    }
  /** A recording cannot be used (further). `samples` were read before that, and are treated as any other audio. */
  | {
      readonly kind: 'failed';
      readonly file: JobFile;
      readonly samples: number;
      readonly duplicateSamples: number;
      readonly error: AppError;
    }
  | { readonly kind: 'chunk'; readonly chunk: PlannedChunk; readonly file: JobFile }
  /** All of a recording that was read is in chunks, covered, or holds no speech: no later chunk has a part of it. */
  | { readonly kind: 'planned'; readonly file: JobFile };

export interface ScanDeps {
  readonly listener: Listener;
  readonly coverage: Pick<Coverage, 'load' | 'find'>;
  /** The job that scans. */
  readonly jobId: string;
  /** Opens a staged recording. @throws AppError `recording_missing` */
  readonly open: (file: JobFile) => AsyncIterable<Uint8Array>;
  /**
   * Where given: called before a recording is read, when everything before it was read, decoded and searched for speech. So
   * what ends the process afterwards is this recording.
   */
  readonly onReading?: (file: JobFile) => Promise<void>;
  readonly signal: AbortSignal;
  readonly settings: ScanSettings;
}

/** How recordings are decoded and cut. */
export interface ScanSettings {
  /** The pause in speech from which on a new conversation begins, milliseconds. */
  readonly conversationGapMs: number;
  /** Audio of one request at most, milliseconds. */
  readonly maxChunkMs: number;
  /** See `ChunkerOptions.contextMs`. */
  readonly contextMs?: number;
  /** How two channels are sent; listening hears each of them in any case. */
  readonly channels?: ChannelMode;
  readonly decoder: DecoderChoice;
  /** Empty: ffmpeg-static, or else the one on the PATH. */
  readonly ffmpegPath: string;
}
