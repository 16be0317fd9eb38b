/** The format of a recording: what its name claims, until the bytes are read. */

export const FRAME_CODECS = ['opus', 'opus_fs320', 'pcm16', 'pcm8'] as const;
export type FrameCodec = (typeof FRAME_CODECS)[number];

/** The containers that the decoder may decode, each by its usual extension. */
export const FILE_EXTENSIONS = ['wav', 'm4a', 'mp3', 'ogg', 'webm', 'flac', 'aac', 'amr', 'caf', 'aiff'] as const;
export type FileExtension = (typeof FILE_EXTENSIONS)[number];

/** Other extensions of the same containers. */
export const OTHER_EXTENSIONS: Readonly<Record<string, FileExtension>> = {
  wave: 'wav',
  w64: 'wav',
  rf64: 'wav',
  mp4: 'm4a',
  m4b: 'm4a',
  m4r: 'm4a',
  m4v: 'm4a',
  mov: 'm4a',
  qta: 'm4a',
  '3gp': 'm4a',
  '3gpp': 'm4a',
  '3g2': 'm4a',
  '3ga': 'm4a',
  mpga: 'mp3',
  mp2: 'mp3',
  mpeg: 'mp3',
  opus: 'ogg',
  oga: 'ogg',
  ogv: 'ogg',
  spx: 'ogg',
  weba: 'webm',
  mka: 'webm',
  mkv: 'webm',
  adts: 'aac',
  awb: 'amr',
  aif: 'aiff',
  aifc: 'aiff',
};

/** The container of an extension in lower case; null if there is none. */
export function containerNamed(extension: string): FileExtension | null {
  const usual = FILE_EXTENSIONS.find((each) => each === extension);
  return usual ?? (Object.hasOwn(OTHER_EXTENSIONS, extension) ? (OTHER_EXTENSIONS[extension] ?? null) : null);
}

/** Extension of framed recordings. */
export const FRAMED_EXTENSION = 'bin';

/** Every extension that an upload may have, in lower case. The PURE notes let an app's bundler leave it out. */
export const RECORDING_EXTENSIONS: readonly string[] = /* @__PURE__ */ [FRAMED_EXTENSION].concat(
  FILE_EXTENSIONS,
  /* @__PURE__ */ Object.keys(OTHER_EXTENSIONS),
);

/** The format of a recording's frames. */
export interface FrameParameters {
  readonly codec: FrameCodec;
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Samples a channel in one frame, at `sampleRate`. */
  readonly frameSize: number;
}

/** A `.bin` recording: frames, each behind its length ({@link FRAMING}). Each frame is one Opus packet or one PCM frame. */
export interface FramedFormat extends FrameParameters {
  readonly kind: 'framed';
}

/** An ordinary audio file. */
export interface FileFormat {
  readonly kind: 'file';
  readonly extension: FileExtension;
}

export type RecordingFormat = FramedFormat | FileFormat;

/** How a `.bin` recording is framed: for each frame its length, then that many bytes. */
export const FRAMING = {
  /** The length is an unsigned integer of 32 bits, little-endian. */
  lengthBytes: 4,
  /** Bytes of one frame at most; a larger length is corruption. */
  maxFrameBytes: 65_536,
} as const;

/** Sampling rates of Opus, Hz (RFC 6716, section 2). */
export const OPUS_SAMPLE_RATES = [8_000, 12_000, 16_000, 24_000, 48_000] as const;

/** The longest Opus packet, seconds (RFC 6716, section 2.1.4). */
export const MAX_OPUS_PACKET_SECONDS = 0.12;

/** Sampling rates that PCM recordings may have, Hz. */
export const PCM_SAMPLE_RATES = { min: 8_000, max: 48_000 } as const;

export function isOpusSampleRate(sampleRate: number): boolean {
  return (OPUS_SAMPLE_RATES as readonly number[]).includes(sampleRate);
}
