/** What the encoder of an Opus stream thought of it: its packets say whether it heard a voice. Decodes nothing. */
import type { SourceFrame } from '../read/pcm.ts';

/** SILK frames in an Opus frame of 10, 20, 40 and 60 ms (RFC 6716 section 4.2.2): one bit of voice activity each. */
const SILK_FRAMES = [1, 1, 2, 3];

/**
 * False where there is certainly no voice: the packet's own voice activity bits are clear. These are the first bits of a SILK
 * frame (RFC 6716 section 4.2.3), and half-half decisions of the range coder, so they lie in the byte as they are. True where
 * the packet does not say: CELT has no such bits, and those of stereo or of several frames lie elsewhere.
 */
export function mayHoldVoice({ payload }: SourceFrame): boolean {
  if (payload === null) return false; // Lost, and decoded to silence.
  const toc = payload[0] ?? 0;
  const configuration = toc >> 3;
  const isCelt = configuration >= 16;
  if (isCelt || (toc & 0b111) !== 0) return true;
  const flags = payload[1];
  if (flags === undefined) return false; // DTX: the encoder sent no audio.
  const isHybrid = configuration >= 12;
  const count = isHybrid ? 1 : (SILK_FRAMES[configuration & 0b11] ?? 1);
  return flags >> (8 - count) !== 0;
}
