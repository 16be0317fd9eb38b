/** What a decoder gives at a time. */
import { interleave } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import { floatToS16le } from '../s16.ts';
import { lengthOf } from './timeline.ts';
import type { Stretch } from './timeline.ts';

/** A stretch of a recording of one kind; the samples of audio are in the batch. */
export interface BatchPart {
  readonly kind: Stretch['kind'];
  /** At 16 kHz, of each channel. */
  readonly samples: number;
  /** Channels of audio, interleaved; absent for one. */
  readonly width?: number;
}

export interface Batch {
  readonly parts: readonly BatchPart[];
  /** The samples of the parts of audio, one after the other: 16 kHz, signed 16-bit little-endian. */
  readonly pcm: Uint8Array<ArrayBuffer>;
}

/** A generator of batches; it returns sentences about what could not be read. */
export type Batches = AsyncGenerator<Batch, readonly string[], undefined>;

/** So much that is lost, seconds. */
export function lostBatch(seconds: number): Batch {
  return toBatch([{ kind: 'lost', samples: Math.round(seconds * SAMPLE_RATE) }]);
}

/** Joins neighbours of one kind. */
export function toBatch(stretches: readonly Stretch[]): Batch {
  const parts: BatchPart[] = [];
  const audio: Float32Array[] = [];
  for (const stretch of stretches) {
    const { kind } = stretch;
    if (stretch.kind === 'audio') audio.push(interleave(stretch.planes));
    const width = stretch.kind === 'audio' ? stretch.planes.length : 1;
    const samples = lengthOf(stretch);
    const last = parts.at(-1);
    if (last?.kind === kind && (last.width ?? 1) === width)
      parts[parts.length - 1] = { ...last, samples: last.samples + samples };
    else parts.push(width > 1 ? { kind, samples, width } : { kind, samples });
  }
  const pcm = new Float32Array(audio.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of audio) {
    pcm.set(part, at);
    at += part.length;
  }
  return { parts, pcm: floatToS16le(pcm) };
}
