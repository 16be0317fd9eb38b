/** The sample recordings as uploads. */
import { framesOf, loadSamples, readRecording } from '../../../dev/samples/samples.ts';
import type { Sample, SampleRecording } from '../../../dev/samples/samples.ts';
import type { Upload } from '../../src/upload/accept.ts';
import { checkRecordings } from '../../src/upload/recordings.ts';

let samples: ReadonlyMap<string, Sample> | undefined;

export function sampleNamed(scenario: string): Sample {
  samples ??= new Map(loadSamples().map((sample) => [sample.scenario, sample]));
  const sample = samples.get(scenario);
  if (sample === undefined) throw new Error(`There is no sample "${scenario}".`);
  return sample;
}

export interface SampleUpload {
  readonly uid: string;
  readonly idempotencyKey: string | null;
  readonly scenarios: readonly string[];
  /** Whether each file of the device is cut in half. */
  readonly isRecut?: boolean;
}

/** An upload of all recordings of some samples. @param nowMs Unix milliseconds. */
export function sampleUpload({ uid, idempotencyKey, scenarios, isRecut = false }: SampleUpload, nowMs: number): Upload {
  const files = scenarios
    .map(sampleNamed)
    .flatMap((sample) => sample.recordings.flatMap((recording) => filesOf(sample, recording, isRecut)));
  const fields = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
  const recordings = checkRecordings(files, fields, { nowMs, maxRecordingBytes: 100_000_000 });
  return { uid, idempotencyKey, fields, recordings };
}

/** The same frames at the same time, in one file or in two. A file that is damaged or has no frames stays whole. */
function filesOf(sample: Sample, recording: SampleRecording, isRecut: boolean): { filename: string; bytes: Buffer }[] {
  const { name, codec, lostFrames, tornBytes, frameSize, sampleRate, startedAtMs } = recording;
  const bytes = readRecording(sample, recording);
  if (!isRecut || codec === 'wav' || lostFrames.length > 0 || tornBytes > 0) return [{ filename: name, bytes }];
  const frames = framesOf(bytes, recording);
  const half = Math.floor(frames.length / 2);
  const cut = frames.slice(0, half).reduce((sum, frame) => sum + 4 + (frame?.length ?? 0), 0);
  const laterMs = startedAtMs + (1000 * half * frameSize) / sampleRate;
  return [
    { filename: name, bytes: bytes.subarray(0, cut) },
    { filename: name.replace(/\d+\.bin$/, `${laterMs}.bin`), bytes: bytes.subarray(cut) },
  ];
}
