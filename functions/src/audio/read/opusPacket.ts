/**
 * The header of an Opus packet (RFC 6716 section 3): how long the packet lasts, and whether it is valid. Nothing is decoded.
 */
import type { SourceFrame } from './pcm.ts';

/**
 * The longest frame that a length in the packet can state, bytes (RFC 6716 section 3.2.1). Rule R2 limits every frame to it.
 */
const MAX_FRAME_BYTES = 1275;
/** 120 ms at 48 kHz: the longest duration of one packet (rule R5). */
export const MAX_PACKET_SAMPLES_48K = 5760;

/** Frame durations in samples at 48 kHz, by the TOC's configuration number (RFC 6716 table 2). */
const SILK = [480, 960, 1920, 2880]; // 10, 20, 40, 60 ms; configurations 0 to 11
const HYBRID = [480, 960]; // 10, 20 ms; 12 to 15
const CELT = [120, 240, 480, 960]; // 2.5, 5, 10, 20 ms; 16 to 31
const FRAME_SAMPLES_48K = new Uint16Array([
  ...[...SILK, ...SILK, ...SILK],
  ...[...HYBRID, ...HYBRID],
  ...[...CELT, ...CELT, ...CELT, ...CELT],
]);

/**
 * The duration of an Opus packet in samples at 48 kHz of one channel, 120 to 5760. Null if the bytes break one of the rules R1
 * to R7 of RFC 6716 section 3.4; exactly then libopus returns OPUS_INVALID_PACKET. Only headers are read: at most one byte of
 * padding sizes for each 254 bytes of the packet.
 */
export function opusPacketSamples48k(packet: Uint8Array): number | null {
  const toc = packet[0];
  if (toc === undefined) return null; // R1
  const frameSamples = FRAME_SAMPLES_48K[toc >> 3] ?? 0;
  const bytes = packet.length - 1;
  switch (toc & 0b11) {
    case 0: // one frame
      return bytes <= MAX_FRAME_BYTES ? frameSamples : null; // R2
    case 1: // two frames of equal size
      return bytes % 2 === 0 && bytes / 2 <= MAX_FRAME_BYTES ? 2 * frameSamples : null; // R3, R2
    case 2: // two frames, the size of the first is stated
      return statedSizesFit(packet, 1, packet.length, 1) ? 2 * frameSamples : null; // R4, R2
    default:
      return manyFramesSamples(packet, frameSamples);
  }
}

/**
 * Whether any of the frames is a stereo packet (the `s` bit of the TOC, RFC 6716 section 3.1). The packets decide, not the name
 * of the recording, because encoders change within a stream.
 */
export function hasStereo(frames: readonly SourceFrame[]): boolean {
  return frames.some(({ payload }) => ((payload?.[0] ?? 0) & 0b100) !== 0);
}

/**
 * Whether a packet consists of zeros alone. An erased or unwritten part of a flash chip is read like this; no encoder writes
 * it.
 */
export function isHole(packet: Uint8Array): boolean {
  return packet.length >= 4 && packet[0] === 0 && packet.every((byte) => byte === 0);
}

/** Whether a packet is padded with bytes that have no meaning, mostly zeros (RFC 6716 section 3.2.5). */
export function isPadded(packet: Uint8Array): boolean {
  return ((packet[0] ?? 0) & 0b11) === 3 && ((packet[1] ?? 0) & 0b0100_0000) !== 0;
}

/**
 * The duration of a code 3 packet: a count byte, optional padding, and frames of equal (CBR) or stated (VBR) sizes (RFC 6716
 * section 3.2.5).
 */
function manyFramesSamples(packet: Uint8Array, frameSamples: number): number | null {
  const head = packet[1];
  if (head === undefined) return null; // R6, R7: at least two bytes
  const frames = head & 0b0011_1111;
  const samples = frames * frameSamples;
  if (frames === 0 || samples > MAX_PACKET_SAMPLES_48K) return null; // R5

  let at = 2;
  let end = packet.length;
  if (head & 0b0100_0000) {
    // A padding byte of 255 stands for 254 bytes of padding and one more length byte.
    let size: number | undefined;
    do {
      size = packet[at++];
      if (size === undefined) return null;
      end -= size === 255 ? 254 : size;
      if (end < at) return null;
    } while (size === 255);
  }

  if (head & 0b1000_0000) return statedSizesFit(packet, at, end, frames - 1) ? samples : null; // R7
  const bytes = end - at;
  return bytes % frames === 0 && bytes / frames <= MAX_FRAME_BYTES ? samples : null; // R6, R2
}

/**
 * Whether `count` stated frame sizes from `at` on, the frames of these sizes, and one last frame with the rest of the bytes fit
 * before `end`.
 */
function statedSizesFit(packet: Uint8Array, at: number, end: number, count: number): boolean {
  let stated = 0;
  for (let i = 0; i < count; i++) {
    if (at >= end) return false;
    const first = packet[at++] ?? 0;
    stated += first;
    if (first < 252) continue;
    if (at >= end) return false;
    stated += 4 * (packet[at++] ?? 0);
  }
  const last = end - at - stated;
  return last >= 0 && last <= MAX_FRAME_BYTES;
}
