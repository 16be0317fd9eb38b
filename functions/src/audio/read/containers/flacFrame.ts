/** Reads the headers of FLAC frames, which state their position in the audio: RFC 9639, section 9.1. */
import type { Libav } from './libav.ts';

/** The longest header up to the end of its coded number, bytes. */
const FLAC_HEADER_BYTES = 11;

/**
 * @param frame the first bytes of the frame
 * @param blockSamples the samples of all frames but the last, if frames are numbered
 * @returns the sample with which it begins; null if no frame begins here
 */
export function flacFrameStart(frame: Uint8Array, blockSamples: number): number | null {
  const [first = 0, second = 0] = frame;
  if (first !== 0xff || (second & 0xfe) !== 0xf8) return null;
  const number = codedNumber(frame.subarray(4));
  if (number === null) return null;
  const countsSamples = (second & 1) === 1;
  return countsSamples ? number : number * blockSamples;
}

/** The length of a coded number, by its first byte. */
function codedBytes(first: number): number {
  return Math.max(1, Math.clz32(~(first << 24)));
}

/** A number that is coded like UTF-8, in up to seven bytes. */
function codedNumber(bytes: Uint8Array): number | null {
  const [first = 0] = bytes;
  if (first < 0x80) return first;
  const length = codedBytes(first);
  if (length < 2 || length > 7) return null;
  let number = first & (0x7f >> length);
  for (const byte of bytes.subarray(1, length)) number = number * 64 + (byte & 0x3f);
  return number;
}

/**
 * Sets the time stamp of a packet to the position that its first frame states. In a part behind a loss, FFmpeg counts frames of
 * FLAC in Ogg from 0. In FLAC without a container, it joins the frames before damage to one packet, with the time of the last.
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

/** What the header of a frame says about the audio. A value is 0 if the header leaves it to STREAMINFO. */
export interface FlacFrameHeader {
  readonly blockSamples: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bits: number;
}

/** The longest header, bytes. */
export const MAX_FLAC_HEADER_BYTES = 16;

const RATES = [0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
const BITS = [0, 8, 12, null, 16, 20, 24, 32];

/** The header at the start of the bytes; null if there is none, or if it is damaged. */
export function flacFrameHeader(bytes: Uint8Array): FlacFrameHeader | null {
  const head = Buffer.concat([bytes.subarray(0, MAX_FLAC_HEADER_BYTES), Buffer.alloc(MAX_FLAC_HEADER_BYTES)]);
  const [block, rate, channel, size] = [
    head.readUInt8(2) >> 4,
    head.readUInt8(2) & 15,
    head.readUInt8(3) >> 4,
    (head.readUInt8(3) >> 1) & 7,
  ];
  const bits = BITS[size] ?? null;
  const isSound = block > 0 && rate < 15 && channel < 11 && bits !== null && (head.readUInt8(3) & 1) === 0;
  if (!isSound || flacFrameStart(head, 1) === null) return null;
  const blockAt = 4 + codedBytes(head.readUInt8(4));
  const rateAt = blockAt + (block === 6 ? 1 : block === 7 ? 2 : 0);
  const end = rateAt + (rate === 12 ? 1 : rate > 12 ? 2 : 0);
  if (end >= bytes.length || crc8(head.subarray(0, end)) !== head.readUInt8(end)) return null;
  return {
    blockSamples: blockSamplesOf(block, head.readUIntBE(blockAt, block === 6 ? 1 : 2)),
    sampleRate:
      RATES[rate] ?? head.readUIntBE(rateAt, rate === 12 ? 1 : 2) * (rate === 12 ? 1000 : rate === 14 ? 10 : 1),
    channels: channel < 8 ? channel + 1 : 2,
    bits,
  };
}

function blockSamplesOf(code: number, following: number): number {
  if (code === 6 || code === 7) return following + 1;
  if (code === 1) return 192;
  return code < 6 ? 144 << code : 1 << code;
}

/** CRC-8 of polynomial 0x07. */
function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
  }
  return crc;
}
