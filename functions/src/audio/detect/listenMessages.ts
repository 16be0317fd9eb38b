/**
 * The messages between the pool and its threads. The bytes of a passage are in two buffers, which are transferred without a
 * copy.
 */
import type { Passage } from './passages.ts';
import type { SourceFrame } from '../read/pcm.ts';

export interface PackedPassage extends Omit<Passage, 'lead' | 'frames'> {
  /** All payloads end to end. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * Three numbers for each frame, those of `lead` first: the bytes of its payload ({@link LOST} if it has none), the bytes of
   * its separate channels, and its samples.
   */
  readonly sizes: Uint32Array<ArrayBuffer>;
  readonly leadFrames: number;
}

const LOST = 0xffff_ffff;

/** How many numbers each frame has in `sizes`. */
const NUMBERS = 3;

export function packPassage({ lead, frames, ...rest }: Passage): PackedPassage {
  const all = [...lead, ...frames];
  const parts = all.flatMap(({ payload, apart }) => [payload ?? [], apart ?? []]);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const sizes = new Uint32Array(NUMBERS * all.length);
  for (const [i, { payload, apart, samples }] of all.entries()) {
    sizes.set([payload?.length ?? LOST, apart?.length ?? 0, samples], NUMBERS * i);
  }
  return { ...rest, bytes, sizes, leadFrames: lead.length };
}

export function unpackPassage({ bytes, sizes, leadFrames, ...rest }: PackedPassage): Passage {
  const all: SourceFrame[] = [];
  let at = 0;
  for (let i = 0; i < sizes.length; i += NUMBERS) {
    const [length = LOST, apartLength = 0, samples = 0] = sizes.subarray(i, i + NUMBERS);
    const payload = length === LOST ? null : bytes.subarray(at, (at += length));
    const apart = bytes.subarray(at, (at += apartLength));
    all.push(apartLength > 0 ? { payload, samples, apart } : { payload, samples });
  }
  return { ...rest, lead: all.slice(0, leadFrames), frames: all.slice(leadFrames) };
}
