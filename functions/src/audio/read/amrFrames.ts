/** The frames of an AMR file (RFC 4867, section 5). The first byte of each says how long it is. */
import type { FrameFormat, FrameHeader } from './mpegFrames.ts';

/** Bytes of a frame by its type, the first byte included; 0 for a type that does not exist. */
const NARROW_BAND = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
const WIDE_BAND = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];

export const AMR_FRAME_SECONDS = 0.02;

/** The only byte of a frame without data (NO_DATA), the same in narrow-band and wide-band files. */
export const NO_DATA = 0x7c;

/** The bits of the first byte that are 0 in every frame, and the bit that says that the frame is intact. */
const ZERO_BITS = 0b1000_0011;
const INTACT_BIT = 0b100;

function header(frameBytes: readonly number[], sampleRate: number): FrameHeader {
  return (bytes, at) => {
    const first = bytes[at] ?? 0;
    const size = frameBytes[(first >> 3) & 0b1111] ?? 0;
    const isFrame = (first & (ZERO_BITS | INTACT_BIT)) === INTACT_BIT && size > 0;
    return isFrame ? { bytes: size, samples: AMR_FRAME_SECONDS * sampleRate, sampleRate, kind: 0 } : null;
  };
}

/** How many frames in a row are proof. One byte in forty can be the first of a frame, so fewer may be chance. */
const PROOF = 8;

/**
 * Frames that decode to nothing are silence: the encoder marks pauses, and ffmpeg reports those frames as errors and decodes
 * nothing from them.
 */
const UNSYNCED = { sync: null, proof: PROOF, missing: 'silence' } as const;

/** The first bytes of a file with narrow-band or with wide-band frames. */
export function amrMagic(isWide: boolean): Buffer {
  return Buffer.from(isWide ? '#!AMR-WB\n' : '#!AMR\n', 'latin1');
}

/** @param head the first bytes of the file */
export function amrFrames(head: Uint8Array): FrameFormat {
  const magic = amrMagic(true);
  const isWide = magic.equals(head.subarray(0, magic.length));
  return isWide
    ? { ...UNSYNCED, header: header(WIDE_BAND, 16_000), magicBytes: magic.length }
    : { ...UNSYNCED, header: header(NARROW_BAND, 8000), magicBytes: amrMagic(false).length };
}

/** How many frames these bytes consist of; null if they do not consist of whole frames. */
export function countFrames(bytes: Uint8Array, format: FrameFormat): number | null {
  let frames = 0;
  let at = 0;
  for (; at < bytes.length; frames++) {
    const frame = format.header(bytes, at);
    if (frame === null) return null;
    at += frame.bytes;
  }
  return at === bytes.length ? frames : null;
}
