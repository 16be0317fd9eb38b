/** The parts of `docs/performance.md` about the console with weeks of use, its screens, and searching on the device. */
import { table } from './markdown.ts';
import type { ConsoleVisit, ScreenScore, SearchSpeed } from './ratios.ts';

export function consoleSpeed(found: readonly ConsoleVisit[] | undefined): string[] {
  if (!found) return [];
  return [
    '## The console with weeks of use',
    'By `npm run bench:console`: a browser that has been here before loads the page, which shows the newest day, and scrolls to its end. ' +
      'Chromium, the Emulator Suite and all other programs share the processors: the load says how many wait for them. Processor time is ' +
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

export function lighthouse(found: readonly ScreenScore[] | undefined): string[] {
  if (!found) return [];
  return [
    '## The screens by Lighthouse',
    'By `npm run lighthouse`, with a day of recordings: performance, medians of three runs. Accessibility and best practices are 100 on ' +
      'every screen. Up to three of these commands ran side by side, and little else. On a machine that is busy with other work, ' +
      'Lighthouse has given a phone up to 40 points less.',
    table(
      ['screen', 'desktop', 'phone'],
      found.map(({ screen, desktop, phone }) => [screen, desktop, phone]),
    ),
  ];
}

export function searchSpeed(found: SearchSpeed | undefined): string[] {
  if (!found) return [];
  const { words, conversations, keys, indexMb, load, worstProcessorMs, worstMedianMs } = found;
  return [
    '## Search on the device',
    `By \`npm run bench:search\`: ${words.toLocaleString('en')} words in ${conversations.toLocaleString('en')} conversations, about 1,000 ` +
      `hours of talk, and ${keys} keys: every beginning of one and two letters, and the most common words alone, in twos and threes. The ` +
      `load of the machine was ${load}.`,
    table(
      ['the slowest key, processor, ms', 'by the clock, median, ms', 'index, MB'],
      [[worstProcessorMs, worstMedianMs, indexMb]],
    ),
  ];
}
