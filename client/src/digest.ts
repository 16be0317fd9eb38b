/** MD5 of a recording, in parts. */
import { stopped } from './time.ts';

/** A running MD5. Node's `createHash('md5')` is one; `createMd5` (`/md5`) is one for every platform. */
export interface Md5 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Bytes that are read at once, so that a large recording is never in memory as a whole. */
const PART_BYTES = 1024 * 1024;

/** @returns base64; null if the bytes are gone. @throws SyncError `disposed` once the signal aborts. */
export async function md5Of(
  create: () => Md5,
  size: number,
  read: (start: number, end: number) => Promise<Uint8Array | null>,
  signal: AbortSignal,
): Promise<string | null> {
  const hash = create();
  for (let at = 0; at < size; at += PART_BYTES) {
    const part = await read(at, Math.min(size, at + PART_BYTES));
    if (part?.length !== Math.min(PART_BYTES, size - at)) return null;
    hash.update(part);
    if (signal.aborted) throw stopped();
  }
  return btoa(String.fromCharCode(...hash.digest()));
}
