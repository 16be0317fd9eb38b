/** Finds the place of Opus packets in the samples by their bytes. */
import type { KnownSpeech, Match } from './hearing.ts';

/** A packet of a stretch. */
interface Place {
  readonly stretch: Stretch;
  readonly index: number;
}

interface Stretch {
  readonly speech: KnownSpeech;
  readonly startMs: number;
  readonly frameMs: number;
  readonly keys: readonly string[];
}

export interface ReceivedPacket {
  readonly bytes: Uint8Array;
  /** The start in the received audio, milliseconds; negative within the pre-skip. */
  readonly atMs: number;
}

/** How many places are compared for one packet: silence may occur thousands of times, and its place does not matter. */
const MAX_PLACES = 64;

export class PacketIndex {
  readonly #places = new Map<string, Place[]>();

  /** Consecutive packets of `frameMs` each, the first at `startMs`. */
  add(speech: KnownSpeech, startMs: number, frameMs: number, packets: readonly Uint8Array[]): void {
    const stretch = { speech, startMs, frameMs, keys: packets.map(keyOf) };
    for (const [index, key] of stretch.keys.entries()) {
      const places = this.#places.get(key);
      if (places === undefined) this.#places.set(key, [{ stretch, index }]);
      else places.push({ stretch, index });
    }
  }

  /**
   * A match for each packet; null for an unknown one. A packet that occurs once in the library has its place. Its neighbours
   * follow it as far as they agree, so that packets which occur often (digital silence) get their places, too.
   */
  match(packets: readonly ReceivedPacket[]): (Match | null)[] {
    const keys = packets.map(({ bytes }) => keyOf(bytes));
    const found = new Array<Place | null>(packets.length).fill(null);
    const rarestFirst = keys
      .map((key, index) => ({ index, places: this.#places.get(key) ?? [] }))
      .filter(({ places }) => places.length > 0)
      .sort((a, b) => a.places.length - b.places.length || a.index - b.index);
    for (const { index, places } of rarestFirst) {
      if (found[index] === null) placeWithNeighbours(found, keys, index, places);
    }
    return packets.map(({ atMs }, index) => toMatch(found[index] ?? null, atMs));
  }
}

/** Places the packet where the run of agreeing neighbours is the longest, and places these neighbours, too. */
function placeWithNeighbours(
  found: (Place | null)[],
  keys: readonly string[],
  index: number,
  places: readonly Place[],
): void {
  let best = { place: places[0], back: 0, ahead: 0 };
  for (const place of places.slice(0, MAX_PLACES)) {
    const back = agreeing(found, keys, index, place, -1);
    const ahead = agreeing(found, keys, index, place, 1);
    if (back + ahead > best.back + best.ahead) best = { place, back, ahead };
  }
  if (best.place === undefined) return;
  const { stretch, index: origin } = best.place;
  for (let step = -best.back; step <= best.ahead; step++) found[index + step] = { stretch, index: origin + step };
}

/** How many neighbours on one side have no place yet and are equal in both. */
function agreeing(
  found: readonly (Place | null)[],
  keys: readonly string[],
  index: number,
  { stretch, index: origin }: Place,
  direction: 1 | -1,
): number {
  let count = 0;
  for (;;) {
    const step = (count + 1) * direction;
    const key = keys[index + step];
    if (key === undefined || found[index + step] !== null || key !== stretch.keys[origin + step]) return count;
    count++;
  }
}

function toMatch(place: Place | null, atMs: number): Match | null {
  if (place === null) return null;
  const { stretch, index } = place;
  return {
    speech: stretch.speech,
    sourceMs: stretch.startMs + index * stretch.frameMs,
    atMs,
    durationMs: stretch.frameMs,
  };
}

/** The bytes as a string, which a Map can have as a key: no hash, so no collision. */
function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
