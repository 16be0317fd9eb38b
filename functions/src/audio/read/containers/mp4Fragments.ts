/**
 * Reads the headers of fragments of an MP4 file (`moof`): where their samples lie, in time and in the file. ISO 14496-12, 8.8.4
 * to 8.8.12.
 */
import { childrenOf } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';

/** The samples of one track in one fragment. */
export interface TrackFragment {
  readonly track: number;
  /**
   * The position in the file from which bytes are counted, and where in the header it stands; null if the header does not state
   * it.
   */
  readonly base: { readonly position: number; readonly at: number } | null;
  /** The time at which they begin, in units of the track; null if the header does not state it. */
  readonly time: number | null;
  /** Their duration, in units of the track; null if only the index states it. */
  readonly duration: number | null;
  /** The number of their bytes, and the offset of the first from the base; null if only the index states it. */
  readonly bytes: number | null;
  readonly offset: number | null;
}

/** What the header of a fragment says about each track; null if it does not consist of whole, known parts. */
export function fragmentOf(bytes: Buffer): readonly TrackFragment[] | null {
  const children = childrenOf(bytes, 8, bytes.length);
  if (children?.[0]?.type !== 'mfhd') return null;
  const tracks = children.filter(({ type }) => type === 'traf').map((box) => trackFragmentOf(bytes, box));
  const known = tracks.filter((track) => track !== null);
  return known.length > 0 && known.length === tracks.length ? known : null;
}

const BASE = 0x01;
const DESCRIPTION = 0x02;
const DEFAULT_DURATION = 0x08;
const DEFAULT_SIZE = 0x10;

function trackFragmentOf(bytes: Buffer, { start, size }: Box): TrackFragment | null {
  const children = childrenOf(bytes, start + 8, start + size);
  const [head] = children ?? [];
  if (children === null || head?.type !== 'tfhd' || head.size < 16) return null;
  const flags = bytes.readUIntBE(head.start + 9, 3);
  const field = fieldsOf(bytes, head, 16);
  const baseAt = flags & BASE ? field(8) : null;
  if (flags & DESCRIPTION) field(4);
  const durationAt = flags & DEFAULT_DURATION ? field(4) : null;
  const sizeAt = flags & DEFAULT_SIZE ? field(4) : null;
  if ([baseAt, durationAt, sizeAt].includes(-1)) return null;
  const usual = { duration: numberAt(bytes, durationAt), size: numberAt(bytes, sizeAt) };
  const runs = children.filter(({ type }) => type === 'trun').map((run) => runOf(bytes, run, usual));
  const isUnknown = runs.length === 0 && children.some(({ type }) => type !== 'tfhd' && type !== 'tfdt');
  if (runs.includes(null) || isUnknown) return null;
  const of = (key: 'duration' | 'bytes'): number | null =>
    runs.reduce<number | null>(
      (sum, run) => (sum === null || run === null || run[key] === null ? null : sum + run[key]),
      0,
    );
  return {
    track: bytes.readUInt32BE(head.start + 12),
    base: baseAt === null ? null : { position: Number(bytes.readBigUInt64BE(baseAt)), at: baseAt },
    time: timeOf(
      bytes,
      children.find(({ type }) => type === 'tfdt'),
    ),
    duration: of('duration'),
    bytes: of('bytes'),
    offset: runs[0]?.offset ?? null,
  };
}

/** Gives the positions of the fields of a box, one after the other; -1 for a field that is not in the box. */
function fieldsOf(bytes: Buffer, box: Box, from: number): (size: number) => number {
  let at = box.start + from;
  return (size) => {
    const here = at;
    at += size;
    return at <= box.start + box.size && at <= bytes.length ? here : -1;
  };
}

function numberAt(bytes: Buffer, at: number | null): number | null {
  return at === null ? null : bytes.readUInt32BE(at);
}

function timeOf(bytes: Buffer, box: Box | undefined): number | null {
  if (box === undefined || box.size < 16) return null;
  const isLong = bytes.readUInt8(box.start + 8) === 1 && box.size >= 20;
  return isLong ? Number(bytes.readBigUInt64BE(box.start + 12)) : bytes.readUInt32BE(box.start + 12);
}

interface TrackRun {
  readonly duration: number | null;
  readonly bytes: number | null;
  readonly offset: number | null;
}

const OFFSET = 0x01;
const FIRST_FLAGS = 0x04;
/** The flags of what each sample states by itself: duration, size, flags, a shift. */
const OWN_SIZE = 0x200;
const OWN = [0x100, OWN_SIZE, 0x400, 0x800];

function runOf(
  bytes: Buffer,
  box: Box,
  usual: { readonly duration: number | null; readonly size: number | null },
): TrackRun | null {
  if (box.size < 16) return null;
  const flags = bytes.readUIntBE(box.start + 9, 3);
  const count = bytes.readUInt32BE(box.start + 12);
  const first = box.start + 16 + (flags & OFFSET ? 4 : 0) + (flags & FIRST_FLAGS ? 4 : 0);
  const own = OWN.filter((flag) => flags & flag);
  if (first + count * own.length * 4 !== box.start + box.size) return null;
  const valueOf = (i: number, field: number): number => bytes.readUInt32BE(first + 4 * (i * own.length + field));
  const sumOf = (flag: number, each: number | null): number | null => {
    const field = own.indexOf(flag);
    if (field < 0) return each === null ? null : count * each;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += valueOf(i, field);
    return sum;
  };
  const sizeField = own.indexOf(OWN_SIZE);
  for (let i = 0; i < count && sizeField >= 0; i++) if (valueOf(i, sizeField) === 0) return null; // storage lost this part
  return {
    duration: sumOf(0x100, usual.duration),
    bytes: sumOf(OWN_SIZE, usual.size),
    offset: flags & OFFSET ? bytes.readInt32BE(box.start + 16) : null,
  };
}
