/**
 * Repairs the settings of a decoder in an MP4 file. If they contradict the rate of the track, FFmpeg takes a wrong duration from them;
 * if AAC of one track has settings that do not exist, FFmpeg refuses the whole file.
 */
import { Cell } from './indexCells.ts';
import type { Box } from './mp4Box.ts';

/** Where the settings of ALAC stand in a description of sound that has nothing else, and the rate in them. */
const [ALAC_AT, ALAC_RATE_AT, ALAC_BYTES] = [56, 84, 88];

/** The rates of AAC, by their number in the settings: ISO 14496-3, table 1.18. */
const AAC_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

/** The kinds of AAC that decoders know: with low complexity, main, with prediction, for networks with errors, and with low delay. */
const LOW_COMPLEXITY = 2;
const OTHER_KINDS = [1, 4, 17, 23];

/** Kinds with replicated bands. A second rate and another kind follow. */
const WITH_BANDS = [5, 29];
const KINDS_WITHIN = [LOW_COMPLEXITY, 22];

/** Stands for a kind in six more bits, to which 32 is added: enhanced low delay, and unified coding of speech and audio. */
const ESCAPE = 31;
const LONG_KINDS = [39, 42];

/** Numbers of channels that are defined. 0 stands for a description of channels, which is longer than other settings. */
const CHANNELS = [1, 2, 3, 4, 5, 6, 7, 11, 12, 14];
const SHORT_SETTINGS_BYTES = 5;

/** Stands for one channel, too: decoders see from the first frame that it is one. */
const TWO_CHANNELS = 2;

/** Flags of low complexity that are never set: it depends on no other stream, and has no extension. */
const UNUSED_FLAGS = 0b11;

/**
 * What comes before the settings of AAC: the tag and the length of the description of a decoder, the number of MPEG-4 audio, twelve
 * bytes; the tag of the settings, and their length. ISO 14496-1, 7.2.6.6 and 8.3.3.
 */
const SETTINGS = /\x04(?:\x80\x80\x80)?[^]@[^]{12}\x05(?:\x80\x80\x80)?[\x02-\x10]/;

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

/** Repairs the first two bytes: five bits for the kind of the audio, four for its rate, four for its channels, three flags. */
function mendAac(description: Buffer, rate: number): void {
  const found = SETTINGS.exec(description.toString('latin1'));
  const at = found === null ? 0 : found.index + found[0].length;
  const right = AAC_RATES.indexOf(rate);
  if (at === 0 || right < 0 || at + 3 > description.length) return;
  const settings = description.readUIntBE(at, 3);
  const stated = AAC_RATES[(settings >> 15) & 15];
  // The rate of AAC with bands that were replicated is half of that of the track.
  const isOfTrack = stated === rate || stated === rate / 2;
  const kind = isKnownKind(settings, isOfTrack) ? settings >> 19 : LOW_COMPLEXITY;
  const mayHaveRate = kind === LOW_COMPLEXITY || WITH_BANDS.includes(kind);
  const rateBits = mayHaveRate && !isOfTrack ? right : (settings >> 15) & 15;
  const channels = channelsOf(settings, description.readUInt8(at - 1));
  const flags = (settings >> 8) & 7 & ~(kind === LOW_COMPLEXITY ? UNUSED_FLAGS : 0);
  description.writeUInt16BE((kind << 11) | (rateBits << 7) | (channels << 3) | flags, at);
}

function channelsOf(settings: number, bytes: number): number {
  const channels = (settings >> 11) & 15;
  const isDescribed = channels === 0 && bytes > SHORT_SETTINGS_BYTES;
  return isDescribed || CHANNELS.includes(channels) ? channels : TWO_CHANNELS;
}

/** @param settings the first three bytes. @param isOfTrack whether their rate is that of the track */
function isKnownKind(settings: number, isOfTrack: boolean): boolean {
  const kind = settings >> 19;
  if (kind === ESCAPE) return LONG_KINDS.includes(32 + ((settings >> 13) & 63));
  if (WITH_BANDS.includes(kind)) return KINDS_WITHIN.includes((settings >> 2) & 31);
  return kind === LOW_COMPLEXITY || (OTHER_KINDS.includes(kind) && isOfTrack);
}
