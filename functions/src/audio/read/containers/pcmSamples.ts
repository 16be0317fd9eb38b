/** Converts the samples of files to floats. */
import { s16leToFloat } from '../s16.ts';

type BigEndian = 's16be' | 's24be' | 's32be' | 'f32be' | 'f64be';
export type Encoding = BigEndian | 'u8' | 's8' | 's16' | 's24' | 's32' | 'f32' | 'f64' | 'alaw' | 'ulaw';

export const BYTES: Readonly<Record<Encoding, number>> = {
  u8: 1,
  s8: 1,
  s16be: 2,
  s24be: 3,
  s32be: 4,
  f32be: 4,
  f64be: 8,
  s16: 2,
  s24: 3,
  s32: 4,
  f32: 4,
  f64: 8,
  alaw: 1,
  ulaw: 1,
};

/** Encodings that become noise if they are read from a wrong byte on. */
export const WIDE: readonly Encoding[] = ['s16', 's24', 's32', 's16be', 's24be', 's32be'];

/** Whether the high byte of a sample comes first. */
export function isBigEndian(encoding: Encoding): encoding is BigEndian {
  return encoding.endsWith('be');
}

export function samplesOf(bytes: Buffer, encoding: Encoding): Float32Array {
  if (encoding === 's16') return s16leToFloat(bytes);
  const width = BYTES[encoding];
  const read = READERS[encoding];
  const pcm = new Float32Array(bytes.length / width);
  for (let i = 0; i < pcm.length; i++) pcm[i] = read(bytes, i * width);
  return pcm;
}

/** Readers of one sample, in [-1, 1]. NaN and infinity become silence. */
const READERS: Readonly<Record<Exclude<Encoding, 's16'>, (bytes: Buffer, at: number) => number>> = {
  u8: (bytes, at) => (bytes.readUInt8(at) - 0x80) / 0x80,
  s8: (bytes, at) => bytes.readInt8(at) / 0x80,
  s16be: (bytes, at) => bytes.readInt16BE(at) / 0x8000,
  s24be: (bytes, at) => bytes.readIntBE(at, 3) / 0x80_0000,
  s32be: (bytes, at) => bytes.readInt32BE(at) / 0x8000_0000,
  f32be: (bytes, at) => clipped(bytes.readFloatBE(at)),
  f64be: (bytes, at) => clipped(bytes.readDoubleBE(at)),
  s24: (bytes, at) => bytes.readIntLE(at, 3) / 0x80_0000,
  s32: (bytes, at) => bytes.readInt32LE(at) / 0x8000_0000,
  f32: (bytes, at) => clipped(bytes.readFloatLE(at)),
  f64: (bytes, at) => clipped(bytes.readDoubleLE(at)),
  alaw: (bytes, at) => alawSample(bytes.readUInt8(at)),
  ulaw: (bytes, at) => ulawSample(bytes.readUInt8(at)),
};

function clipped(sample: number): number {
  return Number.isFinite(sample) ? Math.max(-1, Math.min(1, sample)) : 0;
}

/** ITU-T G.711, A-law: a sign, three bits of exponent and four of mantissa, with every other bit inverted. */
function alawSample(code: number): number {
  const value = code ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = ((value & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (value & 0x80 ? magnitude : -magnitude) / 0x8000;
}

/** ITU-T G.711, µ-law: the same fields with all bits inverted, and a bias of 33, which is multiplied by four here. */
function ulawSample(code: number): number {
  const value = ~code & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
  return (value & 0x80 ? -magnitude : magnitude) / 0x8000;
}
