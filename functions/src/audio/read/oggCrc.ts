/** The checksum of an Ogg page (RFC 3533 section 6): CRC-32 with polynomial 0x04c11db7, unreflected, starting at 0. */

const POLYNOMIAL = 0x04c11db7;

/** The CRC of every single byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc >>> 0;
});

/** @param start the checksum of the bytes before these */
export function oggCrc32(bytes: Uint8Array, start = 0): number {
  let crc = start;
  for (const byte of bytes) crc = (crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0);
  return crc >>> 0;
}

/** For each value of the lowest byte of a CRC, the byte that has this CRC. */
const BY_LAST_BYTE = new Uint8Array(256);
for (const [byte, crc] of TABLE.entries()) BY_LAST_BYTE[crc & 0xff] = byte;

/**
 * Finds the wrong byte, if exactly one is wrong. CRC is linear, so the difference of two checksums depends only on the wrong
 * byte and its place.
 * @param difference the exclusive or of the checksum of the bytes and that of the right bytes
 * @param length the number of bytes
 * @returns where the byte is, and the exclusive or of its wrong and its right value; null if no single byte makes this
 * difference
 */
export function wrongByte(difference: number, length: number): { readonly at: number; readonly by: number } | null {
  let rest = difference >>> 0;
  for (let at = length - 1; at >= 0; at--) {
    const by = BY_LAST_BYTE[rest & 0xff] ?? 0;
    const crc = TABLE[by] ?? 0;
    if (crc === rest) return { at, by };
    rest = (((rest ^ crc) >>> 8) | (by << 24)) >>> 0; // undoes the CRC step of one byte
  }
  return null;
}
