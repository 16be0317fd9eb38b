/** What goes between the pool and its workers: a passage's bytes in two buffers, which change hands without being copied. */
import type { Passage } from './passages.ts';
import type { SourceFrame } from '../read/pcm.ts';

export interface PackedPassage extends Omit<Passage, 'lead' | 'frames'> {
  /** All payloads end to end. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of each frame, lead first: its bytes (a lost frame's: {@link LOST}) and its samples. */
  readonly sizes: Uint32Array<ArrayBuffer>;
  readonly leadFrames: number;
}

const LOST = 0xffff_ffff;

export function packPassage({ lead, frames, ...rest }: Passage): PackedPassage {
  const all = [...lead, ...frames];
  const bytes = new Uint8Array(all.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0));
  const sizes = new Uint32Array(2 * all.length);
  let at = 0;
  for (const [i, { payload, samples }] of all.entries()) {
    sizes[2 * i] = payload?.length ?? LOST;
    sizes[2 * i + 1] = samples;
    if (payload === null) continue;
    bytes.set(payload, at);
    at += payload.length;
  }
  return { ...rest, bytes, sizes, leadFrames: lead.length };
}

export function unpackPassage({ bytes, sizes, leadFrames, ...rest }: PackedPassage): Passage {
  const all: SourceFrame[] = [];
  let at = 0;
  for (let i = 0; i < sizes.length; i += 2) {
    const length = sizes[i] ?? LOST;
    const samples = sizes[i + 1] ?? 0;
    all.push({ payload: length === LOST ? null : bytes.subarray(at, (at += length)), samples });
  }
  return { ...rest, lead: all.slice(0, leadFrames), frames: all.slice(leadFrames) };
}
