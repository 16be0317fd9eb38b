/**
 * The lead-in: what stands in a file before its own format begins. It is padding, a byte order mark, or the ID3 tags that
 * players write.
 */

/** The longest lead-in that is read, bytes: it has room for hours of empty frames, and for tags with pictures. */
export const MAX_LEAD_IN_BYTES = 4 * 1024 * 1024;

export const BYTE_ORDER_MARK: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Bytes of the header of an ID3v2 tag. It says how long the rest of the tag is. */
export const TAG_HEAD_BYTES = 10;

/**
 * The offset at which the lead-in of these bytes ends. It lies beyond the bytes if they end within a tag.
 * @param from where an earlier call, for fewer of these bytes, found the end; the search continues there
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

/** The flag, in version 2.4, of a tag that repeats its header at its end. The length of the tag does not include that. */
const [FOOTER_VERSION, HAS_FOOTER] = [4, 0x10];

/** How many zeros these bytes begin with. */
export function zerosBefore(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.length : first;
}

/** Bytes of the ID3v2 tag at an offset; 0 if there is none. The tag states its length in bytes of seven bits. */
export function tagBytes(bytes: Uint8Array, at: number): number {
  const head = Buffer.from(bytes.subarray(at, at + TAG_HEAD_BYTES));
  if (head.length < TAG_HEAD_BYTES || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const hasFooter = head.readUInt8(3) === FOOTER_VERSION && (head.readUInt8(5) & HAS_FOOTER) !== 0;
  return (
    TAG_HEAD_BYTES +
    head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0) +
    (hasFooter ? TAG_HEAD_BYTES : 0)
  );
}
