/** The numbers in the index of an MP4 file, and the tables of them. They are read and written in place. */
import type { Box } from './mp4Box.ts';

/** A number in the index. */
export class Cell {
  readonly #index: Buffer;
  readonly #at: number;
  readonly #isLong: boolean;

  constructor(index: Buffer, at: number, isLong = false) {
    this.#index = index;
    this.#at = at;
    this.#isLong = isLong;
  }

  get value(): number {
    return this.#isLong ? Number(this.#index.readBigUInt64BE(this.#at)) : this.#index.readUInt32BE(this.#at);
  }

  set value(value: number) {
    if (this.#isLong) this.#index.writeBigUInt64BE(BigInt(value), this.#at);
    else this.#index.writeUInt32BE(value, this.#at);
  }

  /** Whether changing one byte makes it this number. */
  isNear(value: number): boolean {
    if (!Number.isSafeInteger(value) || value < 0 || value > 0xffff_ffff) return false;
    const difference = (this.value ^ value) >>> 0;
    return [0, 8, 16, 24].some((shift) => difference !== 0 && (difference & ~(0xff << shift)) === 0);
  }

  /** Every number that changing one byte can make of it. */
  *near(): Generator<number> {
    for (const shift of [0, 8, 16, 24])
      for (let byte = 0; byte < 256; byte++) yield ((this.value & ~(0xff << shift)) | (byte << shift)) >>> 0;
  }
}

/** A table in the index. */
export class Table {
  readonly #index: Buffer;
  readonly #first: number;
  readonly #fields: number;
  readonly count: number;

  /** @param headBytes all before the first entry; the number of entries is the last of it. @param fields numbers of an entry */
  constructor(index: Buffer, box: Box | undefined, headBytes: number, fields: number) {
    this.#index = index;
    this.#first = (box?.start ?? 0) + headBytes;
    this.#fields = fields;
    const count = box === undefined || box.size < headBytes ? 0 : index.readUInt32BE(this.#first - 4);
    this.count = box !== undefined && headBytes + count * fields * 4 <= box.size ? count : 0;
  }

  cell(entry: number, field = 0): Cell {
    return new Cell(this.#index, this.#first + 4 * (entry * this.#fields + field));
  }

  at(entry: number, field = 0): number {
    return this.cell(entry, field).value;
  }

  /** Keeps the first entry alone. */
  shorten(): void {
    this.#index.writeUInt32BE(1, this.#first - 4);
  }

  /** The sum over all entries. */
  sum(of: (entry: number) => number): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) sum += of(i);
    return sum;
  }

  /** The first entry for which something holds; null if there is none. */
  find(holds: (entry: number) => boolean): number | null {
    for (let i = 0; i < this.count; i++) if (holds(i)) return i;
    return null;
  }
}
