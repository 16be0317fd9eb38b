/** The heads of the boxes of an MP4 file: ISO 14496-12, 4.2. */

/** The longest head, bytes: a size, a type, and a 64-bit size. */
export const BOX_HEAD_BYTES = 16;

/** The shortest box, bytes: only a head. */
export const LEAST_BOX_BYTES = 8;

export interface BoxHead {
  /** The stated size of the box with its head, bytes; 0 for a box that extends to the end of the file. */
  readonly size: number;
  readonly type: string;
}

/** Whether four characters can be the type of a box. */
export function isBoxType(type: string): boolean {
  return /^[\x20-\x7e\xa9]{4}$/.test(type);
}

/**
 * @param head the first {@link BOX_HEAD_BYTES} of a box, or fewer at the end of the file
 * @returns null if the head is cut off
 */
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

/** The largest number of boxes in a row. */
const MAX_BOXES = 100_000;

/** The boxes that fill a stretch exactly; null if the stretch is not a row of boxes. */
export function childrenOf(bytes: Buffer, from: number, to: number): Box[] | null {
  const boxes: Box[] = [];
  for (let at = from; at !== to;) {
    const box = boxHead(bytes.subarray(at, Math.min(to, at + BOX_HEAD_BYTES)));
    if (box === null || box.size < LEAST_BOX_BYTES || boxes.length === MAX_BOXES) return null;
    boxes.push({ start: at, ...box });
    at += box.size;
  }
  return boxes;
}
