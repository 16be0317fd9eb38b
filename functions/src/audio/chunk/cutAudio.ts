/** Takes stretches out of the audio of a chunk: exact to a packet of Opus or to a sample, without a loss. */
import { decodeFlac, encodeFlac } from './flac.ts';
import { readOggOpus, writeOggOpus } from './oggOpus.ts';

/** Milliseconds from the start of the audio. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ChunkAudio {
  readonly contentType: 'audio/ogg' | 'audio/flac';
  readonly bytes: Uint8Array;
}

export interface CutAudio extends ChunkAudio {
  /** What is left of the stretches: they lie in the new audio one behind the other. */
  readonly stretches: readonly Stretch[];
}

/** Times are computed: what is nearer than half a sample at 48 kHz is the same. */
export const TOLERANCE_MS = 1 / 96;

/**
 * The new audio holds nothing that is not wholly inside a stretch, not in its bytes either: no packet that a decoder needs to settle.
 * @param stretches in order, none overlaps another
 * @returns null where nothing is left
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
