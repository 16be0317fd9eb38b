/** Finds where the audio samples of an MP4 file lie, by the tables of its index: ISO 14496-12, 8.7. */
import { childrenOf } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';

/** The largest number of samples that are read. AAC has 47 a second. */
const MAX_SAMPLES = 2_000_000;

/**
 * The positions in the file of the samples of the first audio track; null if the tables do not state them, or not in ascending
 * order.
 */
export function soundOffsets(index: Buffer): readonly number[] | null {
  const boxes = soundTables(index);
  const [sizes, runs, places] = [
    tableOf(index, boxes, ['stsz']),
    tableOf(index, boxes, ['stsc']),
    tableOf(index, boxes, ['stco', 'co64']),
  ];
  if (sizes === null || runs === null || places === null || sizes.count > MAX_SAMPLES || runs.count === 0) return null;
  const offsets: number[] = [];
  for (let chunk = 0, run = 0; chunk < places.count; chunk++) {
    while (run + 1 < runs.count && runs.entry(run + 1) <= chunk + 1) run++;
    const end = Math.min(sizes.count, offsets.length + runs.entry(run, 4));
    for (let at = places.entry(chunk); offsets.length < end; at += sizes.entry(offsets.length - 1)) {
      if (at < (offsets.at(-1) ?? 0)) return null;
      offsets.push(at);
    }
  }
  return offsets;
}

interface Table {
  readonly count: number;
  /** A number of an entry. @param at the offset of the number in the entry */
  readonly entry: (i: number, at?: number) => number;
}

/**
 * Bytes of an entry, and of the part before the first entry: head, version and flags, a size for all samples, the number of
 * entries.
 */
const TABLES: Readonly<Record<string, { readonly entryBytes: number; readonly headBytes: number }>> = {
  stsz: { entryBytes: 4, headBytes: 20 },
  stsc: { entryBytes: 12, headBytes: 16 },
  stco: { entryBytes: 4, headBytes: 16 },
  co64: { entryBytes: 8, headBytes: 16 },
};

/** The first of these tables that exists; null if none does, or if its entries do not fill it. */
function tableOf(index: Buffer, boxes: readonly Box[], types: readonly string[]): Table | null {
  const box = boxes.find(({ type }) => types.includes(type));
  const layout = TABLES[box?.type ?? ''];
  if (box === undefined || layout === undefined || box.size < layout.headBytes) return null;
  const first = box.start + layout.headBytes;
  const count = index.readUInt32BE(first - 4);
  const size = box.type === 'stsz' ? index.readUInt32BE(first - 8) : 0;
  if (size > 0) return { count, entry: () => size };
  if (layout.headBytes + count * layout.entryBytes !== box.size) return null;
  const isLong = box.type === 'co64';
  return {
    count,
    entry: (i, at = 0) => {
      const from = first + i * layout.entryBytes + at;
      return isLong ? Number(index.readBigUInt64BE(from)) : index.readUInt32BE(from);
    },
  };
}

/** The boxes that state where the samples of the first audio track lie. */
function soundTables(index: Buffer): readonly Box[] {
  const inside = (box: Box | undefined): readonly Box[] =>
    box === undefined ? [] : (childrenOf(index, box.start + 8, box.start + box.size) ?? []);
  const only = (boxes: readonly Box[], type: string): Box | undefined => boxes.find((box) => box.type === type);
  const media = inside({ start: 0, size: index.length, type: 'moov' })
    .filter(({ type }) => type === 'trak')
    .map((track) => inside(only(inside(track), 'mdia')))
    .find((boxes) => isOfSound(index, only(boxes, 'hdlr')));
  return inside(only(inside(only(media ?? [], 'minf')), 'stbl'));
}

function isOfSound(index: Buffer, handler: Box | undefined): boolean {
  return handler !== undefined && index.toString('latin1', handler.start + 16, handler.start + 20) === 'soun';
}
