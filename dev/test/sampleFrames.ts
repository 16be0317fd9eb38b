/** The frames of the samples, each with the time that it stands for. */
import assert from 'node:assert/strict';
import { loadSamples, readFrames, type Sample, type SampleRecording } from '../samples/samples.ts';

export const samples = loadSamples();

/** A frame of a sample, with the time that it stands for, Unix milliseconds. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly startMs: number;
  readonly endMs: number;
}

export function isOpus(sample: Sample): boolean {
  return sample.recordings.every(({ codec }) => codec.startsWith('opus'));
}

const framesBySample = new Map(samples.map((sample) => [sample, allFrames(sample)]));

export function framesOf(sample: Sample): Frame[] {
  return framesBySample.get(sample) ?? [];
}

function allFrames(sample: Sample): Frame[] {
  return sample.recordings.flatMap((recording) =>
    readFrames(sample, recording).flatMap((bytes, index) => {
      const startMs = recording.startedAtMs + index * frameMs(recording);
      return bytes === null ? [] : [{ bytes, startMs, endMs: startMs + frameMs(recording) }];
    }),
  );
}

function frameMs(recording: SampleRecording): number {
  return recording.frameSize / 16;
}

const pcmBySample = new Map<Sample, Int16Array>();

export function pcmOf(sample: Sample | undefined): Int16Array {
  assert.ok(sample);
  const pcm = pcmBySample.get(sample) ?? readPcm(sample);
  pcmBySample.set(sample, pcm);
  return pcm;
}

function readPcm(sample: Sample): Int16Array {
  const bytes = Buffer.concat(framesOf(sample).map((frame) => frame.bytes));
  if (sample.recordings[0]?.codec === 'pcm8') return Int16Array.from(bytes, (byte) => (byte - 128) << 8);
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
}
