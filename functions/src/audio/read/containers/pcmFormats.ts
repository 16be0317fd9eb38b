/** Reads the descriptions of samples in WAV, AIFF and CAF files; null for compressed samples and for rare layouts. */
import { MAX_CHANNELS } from './limits.ts';
import type { Encoding } from './pcmSamples.ts';

export interface PcmFormat {
  readonly encoding: Encoding;
  readonly channels: number;
  readonly sampleRate: number;
}

const INTEGERS_LE: Readonly<Record<number, Encoding>> = { 16: 's16', 24: 's24', 32: 's32' };
const INTEGERS_BE: Readonly<Record<number, Encoding>> = { 8: 's8', 16: 's16be', 24: 's24be', 32: 's32be' };
const FLOATS_LE: Readonly<Record<number, Encoding>> = { 32: 'f32', 64: 'f64' };
const FLOATS_BE: Readonly<Record<number, Encoding>> = { 32: 'f32be', 64: 'f64be' };

/** WAVEFORMATEX and WAVEFORMATEXTENSIBLE (mmreg.h). */
export function wavFormat(description: Buffer): PcmFormat | null {
  if (description.length < 16) return null;
  const EXTENSIBLE = 0xfffe;
  const tag = description.readUInt16LE(0);
  const known = tag === EXTENSIBLE && description.length >= 26 ? description.readUInt16LE(24) : tag;
  const [channels, bits] = [description.readUInt16LE(2), description.readUInt16LE(14)];
  const rate = description.readUInt32LE(4);
  const [bytesPerSecond, blockBytes] = [description.readUInt32LE(8), description.readUInt16LE(12)];
  // The numbers follow from one another, so one that is wrong follows from the others.
  const other = bytesPerSecond / blockBytes;
  const isOtherRate = blockBytes * 8 === channels * bits && !isUsualRate(rate) && isUsualRate(other);
  const isOtherCount = !isOtherRate && rate === other && channels > MAX_CHANNELS;
  return withEncoding(
    wavEncoding(known, bits),
    isOtherCount ? (8 * blockBytes) / bits : channels,
    isOtherRate ? other : rate,
  );
}

/** The rates of nearly all recordings are whole parts or multiples of these. */
const RATE_FAMILIES = [8000, 11_025];
const MAX_USUAL_RATE = 384_000;

export function isUsualRate(rate: number): boolean {
  return (
    Number.isInteger(rate) && rate > 0 && rate <= MAX_USUAL_RATE && RATE_FAMILIES.some((each) => rate % each === 0)
  );
}

/** The rates of nearly all recordings of plain samples. */
const USUAL_RATES = [
  8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000,
];

/** Rates of old computers, and of sound for film and video, that differ from a usual one by a byte. */
const ODD_RATES = [11_127, 22_254, 44_056, 44_144, 47_952, 48_048];

/** The rate that a header states, or the only usual one that it becomes by changing one byte. @param bytesOf how the header states a rate */
function mendedRate(rate: number, stated: Buffer, bytesOf: (rate: number) => Buffer): number {
  const isKnown = isUsualRate(rate) || ODD_RATES.includes(Math.floor(rate));
  const isNear = (usual: number): boolean => bytesOf(usual).filter((byte, i) => byte !== stated[i]).length === 1;
  const [only = rate, ...others] = isKnown ? [] : USUAL_RATES.filter(isNear);
  return others.length > 0 ? rate : only; // rates that are doubled differ in the exponent alone
}

function wavEncoding(tag: number, bits: number): Encoding | null {
  if (tag === 1) return bits === 8 ? 'u8' : (INTEGERS_LE[bits] ?? null);
  if (tag === 3) return FLOATS_LE[bits] ?? null;
  if (tag === 6) return 'alaw';
  return tag === 7 ? 'ulaw' : null;
}

/** The common chunk of AIFF: channels, samples, their width, their rate as an 80-bit float, and in AIFF-C their coding. */
export function aiffFormat(description: Buffer, isCoded: boolean): PcmFormat | null {
  if (description.length < (isCoded ? 22 : 18)) return null;
  const bits = 8 * Math.ceil(description.readUInt16BE(6) / 8);
  const coding = isCoded ? description.toString('latin1', 18, 22) : 'NONE';
  return withEncoding(aiffEncoding(coding, bits), description.readUInt16BE(0), aiffRate(description));
}

/** Where the rate stands in the common chunk of AIFF: an 80-bit float. */
const [AIFF_RATE_AT, AIFF_RATE_BYTES] = [8, 10];

/** The sampling rate in the common chunk of AIFF, Hz. */
export function aiffRate(description: Buffer): number {
  const stated = description.subarray(AIFF_RATE_AT, AIFF_RATE_AT + AIFF_RATE_BYTES);
  const rate = (stated.readUInt32BE(2) / 2 ** 31) * 2 ** ((stated.readUInt16BE(0) & 0x7fff) - 16_383);
  return mendedRate(rate, stated, (usual) => {
    const bytes = Buffer.alloc(AIFF_RATE_BYTES);
    const exponent = Math.floor(Math.log2(usual));
    bytes.writeUInt16BE(16_383 + exponent, 0);
    bytes.writeUInt32BE(usual * 2 ** (31 - exponent), 2);
    return bytes;
  });
}

/** The sampling rate in the description of CAF, Hz. */
export function cafRate(description: Buffer): number {
  return mendedRate(description.readDoubleBE(0), description.subarray(0, 8), (usual) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(usual);
    return bytes;
  });
}

function aiffEncoding(coding: string, bits: number): Encoding | null {
  if (['NONE', 'twos', 'in24', 'in32'].includes(coding)) return INTEGERS_BE[bits] ?? null;
  if (coding === 'sowt') return bits === 8 ? 's8' : (INTEGERS_LE[bits] ?? null);
  const others: Readonly<Record<string, Encoding>> = { fl32: 'f32be', fl64: 'f64be', alaw: 'alaw', ulaw: 'ulaw' };
  return others[coding.toLowerCase()] ?? null;
}

/** Bytes of a sample with padding. */
const PADDED_BYTES: readonly number[] = [2, 4, 8];

/** The description chunk of CAF: rate, coding and its flags, bytes and samples of a packet, channels, bits of a sample. */
export function cafFormat(description: Buffer): PcmFormat | null {
  if (description.length < 32) return null;
  const channels = description.readUInt32BE(24);
  const bits = description.readUInt32BE(28);
  // A sample may have padding. Any other size contradicts the rest, so it is damaged; of PCM, a packet is always one sample.
  const sampleBytes = description.readUInt32BE(16) / channels;
  const isWhole = sampleBytes * 8 <= bits || !PADDED_BYTES.includes(sampleBytes);
  const encoding = cafEncoding(description.toString('latin1', 8, 12), description.readUInt32BE(12), bits);
  return withEncoding(isWhole ? encoding : null, channels, cafRate(description));
}

function cafEncoding(coding: string, flags: number, bits: number): Encoding | null {
  if (coding === 'alaw' || coding === 'ulaw') return coding;
  if (coding !== 'lpcm') return null;
  const [isFloat, isLittleEndian] = [(flags & 1) !== 0, (flags & 2) !== 0];
  if (isFloat) return (isLittleEndian ? FLOATS_LE : FLOATS_BE)[bits] ?? null;
  return bits === 8 ? 's8' : ((isLittleEndian ? INTEGERS_LE : INTEGERS_BE)[bits] ?? null);
}

function withEncoding(encoding: Encoding | null, channels: number, sampleRate: number): PcmFormat | null {
  return encoding === null ? null : { encoding, channels, sampleRate };
}
