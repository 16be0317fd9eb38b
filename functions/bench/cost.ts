/**
 * `npm run bench:cost`: the cost of audio. `-- --hours 12 --speech 0.25 --minutes 1 --kbit 19 --days 0.1 --summary-characters 0
 * --transcriber deepgram|tiny|base --prices my-prices.json`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { costOfHour, pricesSchema, USUAL } from './costModel.ts';
import { readResults } from './results.ts';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    speech: { type: 'string', default: String(USUAL.speechShare) },
    minutes: { type: 'string', default: String(USUAL.minutesEach) },
    kbit: { type: 'string', default: String((8 * USUAL.bytesPerSecond) / 1000) },
    days: { type: 'string', default: String(USUAL.stagedDays) },
    transcriber: { type: 'string', default: USUAL.transcriber },
    'summary-characters': { type: 'string', default: '0' },
    prices: { type: 'string', default: path.join(import.meta.dirname, 'prices.json') },
  },
});
const prices = pricesSchema.parse(JSON.parse(readFileSync(values.prices, 'utf8')));
const hours = Number(values.hours);
const transcriber = (['deepgram', 'tiny', 'base'] as const).find((each) => each === values.transcriber);
if (transcriber === undefined)
  throw new Error(`There is no transcriber ${values.transcriber}: choose deepgram, tiny or base.`);
const components = costOfHour(
  readResults().figures,
  {
    ...USUAL,
    speechShare: Number(values.speech),
    minutesEach: Number(values.minutes),
    bytesPerSecond: (1000 * Number(values.kbit)) / 8,
    stagedDays: Number(values.days),
    transcriber,
    summaryCharacters: Number(values['summary-characters']),
  },
  prices,
);
console.table(
  components.map(({ what, amount, cost }) => ({ what, 'for an hour': amount, [prices.currency]: cost * hours })),
);
const total = components.reduce((sum, { cost }) => sum + cost, 0) * hours;
console.log(
  `${hours} h of audio: ${total.toFixed(4)} ${prices.currency}, at prices set on ${prices.setOn}. ${prices.note}`,
);
