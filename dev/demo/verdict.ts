/** Judges a journey of the samples. Pure: returns figures and complaints, and prints nothing. */
import { speechSeconds } from '../samples/samples.ts';
import { compareWords, firstDifference, unexplainedSeconds, type Word } from './compare.ts';
import { timeErrors, wordErrors } from './errors.ts';
import type { TimeErrors, WordErrors } from './errors.ts';
import type { Journey, SampleResult } from './journey.ts';

/**
 * How words are judged. `exact`: every word must be right, for the stand-in and Deepgram. `bounded`: errors within
 * {@link LOCAL_BOUNDS}, for the local recogniser.
 */
export type Judging = 'exact' | 'bounded';

/**
 * The errors that the local recogniser, tiny, may make on the samples. Measured: 3.2 % of the words; starts with a median error
 * of 34 ms, and 95 % within 112 ms. The bounds leave room for processors that round differently.
 */
export const LOCAL_BOUNDS = { wordErrorRate: 0.08, startMedianMs: 50, start95Ms: 180, edgeMs: 1000 };

/** How far a word's time may be off, milliseconds. */
export const MAX_WORD_ERROR_MS = 40;
/** The most seconds that may be billed for a second of speech. */
export const MAX_BILLED_RATIO = 1.2;
/** By how much the sum of a ledger may differ, seconds: one millisecond. */
const LEDGER_ERROR_SECONDS = 0.001;
const DURATION_ERROR_SECONDS = 0.02;

export interface Verdict {
  readonly words: number;
  readonly maxErrorMs: number;
  readonly meanErrorMs: number;
  readonly audioSeconds: number;
  readonly speechSeconds: number;
  /** Null if Deepgram itself transcribed. */
  readonly billedSeconds: number | null;
  /** The errors of a recogniser that may make some; null if none is allowed. */
  readonly heard: (WordErrors & TimeErrors) | null;
  /** One sentence for each fault. */
  readonly complaints: readonly string[];
}

export function judge({ results, requests, leftovers }: Journey, judging: Judging = 'exact'): Verdict {
  const complaints = results.flatMap((result) =>
    complaintsAbout(result, judging).map((complaint) => `${result.sample.scenario}: ${complaint}`),
  );
  if (leftovers.length > 0) complaints.push(`staged files are left: ${leftovers.join(', ')}`);

  const heard = judging === 'exact' ? null : errorsOf(results);
  if (heard !== null) complaints.push(...complaintsAboutErrors(heard));
  const spoken = results.flatMap(({ sample }) => sample.words);
  const comparisons = results.map(({ sample, chunks }) => compareWords(sample.words, wordsOf(chunks)));
  const matched = sum(comparisons.map((comparison) => comparison.matched));
  // Devices may talk at the same time: their speech adds up.
  const speech = sum(results.map(({ sample }) => speechSeconds(sample.words)));
  const billedSeconds = requests && sum(requests.map((request) => request.billedSeconds));
  const planned = sum(results.map(({ chunks }) => chunks.length));
  if (requests !== null && requests.length !== planned) {
    complaints.push(`Deepgram was asked ${requests.length} times for ${planned} chunks`);
  }
  if (billedSeconds !== null && billedSeconds > MAX_BILLED_RATIO * speech) {
    complaints.push(`billed ${billedSeconds.toFixed(1)} s for ${speech.toFixed(1)} s of speech`);
  }
  return {
    words: spoken.length,
    maxErrorMs: Math.max(0, ...comparisons.map((comparison) => comparison.maxErrorMs)),
    meanErrorMs:
      sum(comparisons.map(({ meanErrorMs, matched: weight }) => meanErrorMs * weight)) / Math.max(1, matched),
    audioSeconds: sum(results.map(({ job }) => job.ledger.audio_seconds)),
    speechSeconds: speech,
    billedSeconds,
    heard,
    complaints,
  };
}

/** The faults of one sample. */
export function complaintsAbout(
  { sample, job, chunks, conversations }: SampleResult,
  judging: Judging = 'exact',
): string[] {
  const complaints: string[] = [];
  if (job.status !== 'completed') {
    const reasons = job.failures.map(({ file, code }) => `${file ?? 'job'} ${code}`).join(', ');
    complaints.push(`the job is ${job.status} (${reasons})`);
  }

  if (judging === 'exact') complaints.push(...complaintsAboutWords(sample.words, wordsOf(chunks)));
  if (sample.words.length === 0 && chunks.length > 0) complaints.push('the transcriber was asked about silence');

  if (conversations.length !== sample.conversations.length) {
    complaints.push(`${conversations.length} conversations instead of ${sample.conversations.length}`);
  }
  for (const [index, { from, to, startMs, endMs }] of sample.conversations.entries()) {
    const conversation = conversations[index];
    if (conversation === undefined) continue;
    const transcript = conversation.segments.flatMap(({ text }) => text.split(' '));
    const difference = firstDifference(
      sample.words.slice(from, to).map(({ text }) => text),
      transcript,
    );
    if (judging === 'exact' && difference !== null) complaints.push(`conversation ${index + 1}: ${difference}`);
    const error = Math.max(Math.abs(conversation.startedAt - startMs), Math.abs(conversation.finishedAt - endMs));
    if (error > (judging === 'exact' ? MAX_WORD_ERROR_MS : LOCAL_BOUNDS.edgeMs))
      complaints.push(`conversation ${index + 1} begins or ends ${error.toFixed(0)} ms off`);
  }

  const recorded = sum(sample.recordings.map(({ durationMs }) => durationMs)) / 1000;
  const unexplained = unexplainedSeconds(job.ledger);
  if (Math.abs(unexplained) > LEDGER_ERROR_SECONDS)
    complaints.push(`the ledger leaves ${unexplained.toFixed(3)} s unexplained`);
  if (Math.abs(job.ledger.audio_seconds - recorded) > DURATION_ERROR_SECONDS) {
    complaints.push(`the ledger knows ${job.ledger.audio_seconds} s of ${recorded} s`);
  }
  return complaints;
}

function complaintsAboutWords(said: readonly Word[], transcribed: readonly Word[]): string[] {
  const complaints: string[] = [];
  const { missing, invented, maxErrorMs } = compareWords(said, transcribed);
  if (missing.length > 0) complaints.push(`not transcribed: ${quote(missing)}`);
  if (invented.length > 0) complaints.push(`never said: ${quote(invented)}`);
  if (maxErrorMs > MAX_WORD_ERROR_MS) complaints.push(`a word is ${maxErrorMs.toFixed(0)} ms off`);
  return complaints;
}

/** The errors of all samples together: a single one has too few words. */
function errorsOf(results: readonly SampleResult[]): WordErrors & TimeErrors {
  const textOf = (words: readonly Word[]): string => words.map(({ text }) => text).join(' ');
  const errors = results.map(({ sample, chunks }) => wordErrors(textOf(sample.words), textOf(inOrder(chunks))));
  const said = results.flatMap(({ sample }) => sample.words);
  return {
    ...timeErrors(
      said,
      results.flatMap(({ chunks }) => inOrder(chunks)),
    ),
    words: sum(errors.map(({ words }) => words)),
    errors: sum(errors.map((each) => each.errors)),
  };
}

function complaintsAboutErrors({ words, errors, startMedianMs, start95Ms }: WordErrors & TimeErrors): string[] {
  const complaints: string[] = [];
  if (errors > LOCAL_BOUNDS.wordErrorRate * words) complaints.push(`${errors} of ${words} words are wrong`);
  if (startMedianMs > LOCAL_BOUNDS.startMedianMs || start95Ms > LOCAL_BOUNDS.start95Ms) {
    complaints.push(
      `words begin ${startMedianMs.toFixed(0)} ms off in the middle, 95 % within ${start95Ms.toFixed(0)} ms`,
    );
  }
  return complaints;
}

function inOrder(chunks: SampleResult['chunks']): Word[] {
  return wordsOf(chunks).sort((a, b) => a.startMs - b.startMs);
}

function wordsOf(chunks: SampleResult['chunks']): Word[] {
  return chunks.flatMap(({ words }) => words);
}

function quote(words: readonly Word[]): string {
  const shown = words.slice(0, 5).map(({ text, startMs }) => `"${text}" at ${new Date(startMs).toISOString()}`);
  return shown.join(', ') + (words.length > shown.length ? ` and ${words.length - shown.length} more` : '');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
