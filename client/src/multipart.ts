/**
 * Writes multipart/form-data (RFC 7578) as bytes, because React Native makes no Blobs of bytes, and every platform can send bytes. Also
 * tells the length of a body before it is made.
 */

export interface MultipartFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const FILES_FIELD = 'files';
const encoder = new TextEncoder();

/** More than the boundary, headers and fields of a body take, bytes, without the names. */
const BODY_OVERHEAD = 2048;
const PART_OVERHEAD = 200;

/** An upper bound of the bytes of a body with these files. */
export function multipartBound(files: readonly { readonly name: string; readonly size: number }[]): number {
  return files.reduce(
    (total, { name, size }) => total + size + PART_OVERHEAD + encoder.encode(name).length,
    BODY_OVERHEAD,
  );
}

export function multipartBody(
  fields: Readonly<Record<string, string>>,
  files: readonly MultipartFile[],
): { readonly boundary: string; readonly body: Uint8Array<ArrayBuffer> } {
  // 26 base-36 digits: no recording has them by chance.
  const boundary = `sync-${[1, 2].map(() => Math.random().toString(36).slice(2, 15)).join('')}`;
  const parts = [
    ...Object.entries(fields).flatMap(([name, value]) => [partHeader(boundary, `name="${name}"`), text(value)]),
    ...files.flatMap(({ name, bytes }) => [
      partHeader(boundary, `name="${FILES_FIELD}"; filename="${name}"`, 'application/octet-stream'),
      bytes,
    ]),
    text(`\r\n--${boundary}--\r\n`),
  ];
  return { boundary, body: concat(parts) };
}

function partHeader(boundary: string, disposition: string, type?: string): Uint8Array {
  const contentType = type === undefined ? '' : `\r\nContent-Type: ${type}`;
  return text(`\r\n--${boundary}\r\nContent-Disposition: form-data; ${disposition}${contentType}\r\n\r\n`);
}

function text(value: string): Uint8Array {
  return encoder.encode(value);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
