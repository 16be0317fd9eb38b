/**
 * Makes an MP4 file readable behind damage. An MP4 is a row of boxes, each found by the length of the one before. So FFmpeg
 * reads nothing behind a wrong length, behind missing bytes, or behind a damaged fragment header. But the index states where
 * samples lie, each fragment states where in time it lies, and both can be found by their own headers.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { boxAt } from './fileBoxes.ts';
import { readAt } from './fileView.ts';
import { Fragments, MAX_FRAGMENT_HEADER_BYTES } from './fragments.ts';
import { MAX_INDEX_BYTES, mendIndex } from './indexMending.ts';
import { BOX_HEAD_BYTES, boxHead, childrenOf, LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';
import { fillMp4Holes } from './mp4Hole.ts';

/** The largest number of boxes that are read. A fragmented file has two for each fragment. */
const MAX_BOXES = 100_000;

/** The largest number of places that are mended. */
const MAX_MENDED = 1000;

/** How many bytes of false headers may be checked, for each byte of the file: ordinary damage costs one now and then. */
const MAX_VAIN_CHECKS = 4;

const WINDOW_BYTES = 256 * 1024;
const TYPE_BYTES = 4;

/**
 * Repairs the file at `path`, in place. If the samples show where bytes are missing in the data, bytes are inserted there
 * (`mp4Hole.ts`). Otherwise, the bytes before the next fragment or the index become one box of data. They keep their number and
 * place, because fragments and index may point to positions in the file.
 * @returns whether anything was damaged
 */
export async function mendBoxes(path: string): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    return await mend(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function mend(file: FileHandle, fileBytes: number): Promise<boolean> {
  const fragments = new Fragments(file);
  const search = new BoxSearch(file, fileBytes, fragments);
  const nextFrom = async (position: number): Promise<number> => (await search.next(position)) ?? fileBytes;
  let mended = 0;
  let before: Box | null = null;
  let index: Box | null = null;
  const data: Box[] = [];
  let hasFragments = false;
  for (let at = 0, boxes = 0; at < fileBytes && boxes < MAX_BOXES; boxes++) {
    const box = (await indexAt(file, at, fileBytes)) ?? (await boxAt(file, at));
    const isIntact =
      box !== null && at + box.size <= fileBytes && (box.type !== 'moof' || (await fragments.accept(box, nextFrom)));
    if (isIntact) {
      if (box.type === 'moov') await fragments.readIndex((index = box));
      if (box.type === 'mdat') data.push(box);
      hasFragments ||= box.type === 'moof';
      before = box;
      at += box.size;
      continue;
    }
    // The length of the box before may be the damaged one.
    const from: number = before?.type === 'mdat' ? before.start + 8 : at + 1;
    const next = mended < MAX_MENDED ? await search.next(from) : null;
    const torn: Box | null = box?.type === 'mdat' ? box : before;
    const found = next === null ? index : await boxAt(file, next);
    const missing = (torn?.start ?? 0) + (torn?.size ?? 0) - (next ?? fileBytes);
    const mayBeFilled = torn?.type === 'mdat' && found?.type === 'moov';
    if (mayBeFilled && (await fillMp4Holes(file, found, torn, missing))) return true;
    if (next === null) break;
    const start: number = before !== null && (before.type === 'mdat' || next < at + 8) ? before.start : at;
    await file.write(boxHeader(next - start, 'mdat'), 0, 8, start);
    mended++;
    before = null;
    at = next;
  }
  const [only = null] = data;
  if (index === null || (!hasFragments && (mended > 0 || data.length !== 1))) return mended > 0;
  return (await mendIndex(file, index, hasFragments ? null : only, fileBytes)) || mended > 0;
}

/**
 * The index if it begins at a position. If its type or its size is damaged, both are corrected: it begins with the movie
 * header, and extends to the data or to the end of the file.
 */
async function indexAt(file: FileHandle, start: number, fileBytes: number): Promise<Box | null> {
  const head = await readAt(file, start, LEAST_BOX_BYTES + BOX_HEAD_BYTES);
  const [box, first] = [boxHead(head), boxHead(head.subarray(LEAST_BOX_BYTES))];
  if (box === null || (box.type !== 'moov' && first?.type !== 'mvhd')) return null;
  if (box.type !== 'moov' && first?.type === 'mvhd' && (await isSoundIndex(file, { start, ...box }))) {
    await file.write(boxHeader(box.size, 'moov'), 0, LEAST_BOX_BYTES, start);
    return { start, size: box.size, type: 'moov' };
  }
  if (box.type !== 'moov' || first?.type !== 'mvhd' || start + box.size === fileBytes) return null;
  const behind = await boxAt(file, start + box.size);
  if (behind !== null && start + box.size + behind.size <= fileBytes) return null;
  const bytes = await readAt(file, start, Math.min(MAX_INDEX_BYTES, fileBytes - start));
  // The data lies behind the head of the index, and its type behind its size.
  for (let at = bytes.indexOf('mdat', LEAST_BOX_BYTES + 4); at >= 0; at = bytes.indexOf('mdat', at + 1)) {
    const found = start + at - 4 + bytes.readUInt32BE(at - 4);
    if (found !== fileBytes) continue;
    await file.write(boxHeader(at - 4, 'moov'), 0, LEAST_BOX_BYTES, start);
    return { start, size: at - 4, type: 'moov' };
  }
  if (start + box.size < fileBytes) return null;
  await file.write(boxHeader(fileBytes - start, 'moov'), 0, LEAST_BOX_BYTES, start);
  return { start, size: fileBytes - start, type: 'moov' };
}

function boxHeader(size: number, type: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(size);
  header.write(type, 4, 'latin1');
  return header;
}

/** Whether an index consists of whole boxes, and the first is the movie header. ISO 14496-12, 8.2.1 and 8.2.2. */
async function isSoundIndex(file: FileHandle, { start, size }: Box): Promise<boolean> {
  return size <= MAX_INDEX_BYTES && childrenOf(await readAt(file, start, size), 8, size)?.[0]?.type === 'mvhd';
}

/** Finds fragments and indexes by their headers, in linear time. */
class BoxSearch {
  readonly #file: FileHandle;
  readonly #fileBytes: number;
  readonly #fragments: Fragments;
  #vainBytes = 0;

  constructor(file: FileHandle, fileBytes: number, fragments: Fragments) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#fragments = fragments;
  }

  /** Where the next fragment with an intact header begins, or the next index; null if there is none. */
  async next(from: number): Promise<number | null> {
    for (let at = from; at + 8 <= this.#fileBytes;) {
      const window = await readAt(this.#file, at, WINDOW_BYTES);
      const found = indexOfBox(window);
      if (found < 0) {
        at += Math.max(1, window.length - TYPE_BYTES + 1);
        continue;
      }
      const start = at + found - 4;
      if (start >= from && (await this.#isSound(start))) return start;
      // The window is read again from behind each match, so all of it counts.
      this.#vainBytes += Math.min(WINDOW_BYTES, this.#fileBytes - at);
      if (this.#vainBytes > MAX_VAIN_CHECKS * (this.#fileBytes + MAX_FRAGMENT_HEADER_BYTES)) return null;
      at += found + 1;
    }
    return null;
  }

  async #isSound(start: number): Promise<boolean> {
    const box = await boxAt(this.#file, start);
    if (box === null || start + box.size > this.#fileBytes) return false;
    this.#vainBytes += Math.min(box.size, box.type === 'moov' ? MAX_INDEX_BYTES : MAX_FRAGMENT_HEADER_BYTES);
    if (box.type === 'moov') return isSoundIndex(this.#file, box);
    return this.#fragments.isSound(box);
  }
}

/** The offset of the first type of a fragment header or an index; -1 if there is none. */
function indexOfBox(bytes: Buffer): number {
  const found = ['moof', 'moov'].map((type) => bytes.indexOf(type, 0, 'latin1')).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}
