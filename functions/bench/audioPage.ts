/** The parts of `docs/performance.md` about real speech and about decoding ordinary audio. */
import { percent, table } from './markdown.ts';
import type { Figures } from './ratios.ts';

export function hearing(found: Figures['hearing'] | undefined): string[] {
  if (!found) return [];
  const share = (recall: number | null): string => (recall === null ? '' : percent(recall));
  const over = (seconds: number, speech: number): string =>
    speech === 0 ? `${seconds.toFixed(1)} s` : (seconds / speech).toFixed(2);
  return [
    '## Real speech',
    'By `npm run bench:hearing -- FOLDER` (`functions/bench/hearing/main.ts` says what the folder contains; nothing is downloaded) on public ' +
      'recordings that are not in this repository: read speech, speeches in rooms, calls, meetings with labels by hand ' +
      '(`meetings`, `labelled`), 10 languages, noise, music and responses of rooms. Recall is the share of the speech that is ' +
      'sent. Without labels, the truth is what plain Silero detects in the clean recording at its best level, so that it is at ' +
      '100 % there. Plain Silero gets each recording separately, raised to -20 dBFS, with its own thresholds and these paddings; ' +
      'the engine gets them end to end at their original level.',
    table(
      ['', 'minutes', 'recall', 'plain Silero', 'sent over speech', 'plain Silero'],
      found.map((each) => [
        each.condition,
        each.minutes,
        share(each.recall),
        share(each.plainRecall),
        over(each.sentSeconds, each.speechSeconds),
        over(each.plainSentSeconds, each.speechSeconds),
      ]),
    ),
  ];
}

export function decoding(found: Figures['decoding'] | undefined): string[] {
  if (!found) return [];
  return [
    '## Decoding ordinary audio',
    'By `npm run bench:decoders`: ten minutes of the samples, how many times faster than real time, by processor time of this process ' +
      'and of ffmpeg, with the start of the thread or the process and with mixing and resampling, which are the same for both. Other ' +
      'programs shared the processors. `DECODER=auto` takes the sandbox (WebAssembly): it is faster for Opus, needs no program, and ' +
      'keeps hostile bytes in the memory of a thread. WAV, MP3 and M4A have not been measured in this run.',
    table(
      ['', 'sandbox', 'native ffmpeg'],
      found.map(({ what, sandbox, ffmpeg }) => [what, sandbox, ffmpeg ?? '']),
    ),
  ];
}
