/** Shows a journey to a person. */
import { say } from '../console.ts';
import type { Conversation, Journey } from './journey.ts';
import { LOCAL_BOUNDS, MAX_BILLED_RATIO, MAX_WORD_ERROR_MS, type Verdict } from './verdict.ts';

/** The columns after which a transcript line wraps. */
const WIDTH = 96;

export function printJourney({ results }: Journey): void {
  for (const { sample, job, conversations } of results) {
    const { audio_seconds, speech_seconds, silent_seconds, failed_seconds } = job.ledger;
    const lost = failed_seconds > 0 ? `, ${failed_seconds.toFixed(2)} s lost` : '';
    const files = sample.recordings.length === 1 ? '1 recording' : `${sample.recordings.length} recordings`;
    console.log(`\n${sample.scenario}: ${sample.about}`);
    console.log(
      `  ${files} of ${sample.deviceId}, ${audio_seconds.toFixed(1)} s: ${speech_seconds.toFixed(1)} s sent, ${silent_seconds.toFixed(1)} s silence${lost} → ${job.status}`,
    );
    if (conversations.length === 0) console.log('  No conversation.');
    for (const conversation of conversations) printConversation(conversation);
  }
  console.log('');
}

function printConversation({ id, startedAt, finishedAt, segments }: Conversation): void {
  const start = new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ');
  const end = new Date(finishedAt).toISOString().slice(11, 19);
  console.log(`\n  ${start} – ${end} UTC  (${id})`);
  const voices = [...new Set(segments.map(({ speaker }) => speaker).filter((speaker) => speaker !== null))];
  for (const { startedAt: at, speaker, text } of segments) {
    const label = `    ${new Date(at).toISOString().slice(11, 19)} ${speaker === null ? ' ' : `${voices.indexOf(speaker)}:`} `;
    console.log(label + wrap(text, WIDTH - label.length).join(`\n${' '.repeat(label.length)}`));
  }
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

export function printVerdict(verdict: Verdict): void {
  const { words, maxErrorMs, meanErrorMs, audioSeconds, speechSeconds, billedSeconds, heard, complaints } = verdict;
  if (heard !== null) printErrors(heard);
  else
    say.note(
      `${words} words; times off by ${maxErrorMs.toFixed(1)} ms at most, ${meanErrorMs.toFixed(1)} ms on average (allowed: ${MAX_WORD_ERROR_MS} ms).`,
    );
  const billed =
    heard !== null
      ? 'no service billed anything'
      : billedSeconds === null
        ? 'Deepgram itself was used: see its console for what it billed'
        : `${billedSeconds.toFixed(1)} s billed, ${(billedSeconds / speechSeconds).toFixed(3)} times the speech (allowed: ${MAX_BILLED_RATIO})`;
  say.note(`${audioSeconds.toFixed(1)} s of audio with ${speechSeconds.toFixed(1)} s of speech; ${billed}.`);
  for (const complaint of complaints) say.failed(complaint);
  if (complaints.length > 0) return;
  const summary = heard === null ? 'Every word once, none invented' : 'Words and their times within the bounds';
  say.done(`${summary}, silence free, staged files gone, ledgers add up.`);
}

function printErrors({ words, errors, startMedianMs, start95Ms }: NonNullable<Verdict['heard']>): void {
  const { wordErrorRate, startMedianMs: median, start95Ms: most } = LOCAL_BOUNDS;
  say.note(
    `Word error rate ${((100 * errors) / words).toFixed(1)} % of ${words} words (allowed: ${100 * wordErrorRate} %); words begin ${startMedianMs.toFixed(0)} ms off in the middle, 95 % within ${start95Ms.toFixed(0)} ms (allowed: ${median} and ${most} ms).`,
  );
}
