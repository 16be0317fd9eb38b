/** Elements of EBML, of which Matroska and WebM consist: https://www.rfc-editor.org/rfc/rfc8794#name-ebml-element */

/** Ids of elements of Matroska: https://www.matroska.org/technical/elements.html */
export const MATROSKA = {
  segment: 0x1853_8067,
  seekHead: 0x114d_9b74,
  info: 0x1549_a966,
  tracks: 0x1654_ae6b,
  cluster: 0x1f43_b675,
  clusterTimestamp: 0xe7,
  cues: 0x1c53_bb6b,
  chapters: 0x1043_a770,
  tags: 0x1254_c367,
  attachments: 0x1941_a469,
} as const;

/** The longest head of an element, bytes: an id of four and a size of eight. */
export const MAX_ELEMENT_HEAD_BYTES = 12;

/** The head of an element. */
export interface EbmlElement {
  readonly id: number;
  /** Bytes of its content; Infinity if not known. */
  readonly size: number;
  /** Where its content begins. */
  readonly content: number;
}

/** The element at a position; null if there is no complete head. */
export function elementAt(bytes: Buffer, at: number): EbmlElement | null {
  const idLength = vintLength(bytes[at]);
  if (idLength === null || idLength > 4 || at + idLength >= bytes.length) return null;
  const sizeAt = at + idLength;
  const sizeLength = vintLength(bytes[sizeAt]);
  if (sizeLength === null || sizeAt + sizeLength > bytes.length) return null;
  let size = (bytes[sizeAt] ?? 0) & (0xff >> sizeLength);
  for (let i = 1; i < sizeLength; i++) size = size * 256 + (bytes[sizeAt + i] ?? 0);
  const unknown = 2 ** (7 * sizeLength) - 1;
  return { id: bytes.readUIntBE(at, idLength), size: size >= unknown ? Infinity : size, content: sizeAt + sizeLength };
}

function vintLength(first: number | undefined): number | null {
  return first === undefined || first === 0 ? null : Math.clz32(first) - 23;
}
