/** The sample recordings and what is known about them: see README.md in this folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const SAMPLES_DIR = join(import.meta.dirname, 'recordings');

const milliseconds = z.number().nonnegative();

const wordSchema = z.strictObject({
  /** The text for readers, with punctuation. */
  text: z.string().min(1),
  /** Absolute time, Unix milliseconds, in the decoded audio: packet k covers [startedAtMs + k * frame, … + frame). */
  startMs: milliseconds,
  endMs: milliseconds,
  /** The speaker. */
  speaker: z.string().min(1),
});

const lostFrameSchema = z.strictObject({
  index: z.int().nonnegative(),
  /**
   * `undecodable`: noise behind a right length. `bad_length`: the length prefix is overwritten, and the packet behind it is
   * intact.
   */
  reason: z.enum(['undecodable', 'bad_length']),
  /** Bytes of the frame behind the prefix. */
  bytes: z.int().positive(),
});

const recordingSchema = z.strictObject({
  /** File name, beside the sidecar. */
  name: z.string().min(1),
  codec: z.enum(['opus', 'opus_fs320', 'pcm16', 'pcm8', 'wav']),
  sampleRate: z.literal(16_000),
  channels: z.literal(1),
  /** Samples a frame. WAV has no frames: the figure is only the unit of its length. */
  frameSize: z.int().positive(),
  /** The time of the first sample, Unix milliseconds. */
  startedAtMs: milliseconds,
  /** The duration, with lost frames and without a torn last frame, milliseconds. */
  durationMs: milliseconds,
  /** Bytes of a torn last frame, its length prefix included. */
  tornBytes: z.int().nonnegative(),
  /** Frames that cannot be decoded. They still take their time. */
  lostFrames: z.array(lostFrameSchema),
});

const conversationSchema = z.strictObject({
  /** The start of the first word and the end of the last, Unix milliseconds. */
  startMs: milliseconds,
  endMs: milliseconds,
  /** Its words: `words.slice(from, to)`. */
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
});

export const sampleSchema = z.strictObject({
  scenario: z.string().min(1),
  about: z.string(),
  /** The device id in the file names. The name of a WAV file has none: send it as `device_id`. */
  deviceId: z.string().min(1),
  language: z.string(),
  /** In order of time. */
  recordings: z.array(recordingSchema),
  /** In order of time. A word may begin in one recording and end in the next. */
  words: z.array(wordSchema),
  /** The conversations that the recordings should become, with a conversation gap of 120 seconds. */
  conversations: z.array(conversationSchema),
});

export type SampleWord = z.infer<typeof wordSchema>;
export type SampleRecording = z.infer<typeof recordingSchema>;
export type SampleConversation = z.infer<typeof conversationSchema>;
export type Sidecar = z.infer<typeof sampleSchema>;

/** A scenario: its sidecar, and the folder where its recordings are. */
export interface Sample extends Sidecar {
  readonly folder: string;
}

/**
 * All samples of a folder, in order of time.
 * @throws ZodError if a sidecar does not match the schema
 */
export function loadSamples(folder: string = SAMPLES_DIR): Sample[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const sidecar: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return { ...sampleSchema.parse(sidecar), folder };
    })
    .sort((a, b) => startOf(a) - startOf(b));
}

/** The bytes of a recording. */
export function readRecording(sample: Sample, recording: SampleRecording): Buffer {
  return readFileSync(join(sample.folder, recording.name));
}

/**
 * The frames of a recording as a decoder gets them, null for a lost one: Opus packets, or PCM with the recording's sample
 * width. The sidecar is used, nothing is guessed: the lengths of lost frames come from it, and a torn frame is left out. WAV
 * has frames of `frameSize` samples.
 */
export function readFrames(sample: Sample, recording: SampleRecording): (Uint8Array | null)[] {
  return framesOf(readRecording(sample, recording), recording);
}

export function framesOf(bytes: Buffer, recording: SampleRecording): (Uint8Array | null)[] {
  const count = Math.round((recording.durationMs * recording.sampleRate) / 1000 / recording.frameSize);
  if (recording.codec === 'wav') {
    const size = recording.frameSize * 2;
    return Array.from({ length: count }, (_, i) => bytes.subarray(44 + i * size, 44 + (i + 1) * size));
  }
  const lost = new Map(recording.lostFrames.map((frame) => [frame.index, frame]));
  const frames: (Uint8Array | null)[] = [];
  let at = 0;
  while (frames.length < count) {
    const damage = lost.get(frames.length);
    const length = damage?.bytes ?? bytes.readUInt32LE(at);
    if (length === 0 || at + 4 + length > bytes.length)
      throw new Error(`${recording.name}: frame ${frames.length} is broken`);
    frames.push(damage === undefined ? bytes.subarray(at + 4, at + 4 + length) : null);
    at += 4 + length;
  }
  if (bytes.length - at !== recording.tornBytes)
    throw new Error(`${recording.name}: ${bytes.length - at} bytes are left over`);
  return frames;
}

/**
 * The time that words cover, seconds, including pauses of up to `maxPauseSeconds` between them: the least that the speech can
 * cost.
 */
export function speechSeconds(words: readonly SampleWord[], maxPauseSeconds = 1): number {
  const ordered = [...words].sort((a, b) => a.startMs - b.startMs);
  let total = 0;
  let coveredUntil = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs } of ordered) {
    const from = startMs - coveredUntil < maxPauseSeconds * 1000 ? coveredUntil : startMs;
    total += Math.max(0, endMs - from);
    coveredUntil = Math.max(coveredUntil, endMs);
  }
  return total / 1000;
}

function startOf(sample: Sample): number {
  return sample.recordings[0]?.startedAtMs ?? 0;
}
