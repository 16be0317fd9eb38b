/** The parts of `docs/performance.md` about documents and fairness. */
import { table } from './markdown.ts';
import type { Figures } from './ratios.ts';

/**
 * The figures before recordings became final one by one and segments were stored in pages: the run of 23 November 2026. Budgets
 * are not included.
 */
const BEFORE = { writesPerRecording: 9.7, readsPerRecording: 3.0, listenedMb: 270, arrivalsPeakMb: 703 };

export function documents(found: Figures['documents'] | undefined): string[] {
  if (!found) return [];
  const { hours, days, arrivals } = found;
  const each = (count: number, recordings: number): string => (count / recordings).toFixed(2);
  return [
    '## Documents',
    `${hours} hours in recordings of a minute, upload and worker in one process, budgets and fair use as they are deployed. \`multipart\`: ` +
      'requests of 200 recordings. `direct`: each by itself to Storage, all in one job, with a listener on the job from its beginning to its end.',
    table(
      ['', 'recordings', 'written for each', 'read for each', 'deleted', 'a listener receives, MiB'],
      [
        ...days.map(({ way, recordings, reads, writes, deletes, listenedMb }) => [
          way,
          recordings,
          each(writes, recordings),
          each(reads, recordings),
          deletes,
          listenedMb > 0 ? listenedMb.toFixed(2) : '',
        ]),
        [
          'before',
          720,
          BEFORE.writesPerRecording.toFixed(2),
          BEFORE.readsPerRecording.toFixed(2),
          '',
          BEFORE.listenedMb.toFixed(0),
        ],
      ],
    ),
    ...(arrivals === undefined
      ? []
      : [
          `One instance of \`onRecordingStaged\`, with the heap limits of a 512 MiB instance, at which ${arrivals.jobs} jobs of 1,000 recordings ` +
            `arrive at once: ${arrivals.peakMb} MB at its peak, ${BEFORE.arrivalsPeakMb} MB before.`,
        ]),
  ];
}

export function fairness(found: Figures['fairness'] | undefined): string[] {
  if (!found) return [];
  const { users, backlogJobs, timesRealTime, requestSeconds, rows } = found;
  const number = (value: number): string => value.toLocaleString('en');
  return [
    '## Fairness',
    `Simulated (\`functions/bench/fairness.ts\`): ${number(users)} users record twelve hours a day and send them in four jobs, half of all jobs between ` +
      `18 and 22 o’clock. At 20 o’clock one user sends ${number(backlogJobs)} jobs of one minute. Limits are the defaults; audio is read at ` +
      `${Math.round(timesRealTime)} times real time (measured), a request takes ${requestSeconds} s (assumed). Seconds, from upload to the end of a job.`,
    table(
      [
        '',
        'everybody else, median',
        '99 %',
        'longest',
        'later than without',
        'the backlog',
        'requests at once, at most',
      ],
      rows.map((row) => [
        row.what,
        row.medianSeconds,
        row.p99Seconds,
        row.longestSeconds,
        row.delayedSeconds,
        row.backlogSeconds ?? '',
        row.mostRequests,
      ]),
    ),
  ];
}
