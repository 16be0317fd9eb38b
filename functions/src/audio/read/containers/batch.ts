/** Batches: what a decoder passes on at a time. */
import { AUDIBLE, interleave } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import { floatToS16le, s16leToFloat } from '../s16.ts';
import { lengthOf } from './timeline.ts';
import type { Stretch } from './timeline.ts';

/** A stretch of one kind. The samples of audio are in the batch. */
export interface BatchPart {
  readonly kind: Stretch['kind'];
  /** Samples of each channel, at 16 kHz. */
  readonly samples: number;
  /** The number of interleaved channels; missing if it is 1. */
  readonly width?: number;
}

export interface Batch {
  readonly parts: readonly BatchPart[];
  /** The samples of the audio parts, one after the other: 16 kHz, signed 16-bit little-endian. */
  readonly pcm: Uint8Array<ArrayBuffer>;
}

/** A generator of batches; it returns sentences about what could not be read. */
export type Batches = AsyncGenerator<Batch, readonly string[], undefined>;

/** A batch of lost time. */
export function lostBatch(seconds: number): Batch {
  return toBatch([{ kind: 'lost', samples: Math.round(seconds * SAMPLE_RATE) }]);
}

/** Makes a batch of stretches. Neighbours of one kind are joined. */
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

/** How much quieter than the following audio a beginning must be to count as an encoder's delay: 25 dB. */
const MUCH_QUIETER = 10 ** (-25 / 10);

/**
 * Drops an encoder's delay at the start, if it contains no more than an echo of what follows. A file that was cut out of a
 * longer one begins with sound, which is kept.
 * @param seconds the duration of the delay
 */
export async function* withoutStart(batches: Batches, seconds: number): Batches {
  try {
    const first = await batches.next();
    if (first.done) return first.value;
    yield withoutFirst(first.value, Math.round(seconds * SAMPLE_RATE));
    return yield* batches;
  } finally {
    await batches.return([]);
  }
}

function withoutFirst(batch: Batch, samples: number): Batch {
  const [first, ...others] = batch.parts;
  if (first?.kind !== 'audio' || first.samples < 2 * samples) return batch;
  const bytes = 2 * samples * (first.width ?? 1);
  const [start, next] = [0, bytes].map((at) => meanSquare(batch.pcm.subarray(at, at + bytes))) as [number, number];
  if (start > Math.max(AUDIBLE, MUCH_QUIETER * next)) return batch;
  return { parts: [{ ...first, samples: first.samples - samples }, ...others], pcm: batch.pcm.subarray(bytes) };
}

function meanSquare(pcm: Uint8Array): number {
  const floats = s16leToFloat(pcm);
  return floats.reduce((sum, sample) => sum + sample * sample, 0) / floats.length;
}
