/** Shared by the tests of the stand-in: two samples in containers, and a client that sends them. */
import assert from 'node:assert/strict';
import { loadSamples, readFrames, readRecording, type Sample, type SampleRecording } from '../samples/samples.ts';
import { oggPages, writePages } from './oggWriter.ts';

/** Everything that the product asks for. */
export const FULL =
  'model=nova-3&smart_format=true&punctuate=true&utterances=true&diarize_model=latest&language=multi&keyterm=owl';

export const kitchen = sampleNamed('kitchen');
export const memo = sampleNamed('memo');

/** The parts of an answer that tests look at. */
export interface Transcript {
  metadata: {
    request_id: string;
    sha256: string;
    duration: number;
    channels: number;
    models: string[];
    diarize_info?: object;
  };
  results: {
    channels: {
      alternatives: { transcript: string; confidence: number; languages?: string[]; words: Word[] }[];
      detected_language?: string;
    }[];
    utterances?: { start: number; end: number; transcript: string; speaker?: number; words: Word[]; id: string }[];
  };
}

interface Word {
  word: string;
  punctuated_word?: string;
  start: number;
  end: number;
  confidence: number;
  speaker?: number;
  language?: string;
}

export interface Refusal {
  err_code: string;
  err_msg: string;
  request_id: string;
}

export function post(url: string, body: Buffer, query = FULL, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/listen?${query}`, {
    method: 'POST',
    headers: { authorization: 'Token key', 'content-type': 'application/octet-stream', ...headers },
    body,
  });
}

export function packets(): { bytes: Uint8Array; samples: number }[] {
  return readFrames(kitchen, recordingOf(kitchen)).map((bytes) => ({ bytes: bytes ?? new Uint8Array(), samples: 480 }));
}

/** The whole kitchen sample as an Ogg Opus stream. */
export function dialogue(): Buffer {
  return writePages(oggPages(packets()));
}

export function readMemo(): Buffer {
  return readRecording(memo, recordingOf(memo));
}

export function recordingOf(sample: Sample): SampleRecording {
  const [recording] = sample.recordings;
  assert.ok(recording);
  return recording;
}

function sampleNamed(scenario: string): Sample {
  const sample = loadSamples().find((each) => each.scenario === scenario);
  assert.ok(sample);
  return sample;
}

/** The documented body of an error. */
export async function refusal(response: Response, status: number): Promise<Refusal> {
  assert.equal(response.status, status);
  const body = (await response.json()) as Refusal;
  assert.deepEqual(Object.keys(body), ['err_code', 'err_msg', 'request_id']);
  return body;
}
