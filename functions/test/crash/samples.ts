/** The sample recordings as uploads. */
import { loadSamples, readRecording } from '../../../dev/samples/samples.ts';
import type { Sample } from '../../../dev/samples/samples.ts';
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
}

/** One upload of all recordings of some samples. @param nowMs Unix milliseconds. */
export function sampleUpload({ uid, idempotencyKey, scenarios }: SampleUpload, nowMs: number): Upload {
  const files = scenarios
    .map(sampleNamed)
    .flatMap((sample) =>
      sample.recordings.map((recording) => ({ filename: recording.name, bytes: readRecording(sample, recording) })),
    );
  const fields = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
  const recordings = checkRecordings(files, fields, { nowMs, maxRecordingBytes: 100_000_000 });
  return { uid, idempotencyKey, fields, recordings };
}
