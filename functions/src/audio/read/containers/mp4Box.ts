/** The heads of the boxes that an MP4 file is a row of: ISO 14496-12, 4.2. */

/** Bytes of the longest head: a size, a type, and a size of 64 bits. */
export const BOX_HEAD_BYTES = 16;

/** Bytes of the shortest box: nothing but its head. */
export const LEAST_BOX_BYTES = 8;

export interface BoxHead {
  /** Bytes of the box with its head, as it says; 0 for a box up to the end of the file. */
  readonly size: number;
  readonly type: string;
}

/** Whether these are the four characters of a type, and not any bytes. */
export function isBoxType(type: string): boolean {
  return /^[\x20-\x7e\xa9]{4}$/.test(type);
}

/** @param head the first {@link BOX_HEAD_BYTES} of a box, or fewer at the end of the file. @returns null where it is cut off */
export function boxHead(head: Uint8Array): BoxHead | null {
  if (head.length < LEAST_BOX_BYTES) return null;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const short = bytes.readUInt32BE(0);
  const isLong = short === 1 && bytes.length === BOX_HEAD_BYTES;
  return { size: isLong ? Number(bytes.readBigUInt64BE(8)) : short, type: bytes.toString('latin1', 4, 8) };
}

/** A box in a file, or within another. */
export interface Box extends BoxHead {
  readonly start: number;
}

/** The boxes that fill a stretch; null where none do. */
export function childrenOf(bytes: Buffer, from: number, to: number): Box[] | null {
  const boxes: Box[] = [];
  for (let at = from; at !== to;) {
    const box = boxHead(bytes.subarray(at, Math.min(to, at + BOX_HEAD_BYTES)));
    if (box === null || box.size < LEAST_BOX_BYTES) return null;
    boxes.push({ start: at, ...box });
    at += box.size;
  }
  return boxes;
}
