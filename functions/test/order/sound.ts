/**
 * Words as sound, for tests: while a word is spoken, the value of each sample is the word's id, alternately positive and negative; 0 is
 * silence. So the audio of a chunk itself shows which part of which word it contains. It is the highest possible tone, so the filter
 * that removes what lies below voices does not change it.
 */
import { readFlac } from '../../../dev/deepgram/flac.ts';
import { SAMPLES_PER_MS } from '../../src/audio/read/pcm.ts';
import { listenWith } from '../../src/audio/detect/listener.ts';
import { WINDOW_SAMPLES } from '../../src/audio/detect/vad.ts';
import type { Vad } from '../../src/audio/detect/vad.ts';
import type { TranscribedWord, Transcriber } from '../../src/transcription/transcriber.ts';
import type { RecordingPlan, SpokenWord } from './model.ts';

const FRAME_SAMPLES = 160;

/** The recording of a device: `pcm16`, 16 kHz, frames of 10 ms. */
export function record({ device, startMs, endMs }: RecordingPlan, words: readonly SpokenWord[]): Buffer {
  const samples = new Int16Array((endMs - startMs) * SAMPLES_PER_MS);
  for (const word of words) {
    if (word.device !== device || word.endMs <= startMs || word.startMs >= endMs) continue;
    const end = Math.min(samples.length, (word.endMs - startMs) * SAMPLES_PER_MS);
    for (let at = Math.max(0, word.startMs - startMs) * SAMPLES_PER_MS; at < end; at++)
      samples[at] = at % 2 === 0 ? word.id : -word.id;
  }
  const frames: Buffer[] = [];
  for (let at = 0; at < samples.length; at += FRAME_SAMPLES) {
    const frame = samples.subarray(at, at + FRAME_SAMPLES);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(frame.byteLength);
    frames.push(length, Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
  }
  return Buffer.concat(frames);
}

/** Detects speech in exactly the windows that have sound. */
export const exactVad: Vad = {
  probabilities: (slices) =>
    Promise.resolve(
      slices.map(({ pcm, warmupSamples }) => {
        const windows = Math.ceil((pcm.length - warmupSamples) / WINDOW_SAMPLES);
        return Float32Array.from({ length: windows }, (_, window) => {
          const start = warmupSamples + window * WINDOW_SAMPLES;
          return pcm.subarray(start, start + WINDOW_SAMPLES).some((sample) => sample !== 0) ? 1 : 0;
        });
      }),
    ),
};

/** Transcribes each word of which more than half is in the audio, with the times of that part. */
export class ExactTranscriber implements Transcriber {
  #words = new Map<number, SpokenWord>();
  #requests = 0;

  listenTo(words: readonly SpokenWord[]): void {
    this.#words = new Map(words.map((word) => [word.id, word]));
  }

  async transcribe({ audio, durationMs }: Parameters<Transcriber['transcribe']>[0]) {
    const { samples } = await readFlac(Buffer.from((await audio.encoded()).bytes));
    const words: TranscribedWord[] = [];
    // Each request numbers speakers from 0, in order of appearance.
    const speakers: string[] = [];
    for (let start = 0, end = 0; start < samples.length; start = end) {
      const id = Math.abs(samples[start]!);
      while (end < samples.length && Math.abs(samples[end]!) === id) end++;
      const word = this.#words.get(id);
      if (word === undefined || 2 * (end - start) <= (word.endMs - word.startMs) * SAMPLES_PER_MS) continue;
      if (word.speaker !== undefined && !speakers.includes(word.speaker)) speakers.push(word.speaker);
      words.push({
        text: word.text,
        startSeconds: start / SAMPLES_PER_MS / 1000,
        endSeconds: end / SAMPLES_PER_MS / 1000,
        confidence: 0.9,
        speaker: word.speaker === undefined ? null : speakers.indexOf(word.speaker),
        language: word.language,
      });
    }
    this.#requests += 1;
    const requestId = `r${this.#requests}`;
    return { requestId, transcriber: 'exact', billedSeconds: durationMs / 1000, language: null, words };
  }
}

/** Dependencies of a worker that detect and transcribe exactly these words, and make no summaries. */
export function exactSpeech(words: readonly SpokenWord[]) {
  const transcriber = new ExactTranscriber();
  transcriber.listenTo(words);
  return {
    listener: () => Promise.resolve(listenWith(exactVad)),
    transcriber,
    summaries: { refresh: () => Promise.resolve(0) },
  };
}
