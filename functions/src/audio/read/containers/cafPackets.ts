/** The table of packets of a CAF file: how many there are, how long they last, and the size of each. */

/** Bytes of the table before the sizes. */
export const TABLE_HEAD_BYTES = 24;

/** The largest chunk that is read. The table of 25 hours has 10 MB. */
export const MAX_CHUNK_BYTES = 16 * 1024 * 1024;

/** The first bytes of the data count edits. */
export const EDITS_BYTES = 4;

/** Whether a chunk of this size is read as a whole. */
export function isReadable({ size }: { readonly size: number }): boolean {
  return size >= 0 && size <= MAX_CHUNK_BYTES;
}

/** The number of sizes in a table, and their sum; null if the last one is cut short. */
export function countPackets(table: Buffer): { readonly packets: number; readonly bytes: number } | null {
  let [packets, bytes] = [0, 0];
  for (const size of packetSizes(table)) {
    if (size === null) return null;
    [packets, bytes] = [packets + 1, bytes + size];
  }
  return { packets, bytes };
}

/** The sizes: each has seven bits in a byte, the highest of which says whether another follows. Null stands for a part of one. */
export function* packetSizes(table: Buffer): Generator<number | null> {
  let [size, isWithin] = [0, false];
  for (const byte of table.subarray(TABLE_HEAD_BYTES)) {
    size = size * 128 + (byte & 0x7f);
    isWithin = byte >= 0x80;
    if (isWithin) continue;
    yield size;
    size = 0;
  }
  if (isWithin) yield null;
}

/**
 * The samples that a table claims. If it does not say how many the last packet has too many, one packet less, because some writers count
 * its padding.
 */
export function claimedSamples(table: Buffer, packetFrames: number): number {
  const [packets, claimed] = [Number(table.readBigInt64BE(0)), Number(table.readBigInt64BE(8))];
  const [before, behind] = [table.readUInt32BE(16), table.readUInt32BE(20)];
  const isExact = behind > 0 && behind < packetFrames && claimed + before + behind === packets * packetFrames;
  return claimed - (isExact ? 0 : packetFrames);
}
