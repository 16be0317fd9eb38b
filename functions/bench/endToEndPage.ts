/** The section of `docs/performance.md` about the Emulator Suite. */
import { table } from './markdown.ts';
import type { Cell } from './markdown.ts';
import type { Figures } from './ratios.ts';

export function endToEnd(found: Figures['e2e'] | undefined): string[] {
  if (!found) return [];
  const { latency, atOnce, atOnceRealistic, growth } = found;
  const crowd = (each: typeof atOnce): Cell[] => [
    each.acceptedMs,
    each.lastAcceptedMs,
    Math.round(each.doneMs),
    each.lastDoneMs,
    each.redelivered,
  ];
  return [
    '## End to end, on the Emulator Suite',
    `Everything shares the processors of this machine here: emulators, functions, the app's side. The stand-in for Deepgram answers ` +
      `at once, or after ${found.realisticDelayMs} ms.`,
    table(
      ['one minute of audio', 'ms'],
      [
        ['202 to an upload', latency.acceptedMs],
        ['bare write of the same bytes to Storage', latency.bareWriteMs],
        ['202 to conversation visible, stand-in at once', found.visibleMs],
        [`the same, stand-in after ${found.realisticDelayMs} ms`, found.visibleRealisticMs],
      ],
    ),
    'Users who send at the same moment: one instance of the upload function and eight of the worker, in the process that sends. ' +
      'The real ones would be as many as it takes, on processors of their own.',
    table(
      [
        `${atOnce.users} users at once, a minute each`,
        '202, median ms',
        'last 202',
        'job done, median',
        'last job done',
        'tasks delivered again',
      ],
      [
        ['stand-in at once', ...crowd(atOnce)],
        [`stand-in after ${found.realisticDelayMs} ms`, ...crowd(atOnceRealistic)],
      ],
    ),
    'Growth: recordings of a minute in jobs of 200, upload and worker in one process.',
    table(
      [
        'hours',
        'recordings',
        'seconds',
        'documents read',
        'written',
        'Storage operations',
        'requests',
        'conversations',
      ],
      growth.map((each) => [
        each.hours,
        each.recordings,
        each.seconds,
        each.reads,
        each.writes,
        each.storageOperations,
        each.requests,
        each.conversations,
      ]),
    ),
  ];
}
