/**
 * Repairs a CAF file whose data lacks bytes, or has too many. Its table states the size of each packet, so all packets behind such a
 * place are read from wrong bytes; if the table lies behind the data, the size of the data no longer leads to it.
 */
import { closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { countPackets, EDITS_BYTES, isReadable, MAX_CHUNK_BYTES, packetSizes, TABLE_HEAD_BYTES } from './cafPackets.ts';
import { chunksOfCaf, isChunkAt } from './chunkClaims.ts';
import { fillHoles } from './fileHoles.ts';
import { openView, readAt } from './fileView.ts';
import { findHoles } from './sampleShifts.ts';

/** Bytes of a chunk before its content: its name and its size. */
const CHUNK_HEAD_BYTES = 12;

const WINDOW_BYTES = 256 * 1024;

/** How many places behind the data are checked for the table. The four letters of its name occur hardly ever by chance. */
const MAX_CHECKS = 8;

/** The largest number of packets whose places are searched for holes. */
const MAX_PACKETS = 2_000_000;

/** Inserts bytes into the file at `path` where some are missing, or removes some, so that its table is right again. */
export async function mendCafHoles(path: string): Promise<void> {
  const view = openView(path);
  const chunks = [...chunksOfCaf(view)];
  const data = chunks.find(({ name }) => name === 'data');
  const listed = chunks.find(({ name }) => name === 'pakt');
  const isToEnd = data !== undefined && !isChunkAt(view, data.start + data.size);
  closeSync(view.fd);
  if (data === undefined || (listed !== undefined && !(isToEnd && isReadable(listed)))) return;
  const file = await open(path, 'r+');
  try {
    const found = listed === undefined ? await tableBehind(file, data.start, view.size) : null;
    const table = listed === undefined ? found?.table : await readAt(file, listed.start, listed.size);
    const counted = table === undefined ? null : countPackets(table);
    if (table === undefined || counted === null) return;
    const end = data.start + EDITS_BYTES + counted.bytes;
    const missing = end - (found?.start ?? view.size);
    if (!Number.isSafeInteger(missing) || Math.abs(missing) > view.size) return;
    if (found !== null) await writeSize(file, data.start, EDITS_BYTES + counted.bytes);
    const dataStart = data.start + EDITS_BYTES;
    const offsets = missing === 0 || counted.packets > MAX_PACKETS ? [] : offsetsOf(table, dataStart);
    const holes = await findHoles({ file, fileBytes: view.size, dataStart }, offsets, missing);
    // If the packets do not show where, the table at least is read.
    const atEnd = found !== null && missing !== 0 ? [{ behind: end, bytes: missing }] : [];
    await fillHoles(file, holes.length > 0 ? holes : atEnd);
  } finally {
    await file.close();
  }
}

function offsetsOf(table: Buffer, dataStart: number): number[] {
  const offsets: number[] = [];
  let at = dataStart;
  for (const size of packetSizes(table)) {
    offsets.push(at);
    at += size ?? 0;
  }
  return offsets;
}

/** The table of packets behind the data, and where its chunk begins; null if none is found. It states the number of its sizes. */
async function tableBehind(
  file: FileHandle,
  from: number,
  fileBytes: number,
): Promise<{ readonly start: number; readonly table: Buffer } | null> {
  let checks = 0;
  for (let at = from; at + CHUNK_HEAD_BYTES <= fileBytes && checks < MAX_CHECKS;) {
    const window = await readAt(file, at, WINDOW_BYTES);
    const found = window.indexOf('pakt');
    if (found < 0 || found + CHUNK_HEAD_BYTES > window.length) {
      at += found > 0 ? found : Math.max(1, window.length - CHUNK_HEAD_BYTES);
      continue;
    }
    checks++;
    const start = at + found;
    const size = Number(window.readBigInt64BE(found + 4));
    const isWithin =
      size >= TABLE_HEAD_BYTES && size <= MAX_CHUNK_BYTES && start + CHUNK_HEAD_BYTES + size <= fileBytes;
    const table = isWithin ? await readAt(file, start + CHUNK_HEAD_BYTES, size) : null;
    if (table !== null && countPackets(table)?.packets === Number(table.readBigInt64BE(0))) return { start, table };
    at = start + 1;
  }
  return null;
}

async function writeSize(file: FileHandle, contentStart: number, size: number): Promise<void> {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(size));
  await file.write(bytes, 0, bytes.length, contentStart - bytes.length);
}
