/**
 * The one reader of Ogg pages and packets (RFC 3533) that the stand-in and the tests share. It is strict, and shares no code with the
 * product, whose streams it checks.
 */

/** The stream breaks the specification; the message says where and how. */
export class OggError extends Error {
  override readonly name = 'OggError';
}

export interface OggPage {
  readonly index: number;
  readonly continued: boolean;
  readonly first: boolean;
  readonly last: boolean;
  /** Null for the value -1: no packet ends on this page. */
  readonly granule: bigint | null;
  readonly serial: number;
  readonly sequence: number;
  readonly lacing: Uint8Array;
  readonly body: Uint8Array;
}

const HEADER_BYTES = 27;
const NO_PACKET_ENDS = 0xffff_ffff_ffff_ffffn;

/** The pages in order, each with its checksum verified. @throws OggError */
export function* readPages(bytes: Uint8Array): Generator<OggPage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, index = 0; at < bytes.length; index++) {
    if (at + HEADER_BYTES > bytes.length) throw new OggError(`page ${index} is cut off`);
    if (view.getUint32(at) !== 0x4f676753) throw new OggError(`page ${index} does not start with "OggS"`);
    if (view.getUint8(at + 4) !== 0) throw new OggError(`page ${index} has an unknown version`);
    const bodyStart = at + HEADER_BYTES + view.getUint8(at + 26);
    const lacing = bytes.subarray(at + HEADER_BYTES, bodyStart);
    const end = bodyStart + lacing.reduce((sum, value) => sum + value, 0);
    if (end > bytes.length || bodyStart > bytes.length) throw new OggError(`page ${index} is cut off`);
    if (pageChecksum(bytes.subarray(at, end)) !== view.getUint32(at + 22, true)) {
      throw new OggError(`page ${index} fails its checksum`);
    }
    const flags = view.getUint8(at + 5);
    if ((flags & ~7) !== 0) throw new OggError(`page ${index} has unknown flags`);
    const granule = view.getBigUint64(at + 6, true);
    yield {
      index,
      continued: (flags & 1) !== 0,
      first: (flags & 2) !== 0,
      last: (flags & 4) !== 0,
      granule: granule === NO_PACKET_ENDS ? null : granule,
      serial: view.getUint32(at + 14, true),
      sequence: view.getUint32(at + 18, true),
      lacing,
      body: bytes.subarray(bodyStart, end),
    };
    at = end;
  }
}

export interface OggPacket {
  readonly bytes: Buffer;
  /** The page on which it ends. */
  readonly page: OggPage;
  /** Whether it is the last that ends there. */
  readonly lastOfPage: boolean;
}

/** The packets that end on these pages. */
export function* packetsOf(pages: Iterable<OggPage>): Generator<OggPacket> {
  let parts: Uint8Array[] = [];
  for (const page of pages) {
    const lastEnd = page.lacing.findLastIndex((value) => value < 255);
    let at = 0;
    for (const [segment, length] of page.lacing.entries()) {
      parts.push(page.body.subarray(at, at + length));
      at += length;
      if (length === 255) continue;
      yield { bytes: Buffer.concat(parts), page, lastOfPage: segment === lastEnd };
      parts = [];
    }
  }
}

/** The audio packets of an Ogg Opus file: those behind its two headers. @throws OggError */
export function audioPacketsOf(file: Uint8Array): Buffer[] {
  return [...packetsOf(readPages(file))].slice(2).map(({ bytes }) => bytes);
}

/** CRC-32 with polynomial 0x04c11db7, not reflected, zero start, over the page with its checksum field as zero (RFC 3533). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc;
});

function pageChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= 22 && at < 26 ? 0 : (page[at] ?? 0);
    crc = ((crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
  }
  return crc;
}
