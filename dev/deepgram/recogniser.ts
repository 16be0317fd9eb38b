/** Returns the true words of known audio, and a mark for speech that it does not know. */
import { OpusDecoder } from 'opus-decoder';
import type { ReceivedAudio } from './containers.ts';
import { hearWords, type HeardWord, type Match } from './hearing.ts';
import type { SampleLibrary } from './library.ts';
import type { OggOpus } from './ogg.ts';
import type { Pcm } from './pcm.ts';

/** The word that stands for speech that the library does not have. */
export const UNRECOGNISED = '[unrecognised speech]';

/** Louder sound counts as speech, root mean square of {@link WINDOW_MS}, full scale = 1: -45 dBFS. */
const SPEECH_LEVEL = 10 ** (-45 / 20);
const WINDOW_MS = 20;
/** Shorter unknown sound does not count as speech, because a decoder that recovers from a lost frame makes some. */
const MIN_SPEECH_MS = 100;
/** Unknown speech with pauses up to this is one stretch. */
const MAX_PAUSE_MS = 1000;

/** Half-open, milliseconds of the received audio. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Words in order of time. */
export async function recognise(library: SampleLibrary, audio: ReceivedAudio): Promise<HeardWord[]> {
  const durationMs = audio.seconds * 1000;
  const { matches, unknown } = matchAudio(library, audio, durationMs);
  const words = hearWords(matches, durationMs);
  if (unknown.length > 0) {
    const pcm = audio.kind === 'opus' ? await decodeOpus(audio.stream) : audio.pcm;
    words.push(...unknown.flatMap((span) => speechIn(pcm, span)));
  }
  return words.sort((a, b) => a.startMs - b.startMs);
}

/** The words of each channel. The library has no packets with two channels, so their sound is not recognised. */
export async function recogniseChannels(library: SampleLibrary, audio: ReceivedAudio): Promise<HeardWord[][]> {
  if (audio.channels === 1) return [await recognise(library, audio)];
  const { sampleRate, channels, samples } = audio.kind === 'opus' ? await decodeOpus(audio.stream, 2) : audio.pcm;
  return Promise.all(
    Array.from({ length: channels }, (_, channel) => {
      const one = samples.filter((_, i) => i % channels === channel);
      const pcm = { sampleRate, channels: 1, samples: one };
      return recognise(library, { kind: 'pcm', pcm, seconds: audio.seconds, channels: 1 });
    }),
  );
}

function matchAudio(
  library: SampleLibrary,
  audio: ReceivedAudio,
  durationMs: number,
): { matches: Match[]; unknown: Span[] } {
  if (audio.kind === 'opus') return matchPackets(library, audio.stream);
  const { sampleRate, channels, samples } = audio.pcm;
  const matches = sampleRate === 16_000 && channels === 1 ? library.pcm.match(samples) : [];
  const edges = [0, ...matches.flatMap(({ atMs, durationMs: length }) => [atMs, atMs + length]), durationMs];
  const gaps = matches.map((_, i) => ({ fromMs: edges[2 * i] ?? 0, toMs: edges[2 * i + 1] ?? 0 }));
  const rest = { fromMs: edges.at(-2) ?? 0, toMs: durationMs };
  return { matches, unknown: [...gaps, rest].filter(({ fromMs, toMs }) => toMs - fromMs >= MIN_SPEECH_MS) };
}

function matchPackets(library: SampleLibrary, stream: OggOpus): { matches: Match[]; unknown: Span[] } {
  let samples = -stream.preSkip;
  const packets = stream.packets.map((packet) => {
    const atMs = samples / 48;
    samples += packet.samples;
    return { bytes: packet.bytes, atMs, endMs: samples / 48 };
  });
  const found = library.packets.match(packets);
  const unknown: { fromMs: number; toMs: number }[] = [];
  for (const [index, { atMs, endMs }] of packets.entries()) {
    if (found[index] !== null) continue;
    const last = unknown.at(-1);
    if (last?.toMs === atMs) last.toMs = endMs;
    else unknown.push({ fromMs: atMs, toMs: endMs });
  }
  return {
    matches: found.filter((match) => match !== null),
    unknown: unknown.filter(({ fromMs, toMs }) => toMs - fromMs >= MIN_SPEECH_MS),
  };
}

/** One word for each stretch of sound within the span. */
function speechIn(pcm: Pcm, span: Span): HeardWord[] {
  const stretches: { fromMs: number; toMs: number; loudMs: number }[] = [];
  for (let fromMs = Math.max(0, span.fromMs); fromMs < span.toMs; fromMs += WINDOW_MS) {
    const toMs = Math.min(span.toMs, fromMs + WINDOW_MS);
    if (level(pcm, fromMs, toMs) < SPEECH_LEVEL) continue;
    const last = stretches.at(-1);
    if (last === undefined || fromMs - last.toMs > MAX_PAUSE_MS)
      stretches.push({ fromMs, toMs, loudMs: toMs - fromMs });
    else {
      last.toMs = toMs;
      last.loudMs += toMs - fromMs;
    }
  }
  return stretches
    .filter(({ loudMs }) => loudMs >= MIN_SPEECH_MS)
    .map(({ fromMs, toMs }) => ({
      text: UNRECOGNISED,
      startMs: fromMs,
      endMs: toMs,
      confidence: 0.1,
      speaker: null,
      language: null,
    }));
}

/** Root mean square, full scale = 1. */
function level({ samples, sampleRate, channels }: Pcm, fromMs: number, toMs: number): number {
  const at = (ms: number): number => Math.round((ms * sampleRate) / 1000) * channels;
  const part = samples.subarray(at(fromMs), at(toMs));
  if (part.length === 0) return 0;
  return Math.sqrt(part.reduce((sum, sample) => sum + (sample / 32768) ** 2, 0) / part.length);
}

/** The audio that a player would play, less its end trimming; packets that do not decode are silent. */
async function decodeOpus(stream: OggOpus, channels: 1 | 2 = 1): Promise<Pcm> {
  const decoder = new OpusDecoder({ sampleRate: 48_000, channels });
  await decoder.ready;
  try {
    const total = stream.packets.reduce((sum, packet) => sum + packet.samples, 0);
    const samples = new Int16Array(total * channels);
    let at = 0;
    for (const packet of stream.packets) {
      const { channelData } = decoder.decodeFrame(packet.bytes);
      for (const [channel, plane] of channelData.entries()) {
        for (let i = 0; i < packet.samples; i++) {
          const value = Math.round((plane[i] ?? 0) * 32768);
          samples[(at + i) * channels + channel] = Math.max(-32768, Math.min(32767, value));
        }
      }
      at += packet.samples;
    }
    return { sampleRate: 48_000, channels, samples: samples.subarray(stream.preSkip * channels) };
  } finally {
    decoder.free();
  }
}
