/** The place of a FLAC frame, which its header holds: RFC 9639, section 9.1. */

import type { Libav } from './libav.ts';

/** Bytes of a header up to the end of the longest number. */
const FLAC_HEADER_BYTES = 11;

/**
 * @param frame its first bytes
 * @param blockSamples samples of all frames but the last, where they are numbered
 * @returns the sample that it begins with; null where no frame begins
 */
function flacFrameStart(frame: Uint8Array, blockSamples: number): number | null {
  const [first = 0, second = 0] = frame;
  if (first !== 0xff || (second & 0xfe) !== 0xf8) return null;
  const number = codedNumber(frame.subarray(4));
  if (number === null) return null;
  const countsSamples = (second & 1) === 1;
  return countsSamples ? number : number * blockSamples;
}

/** A number in the manner of UTF-8, of up to seven bytes. */
function codedNumber(bytes: Uint8Array): number | null {
  const [first = 0] = bytes;
  if (first < 0x80) return first;
  const length = Math.clz32(~(first << 24));
  if (length < 2 || length > 7) return null;
  let number = first & (0x7f >> length);
  for (const byte of bytes.subarray(1, length)) number = number * 64 + (byte & 0x3f);
  return number;
}

/**
 * Gives a packet the time that its frame says: in a part behind a loss, FFmpeg counts those of FLAC in Ogg from 0.
 * @param track knows the longest packet so far, in ticks, which are samples
 */
export function placeFlacFrame(libav: Libav, packet: number, track: { longestTicks: number }): void {
  track.longestTicks = Math.max(track.longestTicks, libav.AVPacket_duration_sync(packet));
  const bytes = Math.min(FLAC_HEADER_BYTES, libav.AVPacket_size_sync(packet));
  const start = flacFrameStart(libav.copyout_u8_sync(libav.AVPacket_data_sync(packet), bytes), track.longestTicks);
  if (start === null) return;
  libav.AVPacket_pts_s_sync(packet, start | 0);
  libav.AVPacket_ptshi_s_sync(packet, Math.floor(start / 0x1_0000_0000));
}
