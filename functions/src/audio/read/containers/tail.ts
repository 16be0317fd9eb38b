/**
 * Judges the bytes behind the last frame, packet, page or box of a file. Zeros at the end are padding if they begin where the
 * last of these ended. They replace lost bytes if they begin within it, or at the start of a sector: a device that lost power
 * had not written that sector.
 */
import { OWN_ZEROS, SECTOR_BYTES } from '../sectors.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';

const WINDOW_BYTES = 64 * 1024;

export interface Tail {
  /** The bytes before the zeros at the end. */
  readonly bytes: number;
  /** The zeros that replace lost bytes; 0 if they are padding. */
  readonly zeros: number;
}

export const NOTHING: Tail = { bytes: 0, zeros: 0 };

/** @param from where the last readable part of the file ends */
export function tailOf(view: FileView, from: number): Tail {
  const zerosFrom = zerosAtEnd(view, Math.max(0, from - OWN_ZEROS));
  const isWithin = zerosFrom > from || (from > 0 && zerosFrom <= from - OWN_ZEROS);
  const { start, size } = view.ranges.at(-1) ?? { start: 0, size: 0 };
  const isSector = (-(start + size - (view.size - zerosFrom)) & (SECTOR_BYTES - 1)) < OWN_ZEROS;
  const zeros = view.size - Math.max(from, zerosFrom);
  return { bytes: Math.max(0, zerosFrom - from), zeros: isWithin || (isSector && zeros >= SECTOR_BYTES) ? zeros : 0 };
}

/** Where the zeros at the end of a view begin; not before `from`. */
function zerosAtEnd(view: FileView, from: number): number {
  for (let end = view.size; end > from;) {
    const start = Math.max(from, end - WINDOW_BYTES);
    const last = readView(view, start, end - start).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return from;
}
