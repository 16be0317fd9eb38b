/**
 * Puts the pages of an Ogg file in order: each states its number in its stream (RFC 3533, section 6). What copies or sends a recording
 * in blocks may double pages or swap them, and decoders then place all sound behind them too late.
 */
import type { OggPage, OggPiece } from './ogg.ts';

export interface MendedPiece extends OggPiece {
  readonly isMended: boolean;
}

/** How many pieces may stand before a page that belongs before them. */
const MAX_AHEAD = 16;

/** Among how many pages before it a repeated page is known. */
const MAX_KNOWN = 10_000;

/** Where the checksum stands in a page. Two pages of a file with the same checksum are the same page. */
const CHECKSUM_AT = 22;

/** The pieces, with pages in the order of their numbers, and without those that were there before. */
export function* inOrder(pieces: Iterable<MendedPiece>): Generator<MendedPiece, void, undefined> {
  const order = new PageOrder();
  const ahead: MendedPiece[] = [];
  for (const piece of pieces) {
    ahead.push(piece);
    if (ahead.length > MAX_AHEAD) yield* order.next(ahead);
  }
  while (ahead.length > 0) yield* order.next(ahead);
}

class PageOrder {
  /** The number of the last page of each stream. */
  readonly #numbers = new Map<number, number>();
  readonly #known = new Set<number>();
  #last = 0;

  /** Takes the next piece of some. @returns the piece, or none if it is repeated */
  next(ahead: MendedPiece[]): MendedPiece[] {
    const first = ahead[0]?.page ?? null;
    const isDue = first === null || first.isFirst || this.#follows(first, first.serial);
    const due = isDue ? 0 : ahead.findIndex(({ page }) => this.#follows(page, first.serial));
    const next = ahead.splice(Math.max(0, due), 1);
    return next.filter(({ page, bytes }) => page === null || this.#isNew(page, bytes.readUInt32LE(CHECKSUM_AT)));
  }

  #follows(page: OggPage | null, serial: number): boolean {
    return page?.serial === serial && page.sequence === (this.#numbers.get(serial) ?? -1) + 1;
  }

  #isNew({ serial, sequence, isFirst }: OggPage, checksum: number): boolean {
    const isRepeated = isFirst
      ? checksum === this.#last
      : this.#known.has(checksum) && sequence <= (this.#numbers.get(serial) ?? -1);
    if (isRepeated) return false;
    // The same file may lie behind itself, and then begins with its first page again.
    if (isFirst) this.#known.clear();
    this.#numbers.set(serial, sequence);
    this.#last = checksum;
    this.#known.add(checksum);
    const [oldest] = this.#known;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return true;
  }
}
