/** What stands before a file of its own format: padding, a byte order mark, ID3 tags that players put before anything. */

/** Zeros and tags are looked through up to here: empty frames of hours, pictures. */
export const MAX_LEAD_IN_BYTES = 4 * 1024 * 1024;

export const BYTE_ORDER_MARK: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Bytes of an ID3v2 tag's header, which says how long the rest is. */
const TAG_HEAD_BYTES = 10;

/**
 * Where the lead-in ends that bytes begin with; beyond them where they end within a tag.
 * @param from where it may go on, as an earlier call gave it for fewer bytes
 */
export function leadInEnd(bytes: Uint8Array, from = 0): number {
  for (let at = from; ;) {
    const zeros = zerosBefore(bytes.subarray(Math.min(at, bytes.length)));
    const mark = at + zeros;
    const isMark = BYTE_ORDER_MARK.every((byte, i) => bytes[mark + i] === byte);
    const end = isMark ? mark + BYTE_ORDER_MARK.length : mark + tagBytes(bytes, mark);
    if (end === mark || end >= bytes.length) return end;
    at = end;
  }
}

/** How many zeros bytes begin with. */
export function zerosBefore(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.length : first;
}

/** Bytes of the ID3v2 tag at an offset, 0 where none is; its length has seven bits in each byte. */
function tagBytes(bytes: Uint8Array, at: number): number {
  const head = Buffer.from(bytes.subarray(at, at + TAG_HEAD_BYTES));
  if (head.length < TAG_HEAD_BYTES || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  return TAG_HEAD_BYTES + head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
}
