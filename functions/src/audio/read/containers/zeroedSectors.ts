/**
 * Finds sectors of zeros in uncompressed samples: storage lost them, or they were never written. Zeros that begin and end
 * elsewhere than sectors are silence.
 */
import { OWN_ZEROS, SECTOR_BYTES } from '../sectors.ts';

const SECTOR = Buffer.alloc(SECTOR_BYTES);

/**
 * Muted recorders write whole buffers of zeros, whose size is a multiple of this. If the samples begin at a multiple of it,
 * buffers begin where sectors do, and zeros prove nothing. Behind the usual header of 44 bytes they do not.
 */
const BUFFER_BYTES = 64;

/** How many zeros are passed on at a time. */
const PIECE_BYTES = 64 * 1024;

export type Stored =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `start`: bytes from the first sample. */
  | { readonly kind: 'lost'; readonly start: number; readonly size: number };

export class ZeroedSectors {
  /** The bytes of the first sector that come before the samples. */
  readonly #before: number;
  readonly #canTell: boolean;
  /** Bytes of samples that were passed on or counted, without the rest. */
  #position = 0;
  /** The bytes that do not fill a sector yet. */
  #rest = Buffer.alloc(0);
  /** The number of zeros directly before the rest that began with a sector. */
  #zeros = 0;
  /** Whether sound came directly before the next sector, so that zeros in it begin with the sector. */
  #isAfterSound = false;

  /** @param position where in the file the samples begin */
  constructor(position: number) {
    this.#before = position % SECTOR.length;
    this.#canTell = position % BUFFER_BYTES !== 0;
  }

  *push(bytes: Uint8Array): Generator<Stored, void, undefined> {
    const all = Buffer.concat([this.#rest, bytes]);
    const whole: Uint8Array[] = [];
    let at = 0;
    for (let end = this.#sectorEnd; end <= all.length; end += SECTOR.length) {
      for (const part of this.#sector(all.subarray(at, end))) {
        if (part.kind === 'bytes') whole.push(part.bytes);
        else {
          yield { kind: 'bytes', bytes: Buffer.concat(whole.splice(0)) };
          yield part;
        }
      }
      at = end;
    }
    this.#rest = all.subarray(at);
    yield { kind: 'bytes', bytes: Buffer.concat(whole) };
  }

  *end(): Generator<Stored, void, undefined> {
    const rest = this.#rest;
    const isZero = rest.every((byte) => byte === 0);
    if (!isZero) return yield* this.#sector(rest);
    if (this.#zeros === 0) return yield { kind: 'bytes', bytes: rest };
    yield { kind: 'lost', start: this.#position - this.#zeros, size: this.#zeros + rest.length };
  }

  /** Where in the rest the current sector ends. */
  get #sectorEnd(): number {
    return SECTOR.length - ((this.#before + this.#position) % SECTOR.length);
  }

  *#sector(bytes: Buffer): Generator<Stored, void, undefined> {
    const isZero = bytes.equals(SECTOR);
    if (isZero && (this.#zeros > 0 || this.#isAfterSound)) this.#zeros += bytes.length;
    else {
      yield* this.#endZeros(isSound(bytes.subarray(0, OWN_ZEROS)));
      yield { kind: 'bytes', bytes };
    }
    this.#position += bytes.length;
    this.#isAfterSound = this.#canTell && isSound(bytes.subarray(-OWN_ZEROS));
  }

  *#endZeros(isBeforeSound: boolean): Generator<Stored, void, undefined> {
    const size = this.#zeros;
    this.#zeros = 0;
    if (size > 0 && isBeforeSound) return yield { kind: 'lost', start: this.#position - size, size };
    for (let left = size; left > 0; left -= PIECE_BYTES) {
      yield { kind: 'bytes', bytes: new Uint8Array(Math.min(left, PIECE_BYTES)) };
    }
  }
}

function isSound(bytes: Buffer): boolean {
  return bytes.some((byte) => byte !== 0);
}
