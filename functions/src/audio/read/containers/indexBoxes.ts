/**
 * Repairs the structure of the index of an MP4 file (ISO 14496-12, table 1): the sizes and types of its boxes, their versions,
 * and the numbers of their entries. A box says twice how long it is: by its size, and by the box that follows. Its type follows
 * from the boxes that are missing beside it.
 */
import { MAX_TRACKS } from './limits.ts';
import { BOX_HEAD_BYTES, boxHead, childrenOf, isBoxType, LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box, BoxHead } from './mp4Box.ts';

/** The boxes that contain boxes, and those in them that sound or fragments need. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  moov: ['mvhd', 'trak', 'mvex'],
  mvex: ['trex'],
  trak: ['tkhd', 'edts', 'mdia'],
  edts: ['elst'],
  mdia: ['mdhd', 'hdlr', 'minf'],
  minf: ['smhd', 'dinf', 'stbl'],
  dinf: ['dref'],
  stbl: ['stsd', 'stts', 'stsc', 'stsz', 'stco'],
};

/** Those without which sound can be decoded. */
const OPTIONAL: readonly string[] = ['mvex', 'edts', 'elst', 'smhd', 'dinf', 'dref'];

/** Others that may be in any of them. Of each group there is one at most, and if it is there, none of the group is missing. */
const OTHERS: readonly string[] = [
  'iods',
  'mvex',
  'udta',
  'meta',
  'tref',
  'elng',
  'ctts',
  'cslg',
  'stss',
  'sgpd',
  'sbgp',
];
const GROUPS: readonly (readonly string[])[] = [
  ['smhd', 'vmhd', 'hmhd', 'nmhd', 'gmhd', 'sthd'],
  ['stco', 'co64'],
  ['stsz', 'stz2'],
];

const ALL_TYPES = [...new Set([...Object.values(NEEDED), OTHERS, ...GROUPS].flat())];

/** Limits of the repair: boxes in a damaged row, searches for types, and positions of each type. Fabricated files have more. */
const [MAX_ROW_BOXES, MAX_SEARCHES, MAX_POSITIONS] = [1000, 1000, 1000];

/** The bytes of an entry of the tables, and of all before the first entry. */
const TABLES: Readonly<Record<string, { readonly entryBytes: number; readonly headBytes: number }>> = {
  stts: { entryBytes: 8, headBytes: 16 },
  stsc: { entryBytes: 12, headBytes: 16 },
  stsz: { entryBytes: 4, headBytes: 20 },
  stco: { entryBytes: 4, headBytes: 16 },
  co64: { entryBytes: 8, headBytes: 16 },
};

/** The boxes whose version is 1 if they have this size. */
const LONG_BYTES: Readonly<Record<string, number>> = { mvhd: 120, tkhd: 104, mdhd: 44 };

/** Bytes of an entry of an edit list of version 0, and of version 1. */
const [EDIT_BYTES, LONG_EDIT_BYTES] = [12, 20];

/** Bytes of the head of a box with version, flags and a number of entries. */
const LIST_HEAD_BYTES = 16;

/** A reference to the file itself, with its box: ISO 14496-12, 8.7.2. */
const OWN_FILE = Buffer.from('\0\0\0\x1cdref\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01', 'latin1');

/** The boxes of one track without the boxes that contain them. Boxes that may be repeated are those of its media. */
export type TrackBoxes = ReadonlyMap<string, Box>;

export interface IndexBoxes {
  /** The movie header. */
  readonly movie: Box | null;
  readonly tracks: readonly TrackBoxes[];
}

/** Repairs the boxes of an index in place. @returns the boxes; of its tracks, the first few */
export function mendIndexBoxes(index: Buffer): IndexBoxes {
  const search = new TypeSearch(index);
  const tracks: Map<string, Box>[] = [];
  let movie: Box | null = null;
  for (const box of mendRow(search, 'moov', LEAST_BOX_BYTES, index.length)) {
    if (box.type === 'mvhd') movie = box;
    if (box.type === 'mvhd') mendHead(index, box);
    if (box.type === 'trak' && tracks.length <= MAX_TRACKS) tracks.push(mendTrack(search, box));
  }
  return { movie, tracks };
}

function mendTrack(search: TypeSearch, track: Box): Map<string, Box> {
  const { index } = search;
  const boxes = new Map<string, Box>();
  // A box visits only those that belong into it, so that fabricated files do not nest without end.
  const visit = ({ start, size, type }: Box): void => {
    for (const box of mendRow(search, type, start + LEAST_BOX_BYTES, start + size)) {
      if (!boxes.has(box.type)) boxes.set(box.type, box);
      if (box.type in NEEDED && NEEDED[type]?.includes(box.type) === true) visit(box);
      else mendHead(index, box);
    }
  };
  visit(track);
  const handler = boxes.get('hdlr');
  if (boxes.has('smhd') && handler !== undefined) mendHandler(index, handler);
  return boxes;
}

/** Repairs the sizes and types of the boxes in another one. */
function mendRow(search: TypeSearch, parent: string, from: number, to: number): Box[] {
  const { index } = search;
  const needed = NEEDED[parent] ?? [];
  const groups = GROUPS.filter((group) => group.some((type) => needed.includes(type)));
  const known = [...needed, ...OTHERS, ...groups.flat()];
  const row = childrenOf(index, from, to);
  // A wrong size may lead to a box within another one, and from there to the same end.
  const lacks = needed.some((type) => !OPTIONAL.includes(type) && !hasType(row, groupOf(type)));
  const isForeign = hasType(
    row,
    ALL_TYPES.filter((type) => !known.includes(type)),
  );
  const boxes = row !== null && !(lacks && isForeign) ? row : rowOf(search, known, from, to);
  const isThere = (type: string): boolean => boxes.some((box) => box.type === type);
  const absent = needed.filter((type) => !groupOf(type).some(isThere));
  return boxes.map((box) => {
    if (known.includes(box.type)) return box;
    const [only = box.type, ...others] = absent.filter((type) => !OPTIONAL.includes(type));
    const rest = isBoxType(box.type) || others.length > 0 ? box.type : only;
    const [type = rest] = closest(box.type, parent === 'moov' ? [...absent, 'trak'] : absent.flatMap(groupOf));
    index.write(type, box.start + 4, 'latin1');
    return { ...box, type };
  });
}

function hasType(boxes: readonly Box[] | null, types: readonly string[]): boolean {
  return boxes?.some(({ type }) => types.includes(type)) === true;
}

/** The types that may stand for another one, with itself. */
function groupOf(type: string): readonly string[] {
  return GROUPS.find((group) => group.includes(type)) ?? [type];
}

/** The boxes of a row whose sizes do not lead to its end; their sizes are corrected. */
function rowOf(search: TypeSearch, known: readonly string[], from: number, to: number): Box[] {
  const { index } = search;
  const boxes: Box[] = [];
  for (let start = from; start + LEAST_BOX_BYTES <= to && boxes.length < MAX_ROW_BOXES;) {
    const end = endOf(search, known, start, to);
    if (end !== start + (headAt(index, start)?.size ?? 0)) index.writeUInt32BE(end - start, start);
    boxes.push({ start, size: end - start, type: headAt(index, start)?.type ?? '' });
    start = end;
  }
  return boxes;
}

/** Finds boxes by their types, in linear time: all positions are found once, and few are looked at. */
class TypeSearch {
  readonly index: Buffer;
  #positions: readonly { readonly start: number; readonly type: string }[] | null = null;
  #searches = 0;

  constructor(index: Buffer) {
    this.index = index;
  }

  /** Where the next box of these types begins, behind the head of the one at a position; null if there is none. */
  next(types: readonly string[], from: number): number | null {
    if (this.#searches++ > MAX_SEARCHES) return null;
    this.#positions ??= ALL_TYPES.flatMap((type) => this.#positionsOf(type)).toSorted((a, b) => a.start - b.start);
    const found = this.#positions.find(({ start, type }) => start >= from + LEAST_BOX_BYTES && types.includes(type));
    return found?.start ?? null;
  }

  #positionsOf(type: string): { start: number; type: string }[] {
    const found: { start: number; type: string }[] = [];
    let at = this.index.indexOf(type, 0, 'latin1');
    for (; at >= 0 && found.length < MAX_POSITIONS; at = this.index.indexOf(type, at + 1, 'latin1'))
      found.push({ start: at - 4, type });
    return found;
  }
}

function headAt(index: Buffer, start: number): BoxHead | null {
  return boxHead(index.subarray(start, start + BOX_HEAD_BYTES));
}

/** Where a box ends: by its size, if something follows there, else where the next known box begins. */
function endOf(search: TypeSearch, known: readonly string[], start: number, to: number): number {
  const { index } = search;
  const stated = start + (headAt(index, start)?.size ?? 0);
  const isStated = stated >= start + LEAST_BOX_BYTES && stated <= to;
  const isFilled =
    (headAt(index, start)?.type ?? '') in NEEDED && childrenOf(index, start + LEAST_BOX_BYTES, stated) !== null;
  const mayBeLast = isStated && to - stated < LEAST_BOX_BYTES;
  if (isStated && (isFilled || stated === to || (!mayBeLast && beginsBox(index, known, stated, to)))) return stated;
  const next = Math.min(search.next(known, start) ?? to, to);
  return mayBeLast && next > stated ? stated : next; // bytes that are no box may follow the last one
}

/** Whether a box begins at a position, though its size or its type may be damaged. */
function beginsBox(index: Buffer, known: readonly string[], start: number, to: number): boolean {
  const head = headAt(index, start);
  if (head === null || known.includes(head.type)) return head !== null;
  const next = head.size < LEAST_BOX_BYTES || start + head.size > to ? null : headAt(index, start + head.size);
  return start + head.size === to || (next !== null && known.includes(next.type));
}

/** The type that has the most characters in common, two at least; none if there is none. */
function closest(type: string, types: readonly string[]): string[] {
  const common = (other: string): number => [0, 1, 2, 3].filter((i) => type[i] === other[i]).length;
  return types.filter((other) => common(other) >= 2).toSorted((a, b) => common(b) - common(a));
}

/** Repairs version, flags and the number of entries of a box. */
function mendHead(index: Buffer, { start, size, type }: Box): void {
  const long = LONG_BYTES[type];
  const table = TABLES[type];
  if (long !== undefined && size >= 32) {
    index.writeUInt8(size === long ? 1 : 0, start + 8);
    if (type !== 'tkhd') index.fill(0, start + 9, start + 12);
  }
  if (table !== undefined && size >= table.headBytes) mendTable(index, { start, size, type }, table);
  if (type === 'elst' && size >= LIST_HEAD_BYTES) mendEdits(index, start, size);
  if (type === 'dref' && size === OWN_FILE.length) OWN_FILE.copy(index, start);
  if (type === 'stsd' && size >= LIST_HEAD_BYTES) mendDescriptions(index, start, size);
}

/** Recorders may reserve more space than a table needs, so its number of entries is trusted if they fit, and zeros follow. */
function mendTable(
  index: Buffer,
  { start, size, type }: Box,
  { entryBytes, headBytes }: { readonly entryBytes: number; readonly headBytes: number },
): void {
  index.fill(0, start + 8, start + 12);
  if (type === 'stsz') {
    if (size === headBytes) return; // one size for all samples
    index.writeUInt32BE(0, start + 12);
  }
  const countAt = start + headBytes - 4;
  const room = Math.floor((size - headBytes) / entryBytes);
  const end = start + headBytes + index.readUInt32BE(countAt) * entryBytes;
  const isReserved = end <= start + size && index.subarray(end, start + size).every((byte) => byte === 0);
  if (!isReserved) index.writeUInt32BE(room, countAt);
}

function mendEdits(index: Buffer, start: number, size: number): void {
  const room = size - LIST_HEAD_BYTES;
  const count = index.readUInt32BE(start + 12);
  const isLong = room === count * LONG_EDIT_BYTES || (room % EDIT_BYTES !== 0 && room % LONG_EDIT_BYTES === 0);
  index.fill(0, start + 8, start + 12);
  index.writeUInt8(isLong ? 1 : 0, start + 8);
  const entries = Math.floor(room / (isLong ? LONG_EDIT_BYTES : EDIT_BYTES));
  if (count > entries || count === 0) index.writeUInt32BE(entries, start + 12);
}

/** Repairs the size of a single description, and its number. */
function mendDescriptions(index: Buffer, start: number, size: number): void {
  const first = start + LIST_HEAD_BYTES;
  const room = size - LIST_HEAD_BYTES;
  const isSingle = index.readUInt32BE(start + 12) === 1;
  if (room < LEAST_BOX_BYTES) return;
  if (index.readUInt32BE(first) === room) index.writeUInt32BE(1, start + 12);
  else if (isSingle && childrenOf(index, first, start + size) === null) index.writeUInt32BE(room, first);
}

/** A track with a header for sound is one of sound, whatever its handler. */
function mendHandler(index: Buffer, { start, size }: Box): void {
  if (size < 32) return;
  index.fill(0, start + 8, start + 12);
  index.write('soun', start + 16, 'latin1');
}
