/** The audio of one chunk in the forms that transcribers take. */
import type { Span } from '../audio/chunk/chunks.ts';
import { encodeFlac } from '../audio/chunk/flac.ts';
import { writeOggOpus } from '../audio/chunk/oggOpus.ts';
import { cutsOf } from '../audio/chunk/timeMap.ts';
import { carryDifferentSounds, interleave, pcmOf, slicePlanes } from '../audio/read/channels.ts';
import type { ChannelMode, Planes } from '../audio/read/channels.ts';
import { isOpus } from '../audio/read/format.ts';
import type { RecordingFormat } from '../audio/read/format.ts';
import { hasStereo } from '../audio/read/opusPacket.ts';
import { isStereoPcm, SAMPLE_RATE, SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { SourceFrame } from '../audio/read/pcm.ts';
import { floatToS16le } from '../audio/read/s16.ts';
import type { EncodedAudio, SpeechAudio } from '../transcription/transcriber.ts';

/** The audio of one chunk: its own frames, and frames before them for the decoder to converge, which pre-skip drops. */
export interface ChunkAudio {
  readonly preRoll: readonly SourceFrame[];
  readonly frames: readonly SourceFrame[];
}

/** Opus counts time at 48 kHz whatever the input's rate was (RFC 6716 §2). */
const OPUS_RATE_FACTOR = 48_000 / SAMPLE_RATE;

/**
 * Makes each form when it is first asked for, and only once, because a request may be repeated.
 * @param mode whether two channels are sent apart if they carry two sounds
 */
export async function speechAudio(
  audio: ChunkAudio,
  format: RecordingFormat,
  spans: readonly Span[],
  mode: ChannelMode = 'mixed',
): Promise<SpeechAudio> {
  const channels = await channelsToSend(audio, format, mode);
  let encoded: Promise<EncodedAudio> | undefined;
  let pcm: Promise<Float32Array> | undefined;
  return {
    channels,
    encoded: () => (encoded ??= encodeChunk(audio, format, channels)),
    pcm: () => (pcm ??= mixedPcm(audio, format)),
    pauses: cutsOf(spans).map((ms) => Math.round(ms * SAMPLES_PER_MS)),
  };
}

async function channelsToSend(audio: ChunkAudio, format: RecordingFormat, mode: ChannelMode): Promise<1 | 2> {
  const isStereo = isOpus(format) ? hasStereo(audio.frames) : audio.frames.some(isStereoPcm);
  return mode === 'separate' && isStereo && carryDifferentSounds(await chunkPcm(audio, format, 'separate')) ? 2 : 1;
}

/**
 * The original packets in an Ogg stream where they are Opus of the channels that are sent; FLAC, lossless, for everything else. Stereo
 * packets that are sent as one channel are decoded and mixed first: a transcriber would take the mean of both channels, in which a
 * voice that one of them inverts cancels out.
 */
export async function encodeChunk(
  audio: ChunkAudio,
  format: RecordingFormat,
  channels: 1 | 2 = 1,
): Promise<EncodedAudio> {
  const frames = [...audio.preRoll, ...audio.frames];
  if (!isOpus(format) || (channels === 1 && hasStereo(frames))) {
    const planes = await chunkPcm(audio, format, channels === 2 ? 'separate' : 'mixed');
    const pcm = new Int16Array(floatToS16le(interleave(planes)).buffer);
    return { bytes: await encodeFlac(pcm, SAMPLE_RATE, channels), contentType: 'audio/flac' };
  }
  const packets = frames.flatMap(({ payload, samples }) =>
    payload === null ? [] : { payload, samples48k: samples * OPUS_RATE_FACTOR },
  );
  const preSkip48k = preRollSamples(audio) * OPUS_RATE_FACTOR;
  return {
    bytes: writeOggOpus({ packets, channels, inputSampleRate: format.sampleRate, preSkip48k, serial: 1 }),
    contentType: 'audio/ogg',
  };
}

/** 16 kHz, mono. */
async function mixedPcm(audio: ChunkAudio, format: RecordingFormat): Promise<Float32Array> {
  const [pcm = new Float32Array(0)] = await chunkPcm(audio, format, 'mixed');
  return pcm;
}

/** 16 kHz, without the pre-roll. */
async function chunkPcm(audio: ChunkAudio, format: RecordingFormat, mode: ChannelMode): Promise<Planes> {
  if (!isOpus(format)) return pcmOf(audio.frames, mode);
  const { decodeOpusChannels } = await import('../audio/read/opusDecoder.ts');
  const frames = [...audio.preRoll, ...audio.frames].filter(({ payload }) => payload !== null);
  const { planes } = await decodeOpusChannels(frames, mode);
  return slicePlanes(planes, preRollSamples(audio), Infinity);
}

function preRollSamples({ preRoll }: ChunkAudio): number {
  return preRoll.reduce((sum, { payload, samples }) => sum + (payload === null ? 0 : samples), 0);
}
