/**
 * What lies behind the last frame, packet, page or box of a file. Zeros up to the end are padding where they begin when that has ended. They
 * lie over something where they begin within it, or where a sector of storage begins: a device that lost its power had not written it.
 */
import { OWN_ZEROS, SECTOR_BYTES } from '../sectors.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';

const WINDOW_BYTES = 64 * 1024;

export interface Tail {
  /** Bytes up to the zeros at the end. */
  readonly bytes: number;
  /** Zeros that lie over something; 0 where they are padding. */
  readonly zeros: number;
}

export const NOTHING: Tail = { bytes: 0, zeros: 0 };

/** @param from where the last of what can be read ends */
export function tailOf(view: FileView, from: number): Tail {
  const zerosFrom = zerosAtEnd(view, Math.max(0, from - OWN_ZEROS));
  const isWithin = zerosFrom > from || (from > 0 && zerosFrom <= from - OWN_ZEROS);
  const { start, size } = view.ranges.at(-1) ?? { start: 0, size: 0 };
  const isSector = (-(start + size - (view.size - zerosFrom)) & (SECTOR_BYTES - 1)) < OWN_ZEROS;
  const zeros = view.size - Math.max(from, zerosFrom);
  return { bytes: Math.max(0, zerosFrom - from), zeros: isWithin || (isSector && zeros >= SECTOR_BYTES) ? zeros : 0 };
}

/** Where the zeros begin that a view ends in; not before `from`. */
function zerosAtEnd(view: FileView, from: number): number {
  for (let end = view.size; end > from;) {
    const start = Math.max(from, end - WINDOW_BYTES);
    const last = readView(view, start, end - start).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return from;
}
