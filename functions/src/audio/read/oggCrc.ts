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

/** The byte whose CRC ends in a byte. */
const BY_LAST_BYTE = new Uint8Array(256);
for (const [byte, crc] of TABLE.entries()) BY_LAST_BYTE[crc & 0xff] = byte;

/**
 * Which one byte is wrong, where one alone is. CRC is linear: what a checksum differs by depends on the wrong byte and its place alone.
 * @param difference between the checksum of the bytes and that of the right ones (exclusive or)
 * @param length how many bytes there are
 * @returns where it is, and what it differs by; null where no one byte makes this difference
 */
export function wrongByte(difference: number, length: number): { readonly at: number; readonly by: number } | null {
  let rest = difference >>> 0;
  for (let at = length - 1; at >= 0; at--) {
    const by = BY_LAST_BYTE[rest & 0xff] ?? 0;
    const crc = TABLE[by] ?? 0;
    if (crc === rest) return { at, by };
    rest = (((rest ^ crc) >>> 8) | (by << 24)) >>> 0; // takes a byte back
  }
  return null;
}
