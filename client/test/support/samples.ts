/** The sample recordings as files, as an app passes them to the client. */
import { loadSamples, readRecording } from '../../../dev/samples/samples.ts';

export interface SampleFile {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly deviceId: string;
}

/** All recordings of a scenario; see dev/samples/README.md. */
export function sampleFiles(scenario: string): SampleFile[] {
  const sample = loadSamples().find((candidate) => candidate.scenario === scenario);
  if (sample === undefined) throw new Error(`There is no scenario "${scenario}".`);
  return sample.recordings.map((recording) => ({
    name: recording.name,
    data: new Uint8Array(readRecording(sample, recording)),
    deviceId: sample.deviceId,
  }));
}
