/**
 * Repairs the rate in the settings of a decoder in an MP4 file, if it contradicts that of the track. It decides how long the audio
 * is: FFmpeg takes it from the settings.
 */
import { Cell } from './indexCells.ts';
import type { Box } from './mp4Box.ts';

/** Where the settings of ALAC stand in a description of sound that has nothing else, and the rate in them. */
const [ALAC_AT, ALAC_RATE_AT, ALAC_BYTES] = [56, 84, 88];

/** The rates of AAC, by their number in the settings: ISO 14496-3, table 1.18. */
const AAC_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

/** The kinds of AAC: with low complexity, and with replicated bands. */
const KINDS = [2, 5, 29];

/** The tag of the settings, and their length of one byte, or of four: ISO 14496-1, 7.2.6.7 and 8.3.3. */
const SETTINGS = /\x05(?:\x80\x80\x80)?[\x02-\x10]/;

/** @param rate the rate of the track */
export function mendSettings(index: Buffer, { start, size }: Box, rate: number): void {
  const description = index.subarray(start, start + size);
  const type = description.toString('latin1', 20, 24);
  if (type === 'alac' && size >= ALAC_BYTES && description.toString('latin1', ALAC_AT, ALAC_AT + 4) === 'alac') {
    const cell = new Cell(index, start + ALAC_RATE_AT);
    if (cell.isNear(rate)) cell.value = rate;
  }
  if (type === 'mp4a') mendAac(description, rate);
}

/** The rate of AAC with bands that were replicated is half of that of the track. */
function mendAac(description: Buffer, rate: number): void {
  const found = SETTINGS.exec(description.toString('latin1'));
  const at = found === null ? 0 : found.index + found[0].length;
  const right = AAC_RATES.indexOf(rate);
  if (at === 0 || right < 0 || at + 2 > description.length) return;
  // Five bits for the kind of the audio, four for its rate.
  const bits = description.readUInt16BE(at);
  const stated = AAC_RATES[(bits >> 7) & 15];
  if (!KINDS.includes(bits >> 11) || stated === rate || stated === rate / 2) return;
  description.writeUInt16BE((bits & ~(15 << 7)) | (right << 7), at);
}
