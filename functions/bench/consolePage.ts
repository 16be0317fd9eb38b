/** The parts of `docs/performance.md` about the console with weeks of use, and about searching on the device. */
import { table } from './markdown.ts';
import type { ConsoleVisit, SearchSpeed } from './ratios.ts';

export function consoleSpeed(found: readonly ConsoleVisit[] | undefined): string[] {
  if (!found) return [];
  return [
    '## The console with weeks of use',
    'By `npm run bench:console`: a browser that has been here before loads the page, which shows the newest day, and scrolls to its end. ' +
      'Chromium and the Emulator Suite share the processors, here with other programs, too: the load says with how many. Processor time is ' +
      'that of the page’s main thread until everything is still; with a slower processor it is so many times as long.',
    table(
      [
        ...[
          'days',
          'conversations a day',
          'processor slower',
          'load',
          'first row, ms',
          'longest task, ms',
          'processor, ms',
        ],
        ...['frames dropped while scrolling', 'rows in the page', 'memory, MB'],
      ],
      found.map((each) => [
        ...[each.days, each.aDay, `${each.slower} ×`, each.load, each.homeMs, each.longestTaskMs, each.processorMs],
        ...[`${each.droppedFrames} of ${each.frames}`, each.rowsInPage, each.heapMb],
      ]),
    ),
  ];
}

export function searchSpeed(found: SearchSpeed | undefined): string[] {
  if (!found) return [];
  const { words, conversations, keys, indexMb, load, worstProcessorMs, worstMedianMs } = found;
  return [
    '## Search on the device',
    `By \`npm run bench:search\`: ${words.toLocaleString('en')} words in ${conversations.toLocaleString('en')} conversations, about 1,000 ` +
      `hours of talk, and ${keys} keys: every beginning of one and two letters, and the most common words alone, in twos and threes. Other ` +
      `programs kept the processors busy (load ${load}), so processor time says more than the clock.`,
    table(
      ['the slowest key, processor, ms', 'by the clock, median, ms', 'index, MB'],
      [[worstProcessorMs, worstMedianMs, indexMb]],
    ),
  ];
}
