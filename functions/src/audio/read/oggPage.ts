/** The pages of an Ogg stream: RFC 3533 section 6. */
import { oggCrc32 } from './oggCrc.ts';

export const CAPTURE_PATTERN = Buffer.from('OggS');
/** Bytes before the lacing values. */
export const PAGE_HEAD_BYTES = 27;
export const MAX_SEGMENTS = 255;
export const MAX_SEGMENT_BYTES = 255;

export const CONTINUED = 0x01;
export const FIRST_PAGE = 0x02;
export const LAST_PAGE = 0x04;

const CHECKSUM_AT = 22;
const CHECKSUM_BYTES = 4;

export interface PageHead {
  readonly flags: number;
  /** Samples up to the end of the last packet that ends on the page; -1 if none ends on it. */
  readonly granule: number;
  readonly serial: number;
  readonly sequence: number;
  /** The lacing values: their sum is the size of the body. */
  readonly segments: readonly number[];
}

/** Whether the capture pattern of a page stands at an offset. */
export function isPattern(buffer: Buffer, at: number): boolean {
  return buffer.subarray(at, at + CAPTURE_PATTERN.length).equals(CAPTURE_PATTERN);
}

/** The lacing values of a packet: as many 255s as fit, then the rest, which is 0 if the size is a multiple of 255. */
export function lacing(bytes: number): number[] {
  const segments = new Array<number>(Math.floor(bytes / MAX_SEGMENT_BYTES)).fill(MAX_SEGMENT_BYTES);
  return [...segments, bytes % MAX_SEGMENT_BYTES];
}

export function pageOf({ flags, granule, serial, sequence, segments }: PageHead, body: Uint8Array): Buffer {
  const head = Buffer.alloc(PAGE_HEAD_BYTES);
  CAPTURE_PATTERN.copy(head);
  head.writeUInt8(flags, 5);
  head.writeBigInt64LE(BigInt(granule), 6);
  head.writeUInt32LE(serial >>> 0, 14);
  head.writeUInt32LE(sequence, 18);
  head.writeUInt8(segments.length, 26);
  return withChecksum(Buffer.concat([head, Buffer.from(segments), body]));
}

/** Writes the checksum into a page. @returns the same page */
export function withChecksum(page: Buffer): Buffer {
  page.writeUInt32LE(checksumOf(page), CHECKSUM_AT);
  return page;
}

/** The exclusive or of a page's checksum and the one stated in it: 0 if the page is intact. */
export function checksumDifference(page: Buffer): number {
  return (checksumOf(page) ^ page.readUInt32LE(CHECKSUM_AT)) >>> 0;
}

/** The checksum of the whole page, with zeros in place of the checksum itself. */
function checksumOf(page: Uint8Array): number {
  const before = oggCrc32(page.subarray(0, CHECKSUM_AT));
  return oggCrc32(page.subarray(CHECKSUM_AT + CHECKSUM_BYTES), oggCrc32(new Uint8Array(CHECKSUM_BYTES), before));
}
