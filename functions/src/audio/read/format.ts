/** What a recording's bytes are: what its name claims, until they were looked at. */

export type FrameCodec = 'opus' | 'opus_fs320' | 'pcm16' | 'pcm8';

/** The containers that the decoder may decode, each by its usual extension. */
export const FILE_EXTENSIONS = ['wav', 'm4a', 'mp3', 'ogg', 'webm', 'flac', 'aac', 'amr', 'caf', 'aiff'] as const;
export type FileExtension = (typeof FILE_EXTENSIONS)[number];

/** Other extensions of the same containers. */
export const OTHER_EXTENSIONS: Readonly<Record<string, FileExtension>> = {
  wave: 'wav',
  mp4: 'm4a',
  m4b: 'm4a',
  m4r: 'm4a',
  mov: 'm4a',
  '3gp': 'm4a',
  '3gpp': 'm4a',
  '3g2': 'm4a',
  '3ga': 'm4a',
  mpga: 'mp3',
  mp2: 'mp3',
  opus: 'ogg',
  oga: 'ogg',
  weba: 'webm',
  mka: 'webm',
  mkv: 'webm',
  adts: 'aac',
  awb: 'amr',
  aif: 'aiff',
  aifc: 'aiff',
};

/** The container that an extension, in small letters, stands for; null where it stands for none. */
export function containerNamed(extension: string): FileExtension | null {
  const usual = FILE_EXTENSIONS.find((each) => each === extension);
  return usual ?? (Object.hasOwn(OTHER_EXTENSIONS, extension) ? (OTHER_EXTENSIONS[extension] ?? null) : null);
}

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

/** An ordinary audio file. */
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
