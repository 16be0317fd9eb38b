/**
 * Decides which fragments of an MP4 file can be trusted. FFmpeg trusts all of them: a wrong track becomes an error that ends
 * the file, a wrong place or size becomes noise or the end of the file, and a wrong duration becomes hours of silence.
 */
import type { FileHandle } from 'node:fs/promises';
import { boxAt } from './fileBoxes.ts';
import { readAt } from './fileView.ts';
import type { Box } from './mp4Box.ts';
import { fragmentOf } from './mp4Fragments.ts';
import type { TrackFragment } from './mp4Fragments.ts';

/** The largest header of a fragment, bytes. It lists the samples of some seconds. */
export const MAX_FRAGMENT_HEADER_BYTES = 1024 * 1024;

/** The largest index of a fragmented file, bytes. */
const MAX_INDEX_BYTES = 1024 * 1024;

/** By which factor the samples of a fragment may be longer than the time to the next one. */
const TIMES_TOO_LONG = 1.5;

export class Fragments {
  readonly #file: FileHandle;
  /** The tracks of the index; empty if the index has not come yet. */
  readonly #tracks = new Set<number>();
  /** Where the last fragment of each track ended, in units of the track. */
  readonly #ends = new Map<number, number>();
  /** Whether the fragments so far state when they begin. */
  #haveTime = false;
  /** Whether they count their bytes from their own position in the file. */
  #haveOwnBase = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async readIndex({ start, size }: Box): Promise<void> {
    const index = await readAt(this.#file, start, Math.min(size, MAX_INDEX_BYTES));
    for (let at = index.indexOf('tkhd'); at >= 0; at = index.indexOf('tkhd', at + 4)) {
      const isLong = index[at + 4] === 1;
      const idAt = at + 8 + (isLong ? 16 : 8);
      if (idAt + 4 <= index.length) this.#tracks.add(index.readUInt32BE(idAt));
    }
  }

  /**
   * Whether a fragment is intact and fits the fragments before it. If it states a wrong position for itself, the position is
   * corrected in the file.
   * @param nextFrom finds where the next fragment begins behind a position, or where the file ends
   */
  async accept(box: Box, nextFrom: (position: number) => Promise<number>): Promise<boolean> {
    const fragment = await this.#read(box);
    if (fragment === null || !(await this.#fits(fragment, box, nextFrom))) return false;
    const bases = fragment.flatMap(({ base }) => base ?? []);
    for (const { position, at } of this.#haveOwnBase ? bases : []) {
      if (position === box.start) continue;
      // Bytes before it are missing or were added, or the position itself is damaged.
      const own = Buffer.alloc(8);
      own.writeBigUInt64BE(BigInt(box.start));
      await this.#file.write(own, 0, 8, box.start + at);
    }
    this.#haveOwnBase ||= bases.length > 0 && bases.every(({ position }) => position === box.start);
    for (const { track, time, duration } of fragment) {
      if (time !== null && duration !== null) this.#ends.set(track, time + duration);
    }
    this.#haveTime ||= fragment.every(({ time }) => time !== null);
    return true;
  }

  /** Whether this box is an intact fragment header. */
  async isSound(box: Box): Promise<boolean> {
    return (await this.#read(box)) !== null;
  }

  async #read({ start, size }: Box): Promise<readonly TrackFragment[] | null> {
    if (size > MAX_FRAGMENT_HEADER_BYTES) return null;
    const fragment = fragmentOf(await readAt(this.#file, start, size));
    const isKnown = ({ track }: TrackFragment): boolean => this.#tracks.size === 0 || this.#tracks.has(track);
    return fragment?.every(isKnown) === true ? fragment : null;
  }

  async #fits(
    fragment: readonly TrackFragment[],
    { start, size }: Box,
    nextFrom: (position: number) => Promise<number>,
  ): Promise<boolean> {
    if (this.#haveTime && fragment.some(({ time }) => time === null)) return false;
    const end = start + size;
    const behind = await boxAt(this.#file, end);
    // The header of the data may be damaged, or a byte before it may be missing.
    const dataBytes = behind?.type === 'mdat' ? behind.size : (await nextFrom(end)) - end;
    const bytes = fragment.reduce((sum, track) => sum + (track.bytes ?? 0), 0);
    const [first] = fragment;
    const isOwn = first?.base === null || first?.base.position === start || this.#haveOwnBase;
    const from = (first?.offset ?? size + 8) - size;
    const isBehind = from >= 8 && from + (first?.bytes ?? 0) <= dataBytes;
    return bytes <= dataBytes && (!isOwn || isBehind) && !(await this.#isOutOfTime(fragment, end + dataBytes));
  }

  /** Whether the samples last far longer than the time to the next fragment, or begin after it. */
  async #isOutOfTime(fragment: readonly TrackFragment[], nextAt: number): Promise<boolean> {
    const box = await boxAt(this.#file, nextAt);
    const next = box?.type === 'moof' ? await this.#read(box) : null;
    return fragment.some(({ track, time, duration }) => {
      const following = next?.find((other) => other.track === track)?.time ?? null;
      if (time === null || duration === null || following === null) return false;
      // The first fragment is the one that is wrong if the next one leaves room for it.
      if (following <= time) return following >= (this.#ends.get(track) ?? duration);
      return duration > TIMES_TOO_LONG * (following - time);
    });
  }
}
