/** A view of a file: all of it, or some of its stretches, as one sequence of bytes. */
import { createWriteStream, fstatSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const COPIED_BYTES = 256 * 1024;

/** Stretches of a file, one after the other. */
export interface FileView {
  readonly fd: number;
  readonly ranges: readonly { readonly start: number; readonly size: number }[];
  readonly size: number;
}

export function openView(path: string): FileView {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  return { fd, ranges: [{ start: 0, size }], size };
}

/** Reads up to `length` bytes at a position of the view; fewer at its end. */
export function readView(view: FileView, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, view.size - position)));
  let filled = 0;
  let rangeStart = 0;
  for (const { start, size } of view.ranges) {
    const offset = position + filled - rangeStart;
    if (offset < size && filled < bytes.length) {
      const wanted = Math.min(size - offset, bytes.length - filled);
      filled += readSync(view.fd, bytes, filled, wanted, start + offset);
    }
    rangeStart += size;
  }
  return bytes.subarray(0, filled);
}

/** Writes a view to a new file. */
export async function writeView(view: FileView, path: string): Promise<void> {
  await pipeline(function* () {
    for (let at = 0; at < view.size; at += COPIED_BYTES) yield readView(view, at, COPIED_BYTES);
  }, createWriteStream(path));
}

/** Reads bytes of a file that is open for writing; fewer if it ends earlier. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
