/** Elements of EBML, what Matroska and WebM are made of: https://www.rfc-editor.org/rfc/rfc8794#name-ebml-element */

/** The head of an element. */
export interface EbmlElement {
  readonly id: number;
  /** Bytes of its content; Infinity where it is unknown. */
  readonly size: number;
  /** Where its content begins. */
  readonly content: number;
}

/** The element whose head stands at a position; null where none does. */
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
