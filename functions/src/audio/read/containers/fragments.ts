/**
 * Which fragments of an MP4 file can be believed. FFmpeg believes every one: of a wrong track it makes an error that ends the file, of a
 * wrong place or size noise or the end, and of a wrong duration hours of silence.
 */
import type { FileHandle } from 'node:fs/promises';
import { boxAt } from './fileBoxes.ts';
import { readAt } from './fileView.ts';
import type { Box } from './mp4Box.ts';
import { fragmentOf } from './mp4Fragments.ts';
import type { TrackFragment } from './mp4Fragments.ts';

/** The largest header of a fragment: it lists the samples of some seconds. */
export const MAX_FRAGMENT_HEADER_BYTES = 1024 * 1024;

/** The largest index of a file that has fragments. */
const MAX_INDEX_BYTES = 1024 * 1024;

/** How much longer its samples may be than the time to the next fragment. */
const TIMES_TOO_LONG = 1.5;

export class Fragments {
  readonly #file: FileHandle;
  /** Tracks of the index; empty where that has not come. */
  readonly #tracks = new Set<number>();
  /** Where the last fragment of each track ended, in its units. */
  readonly #ends = new Map<number, number>();
  /** Whether those so far say when they begin. */
  #haveTime = false;
  /** Whether they count their bytes from where they begin in the file. */
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
   * Whether a fragment is sound; its place is written anew where it is not where it says.
   * @param nextFrom where the next fragment begins behind a position, or the file ends
   */
  async accept(box: Box, nextFrom: (position: number) => Promise<number>): Promise<boolean> {
    const fragment = await this.#read(box);
    if (fragment === null || !(await this.#fits(fragment, box, nextFrom))) return false;
    const bases = fragment.flatMap(({ base }) => base ?? []);
    for (const { position, at } of this.#haveOwnBase ? bases : []) {
      if (position === box.start) continue;
      // Bytes before it are missing or too many, or this one is damaged.
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

  /** Whether a fragment begins with this box. */
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
    // The header of its data may be the damaged one, or a byte before it be missing.
    const dataBytes = behind?.type === 'mdat' ? behind.size : (await nextFrom(end)) - end;
    const bytes = fragment.reduce((sum, track) => sum + (track.bytes ?? 0), 0);
    const [first] = fragment;
    const isOwn = first?.base === null || this.#haveOwnBase;
    const from = (first?.offset ?? size + 8) - size;
    const isBehind = from >= 8 && from + (first?.bytes ?? 0) <= dataBytes;
    return bytes <= dataBytes && (!isOwn || isBehind) && !(await this.#isOutOfTime(fragment, end + dataBytes));
  }

  /** Whether samples are far longer than the time to the next fragment, or begin behind it. */
  async #isOutOfTime(fragment: readonly TrackFragment[], nextAt: number): Promise<boolean> {
    const box = await boxAt(this.#file, nextAt);
    const next = box?.type === 'moof' ? await this.#read(box) : null;
    return fragment.some(({ track, time, duration }) => {
      const following = next?.find((other) => other.track === track)?.time ?? null;
      if (time === null || duration === null || following === null) return false;
      if (following <= time) return following >= (this.#ends.get(track) ?? Infinity);
      return duration > TIMES_TOO_LONG * (following - time);
    });
  }
}
