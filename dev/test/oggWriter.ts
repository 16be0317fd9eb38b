/**
 * Writes Ogg streams for tests page by page, so that each rule can be broken by itself. It shares no code with the product's
 * writer.
 */

export interface TestPage {
  flags: number;
  granule: bigint;
  serial: number;
  sequence: number;
  lacing: number[];
  body: Buffer;
  /** The bits that are inverted in the checksum. */
  checksumError?: number;
  version?: number;
}

export const CONTINUED = 1;
export const FIRST = 2;
export const LAST = 4;

/** Pages of a correct stream: two headers, then the packets, `packetsPerPage` on each. */
export function oggPages(
  packets: readonly { readonly bytes: Uint8Array; readonly samples: number }[],
  { preSkip = 0, packetsPerPage = 50, trim = 0 } = {},
): TestPage[] {
  const pages = [
    page(FIRST, 0, [opusHead(preSkip)]),
    page(0, 0, [Buffer.from('OpusTags\x04\0\0\0test\0\0\0\0', 'latin1')]),
  ];
  let granule = 0;
  for (let at = 0; at < packets.length; at += packetsPerPage) {
    const some = packets.slice(at, at + packetsPerPage);
    granule += some.reduce((sum, { samples }) => sum + samples, 0);
    const isLast = at + packetsPerPage >= packets.length;
    const shown = isLast ? granule - trim : granule;
    pages.push(
      page(
        isLast ? LAST : 0,
        shown,
        some.map(({ bytes }) => bytes),
      ),
    );
  }
  return pages.map((each, sequence) => ({ ...each, sequence }));
}

export function opusHead(preSkip: number): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(1, 9);
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(16_000, 12);
  return head;
}

function page(flags: number, granule: number, packets: readonly Uint8Array[]): TestPage {
  const lacing = packets.flatMap(({ length }) => [
    ...new Array<number>(Math.floor(length / 255)).fill(255),
    length % 255,
  ]);
  return { flags, granule: BigInt(granule), serial: 7, sequence: 0, lacing, body: Buffer.concat(packets) };
}

export function writePages(pages: readonly TestPage[]): Buffer {
  return Buffer.concat(pages.map(writePage));
}

function writePage({
  flags,
  granule,
  serial,
  sequence,
  lacing,
  body,
  checksumError = 0,
  version = 0,
}: TestPage): Buffer {
  const header = Buffer.alloc(27);
  header.write('OggS', 'latin1');
  header.writeUInt8(version, 4);
  header.writeUInt8(flags, 5);
  header.writeBigUInt64LE(BigInt.asUintN(64, granule), 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt32LE(sequence, 18);
  header.writeUInt8(lacing.length, 26);
  const whole = Buffer.concat([header, Buffer.from(lacing), body]);
  whole.writeUInt32LE((checksum(whole) ^ checksumError) >>> 0, 22);
  return whole;
}

/** RFC 3533's checksum, bit by bit. */
function checksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return crc;
}
