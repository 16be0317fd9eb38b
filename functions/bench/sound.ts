/** The audio of the benches: the sample recordings, repeated, as a device would store them. */
import { execFileSync } from 'node:child_process';
import { Timestamp } from 'firebase-admin/firestore';
import { framesOf, loadSamples, readRecording } from '../../dev/samples/samples.ts';
import type { Sample, SampleRecording } from '../../dev/samples/samples.ts';
import { decodeOpus } from '../src/audio/read/opusDecoder.ts';
import { floatToS16le, s16leToFloat } from '../src/audio/read/s16.ts';
import type { JobFile } from '../src/jobs/job.ts';
import { parseRecordingName } from '../src/audio/read/name.ts';
import { jobFile } from '../test/support/jobFiles.ts';

export { floatToS16le };

export const RATE = 16_000;
const T0 = Date.UTC(2026, 0, 5);

export const SAMPLES: readonly Sample[] = loadSamples();

/** `opus20hidden`: the packets of `opus20`, written so that their voice bits cannot be read. */
export type Kind = 'opus10' | 'opus20hidden' | 'opus20' | 'pcm16' | 'wav' | 'm4a';

function framed(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length);
      return [length, frame];
    }),
  );
}

/** All intact frames of the samples with this codec, in order. */
export function sampleFrames(codec: SampleRecording['codec']): Uint8Array[] {
  return SAMPLES.flatMap((sample) =>
    sample.recordings
      .filter((recording) => recording.codec === codec)
      .flatMap((recording) => framesOf(readRecording(sample, recording), recording).flatMap((frame) => frame ?? [])),
  );
}

/** The PCM of one recording of the samples. Lost frames are silence. */
export async function samplePcm(sample: Sample, recording: SampleRecording): Promise<Float32Array> {
  const frames = framesOf(readRecording(sample, recording), recording).map((payload) => ({
    payload,
    samples: recording.frameSize,
  }));
  if (recording.codec.startsWith('opus')) return (await decodeOpus(frames)).pcm;
  const pcm = new Float32Array(frames.length * recording.frameSize);
  for (const [i, { payload }] of frames.entries()) {
    if (payload === null) continue;
    const part = pcm.subarray(i * recording.frameSize, (i + 1) * recording.frameSize);
    if (recording.codec === 'pcm8') payload.forEach((value, at) => (part[at] = (value - 128) / 128));
    else s16leToFloat(payload, part);
  }
  return pcm;
}

const FORMATS: Record<Kind, { readonly name: string; readonly frameMs: number }> = {
  opus10: { name: 'opus_16000_1_fs160', frameMs: 10 },
  opus20hidden: { name: 'opus_fs320_16000_1_fs320', frameMs: 20 },
  opus20: { name: 'opus_fs320_16000_1_fs320', frameMs: 20 },
  pcm16: { name: 'pcm16_16000_1_fs160', frameMs: 10 },
  wav: { name: '', frameMs: 10 },
  m4a: { name: '', frameMs: 10 },
};

const sources = new Map<Kind, Uint8Array[]>();

/** The frames that are repeated: Opus packets, or PCM of 10 ms, with about the same share of speech. */
async function source(kind: Kind): Promise<Uint8Array[]> {
  const known = sources.get(kind);
  if (known) return known;
  const frames =
    kind === 'opus10'
      ? sampleFrames('opus')
      : kind === 'opus20'
        ? sampleFrames('opus_fs320')
        : kind === 'opus20hidden'
          ? sampleFrames('opus_fs320').map(withoutVoiceBits)
          : await pcmFrames();
  sources.set(kind, frames);
  return frames;
}

/** The same frame in a packet of code 3 with one frame (RFC 6716 section 3.2.5). It decodes to the same samples. */
function withoutVoiceBits(packet: Uint8Array): Uint8Array {
  return Uint8Array.of((packet[0] ?? 0) | 0b11, 1, ...packet.subarray(1));
}

async function pcmFrames(): Promise<Uint8Array[]> {
  const packets = sampleFrames('opus').map((payload) => ({ payload, samples: 160 }));
  const bytes = floatToS16le((await decodeOpus(packets)).pcm);
  return Array.from({ length: bytes.length / 320 }, (_, i) => bytes.subarray(320 * i, 320 * (i + 1)));
}

/** Recordings of a device, a minute each and without a gap, as the files of a job. Together they are one run. */
export function minuteFiles(kind: Kind, count: number): JobFile[] {
  return Array.from({ length: count }, (_, minute) =>
    toFile(fileName(kind, T0 + minute * 60_000), T0 + minute * 60_000, 'bench'),
  );
}

/**
 * The bytes of the recording of one minute. They are made when they are needed, so that a day of them need not be in memory.
 */
export async function minuteBytes(kind: Kind, minute: number): Promise<Uint8Array> {
  const frames = await source(kind);
  const each = 60_000 / FORMATS[kind].frameMs;
  return fileBytes(
    kind,
    Array.from({ length: each }, (_, i) => frames[(minute * each + i) % frames.length] ?? new Uint8Array()),
  );
}

function fileBytes(kind: Kind, frames: readonly Uint8Array[]): Uint8Array {
  if (kind !== 'wav' && kind !== 'm4a') return framed(frames);
  const codec =
    kind === 'wav' ? ['-f', 'wav'] : ['-c:a', 'aac', '-b:a', '48k', '-f', 'ipod', '-movflags', 'frag_keyframe'];
  return ffmpeg(
    ['-f', 's16le', '-ar', String(RATE), '-ac', '1', '-i', 'pipe:0', ...codec, 'pipe:1'],
    Buffer.concat(frames),
  );
}

export function ffmpeg(args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-threads', '1', ...args], { input, maxBuffer: 2 ** 30 });
}

export function fileName(kind: Kind, startedAtMs: number): string {
  return kind === 'wav' || kind === 'm4a'
    ? `bench_${startedAtMs}.${kind}`
    : `audio_bench_${FORMATS[kind].name}_${startedAtMs}.bin`;
}

/** The entry in a job of a recording with this name. */
export function toFile(name: string, startedAtMs: number, deviceId: string): JobFile {
  const parsed = parseRecordingName(name, { nowMs: Date.now(), clockOffsetMs: 0 });
  if (!parsed.ok) throw new Error(`${name} is no recording's name.`);
  return jobFile({ name, format: parsed.name.format, deviceId, startedAt: Timestamp.fromMillis(startedAtMs) });
}

/** A sample as a device would store it: its recordings, and the bytes of each. */
export function sampleBytes(sample: Sample): {
  readonly files: readonly JobFile[];
  readonly open: (file: JobFile) => AsyncIterable<Uint8Array>;
} {
  const bytes = new Map(sample.recordings.map((recording) => [recording.name, readRecording(sample, recording)]));
  return {
    files: sample.recordings.map(({ name, startedAtMs }) => toFile(name, startedAtMs, sample.deviceId)),
    open: ({ name }) => once(bytes.get(name) ?? new Uint8Array()),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
