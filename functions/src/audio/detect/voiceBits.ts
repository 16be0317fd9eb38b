/** Reads from Opus packets whether the encoder detected a voice. Nothing is decoded. */
import type { SourceFrame } from '../read/pcm.ts';

/**
 * How many SILK frames an Opus frame of 10, 20, 40 and 60 ms has (RFC 6716 section 4.2.2). Each has one bit of voice activity.
 */
const SILK_FRAMES = [1, 1, 2, 3];

/**
 * False if there is certainly no voice: the voice activity bits of the packet are all 0. They are the first bits of its SILK
 * frames (RFC 6716 section 4.2.3). The range coder codes them with equal probabilities, so they stand in the first byte
 * unchanged. True if the packet does not say: CELT has no such bits, and those of stereo, and of packets with several frames,
 * lie elsewhere.
 */
export function mayHoldVoice({ payload }: SourceFrame): boolean {
  if (payload === null) return false; // a lost frame becomes silence
  const toc = payload[0] ?? 0;
  const configuration = toc >> 3;
  const isCelt = configuration >= 16;
  if (isCelt || (toc & 0b111) !== 0) return true;
  const flags = payload[1];
  if (flags === undefined) return false; // DTX: the encoder sent no audio
  const isHybrid = configuration >= 12;
  const count = isHybrid ? 1 : (SILK_FRAMES[configuration & 0b11] ?? 1);
  return flags >> (8 - count) !== 0;
}
