/** What a recording's bytes are. Derived from its file name alone, kept on the job, trusted afterwards. */

export type FrameCodec = 'opus' | 'opus_fs320' | 'pcm16' | 'pcm8';

export const FILE_EXTENSIONS = ['wav', 'm4a', 'mp3', 'ogg', 'webm', 'flac'] as const;
export type FileExtension = (typeof FILE_EXTENSIONS)[number];

/** A `.bin` recording: repeated `uint32 little-endian length`, then that many bytes: one Opus packet or PCM frame. */
export interface FramedFormat {
  readonly kind: 'framed';
  readonly codec: FrameCodec;
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Samples a channel in one frame, at `sampleRate`. */
  readonly frameSize: number;
}

/** An ordinary audio file, decoded by ffmpeg. */
export interface FileFormat {
  readonly kind: 'file';
  readonly extension: FileExtension;
}

export type RecordingFormat = FramedFormat | FileFormat;

/** What the name of a recording says about it. */
export interface RecordingName {
  readonly filename: string;
  /** Alphanumeric; null where the name carries none (older names, ordinary files). */
  readonly deviceId: string | null;
  readonly format: RecordingFormat;
  /** Capture start, Unix milliseconds, clock offset applied. */
  readonly startedAtMs: number;
}

/** Whether the recording's frames are Opus packets, which a chunk can carry as they are. */
export function isOpus(format: RecordingFormat): format is FramedFormat & { readonly codec: 'opus' | 'opus_fs320' } {
  return format.kind === 'framed' && (format.codec === 'opus' || format.codec === 'opus_fs320');
}
