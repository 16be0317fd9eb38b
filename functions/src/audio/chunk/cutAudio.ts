/** Keeps only some stretches of the audio of a chunk, exact to an Opus packet or to a sample, and without loss of quality. */
import { decodeFlac, encodeFlac } from './flac.ts';
import { readOggOpus, writeOggOpus } from './oggOpus.ts';

/** A stretch of audio, milliseconds from its start. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ChunkAudio {
  readonly contentType: 'audio/ogg' | 'audio/flac';
  readonly bytes: Uint8Array;
}

export interface CutAudio extends ChunkAudio {
  /** The stretches of the old audio that were kept. In the new audio they lie one behind the other. */
  readonly stretches: readonly Stretch[];
}

/** Times are computed, so times less than half a sample at 48 kHz apart are equal. */
export const TOLERANCE_MS = 1 / 96;

/**
 * Cuts the audio down to stretches. The new audio contains only what lies wholly within a stretch, even in its bytes: it has no
 * packets for the decoder to converge.
 * @param stretches in order and without overlap
 * @returns null if nothing is left
 */
export function cutAudio(audio: ChunkAudio, stretches: readonly Stretch[]): Promise<CutAudio | null> {
  return audio.contentType === 'audio/ogg'
    ? Promise.resolve(cutOgg(audio.bytes, stretches))
    : cutFlac(audio.bytes, stretches);
}

function cutOgg(file: Uint8Array, stretches: readonly Stretch[]): CutAudio | null {
  const stream = readOggOpus(file);
  const kept: { fromMs: number; toMs: number }[] = [];
  // The pre-roll lies before the start of the audio.
  let at48k = -stream.preSkip48k;
  let next = 0;
  const packets = stream.packets.filter(({ samples48k }) => {
    const [fromMs, toMs] = [at48k / 48, (at48k + samples48k) / 48];
    at48k += samples48k;
    while ((stretches[next]?.toMs ?? Infinity) <= fromMs + TOLERANCE_MS) next++;
    const stretch = stretches[next];
    if (stretch === undefined || fromMs < stretch.fromMs - TOLERANCE_MS || toMs > stretch.toMs + TOLERANCE_MS)
      return false;
    const last = kept.at(-1);
    if (last?.toMs === fromMs) last.toMs = toMs;
    else kept.push({ fromMs, toMs });
    return true;
  });
  if (packets.length === 0) return null;
  return {
    contentType: 'audio/ogg',
    bytes: writeOggOpus({ ...stream, packets, preSkip48k: 0 }),
    stretches: kept,
  };
}

async function cutFlac(file: Uint8Array, stretches: readonly Stretch[]): Promise<CutAudio | null> {
  const { pcm, sampleRate, channels } = await decodeFlac(file);
  const perMs = sampleRate / 1000;
  const total = pcm.length / channels;
  const taken = stretches.flatMap(({ fromMs, toMs }) => {
    const from = Math.max(0, Math.ceil((fromMs - TOLERANCE_MS) * perMs));
    const to = Math.min(total, Math.floor((toMs + TOLERANCE_MS) * perMs));
    return from < to ? [{ from, to }] : [];
  });
  if (taken.length === 0) return null;
  const cut = new Int16Array(taken.reduce((sum, { from, to }) => sum + (to - from) * channels, 0));
  let at = 0;
  for (const { from, to } of taken) {
    cut.set(pcm.subarray(from * channels, to * channels), at);
    at += (to - from) * channels;
  }
  return {
    contentType: 'audio/flac',
    bytes: await encodeFlac(cut, sampleRate, channels),
    stretches: taken.map(({ from, to }) => ({ fromMs: from / perMs, toMs: to / perMs })),
  };
}
