/** The audio of one chunk in the forms that transcribers take. */
import type { Span } from '../audio/chunk/chunks.ts';
import { encodeFlac } from '../audio/chunk/flac.ts';
import { writeOggOpus } from '../audio/chunk/oggOpus.ts';
import { isOpus } from '../audio/read/format.ts';
import type { RecordingFormat } from '../audio/read/format.ts';
import { hasStereo } from '../audio/read/opusPacket.ts';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { SourceFrame } from '../audio/read/pcm.ts';
import { floatToS16le, s16leToFloat } from '../audio/read/s16.ts';
import type { EncodedAudio, SpeechAudio } from '../transcription/transcriber.ts';

/** The audio of one chunk: frames before it for the decoder to converge, dropped by pre-skip, and its own. */
export interface ChunkAudio {
  readonly preRoll: readonly SourceFrame[];
  readonly frames: readonly SourceFrame[];
}

/** Opus counts time at 48 kHz whatever the input's rate was (RFC 6716 §2). */
const OPUS_RATE_FACTOR = 48_000 / SAMPLE_RATE;

/** Each form is made when it is asked for, and once: a request may be tried again. */
export function speechAudio(audio: ChunkAudio, format: RecordingFormat, spans: readonly Span[]): SpeechAudio {
  let encoded: Promise<EncodedAudio> | undefined;
  let pcm: Promise<Float32Array> | undefined;
  return {
    encoded: () => (encoded ??= encodeChunk(audio, format)),
    pcm: () => (pcm ??= chunkPcm(audio, format)),
    pauses: spans.slice(1).map(({ chunkStartMs }) => Math.round(chunkStartMs * SAMPLES_PER_MS)),
  };
}

/**
 * The original packets in an Ogg stream where they are mono Opus; FLAC, lossless, for everything else. Stereo packets are decoded
 * and mixed first: a transcriber would take the mean of both channels, where a voice that one of them inverts is silence.
 */
export async function encodeChunk(audio: ChunkAudio, format: RecordingFormat): Promise<EncodedAudio> {
  if (!isOpus(format)) return toFlac(joinPcm(audio.frames));
  const frames = [...audio.preRoll, ...audio.frames];
  if (hasStereo(frames)) {
    const { buffer } = floatToS16le(await decodeChunk(audio));
    return toFlac(new Int16Array(buffer));
  }
  const packets = frames.flatMap(({ payload, samples }) =>
    payload === null ? [] : { payload, samples48k: samples * OPUS_RATE_FACTOR },
  );
  const preSkip48k = preRollSamples(audio) * OPUS_RATE_FACTOR;
  return {
    bytes: writeOggOpus({ packets, channels: 1, inputSampleRate: format.sampleRate, preSkip48k, serial: 1 }),
    contentType: 'audio/ogg',
  };
}

async function toFlac(pcm: Int16Array): Promise<EncodedAudio> {
  return { bytes: await encodeFlac(pcm, SAMPLE_RATE), contentType: 'audio/flac' };
}

function joinPcm(frames: readonly SourceFrame[]): Int16Array {
  const pcm = new Int16Array(frames.reduce((sum, { samples }) => sum + samples, 0));
  const bytes = new Uint8Array(pcm.buffer);
  let offset = 0;
  for (const { payload } of frames) {
    if (payload === null) continue;
    bytes.set(payload, offset);
    offset += payload.length;
  }
  return pcm;
}

/** 16 kHz, mono. */
async function chunkPcm(audio: ChunkAudio, format: RecordingFormat): Promise<Float32Array> {
  if (isOpus(format)) return decodeChunk(audio);
  return s16leToFloat(new Uint8Array(joinPcm(audio.frames).buffer));
}

/** Opus packets to PCM, without the pre-roll. */
async function decodeChunk(audio: ChunkAudio): Promise<Float32Array> {
  const { decodeOpus } = await import('../audio/read/opusDecoder.ts');
  const { pcm } = await decodeOpus([...audio.preRoll, ...audio.frames].filter(({ payload }) => payload !== null));
  return pcm.subarray(preRollSamples(audio));
}

function preRollSamples({ preRoll }: ChunkAudio): number {
  return preRoll.reduce((sum, { payload, samples }) => sum + (payload === null ? 0 : samples), 0);
}
