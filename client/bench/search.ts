/**
 * `npm run bench:search [-- --words 10000000]`: what searching everything costs: time a key, bytes of the index. The words are drawn from a
 * vocabulary by Zipf's law, in sentences of 40 and conversations of 17 of them, as 1,000 hours of talk are about ten million words. Keys are
 * every beginning of one and two letters, and what is typed of the most common words, alone and in twos and threes. Prints JSON.
 */
import { parseArgs } from 'node:util';
import { SearchIndex, type IndexedConversation, type SearchStore } from '../src/search/index.ts';
import { memorySearchStore } from '../test/support/memorySearchStore.ts';

const { values } = parseArgs({ options: { words: { type: 'string', default: '10000000' } } });
const WORDS = Number(values.words);
const SENTENCE_WORDS = 40;
const SENTENCES = 17;
const VOCABULARY = 120_000;
/** How often each key is searched: the median counts, and the longest of all. */
const RUNS = 7;
const WORST_KEYS = 8;

/** A generator that gives the same numbers each time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = generator(7);
const SYLLABLES = ['sa', 'n', 'do', 'mor', 'the', 're', 'b', 'a', 'li', 'ke', 'ti', 'on', 'er', 'st', 'u', 'zo'];
const words = Array.from({ length: VOCABULARY }, (_, rank) =>
  Array.from({ length: 1 + Math.floor(Math.log2(rank + 2) / 3) }, () => SYLLABLES[Math.floor(random() * 16)]).join(''),
);
/** By Zipf's law: the inverse of its distribution, which is logarithmic. */
const drawWord = (): string => words[Math.floor(Math.exp(random() * Math.log(VOCABULARY))) - 1] ?? 'a';

function* conversations(): Generator<IndexedConversation> {
  const count = Math.ceil(WORDS / SENTENCE_WORDS / SENTENCES);
  for (let i = 0; i < count; i++) {
    const startedAt = Date.UTC(2024, 0, 1) + i * 240_000;
    const sentences = Array.from({ length: SENTENCES }, (_, j) => ({
      startedAt: startedAt + j * 14_000,
      text: Array.from({ length: SENTENCE_WORDS }, drawWord).join(' '),
      ...{ speaker: null, voice: null },
    }));
    const marks = { deviceId: 'pendant', title: null, starred: false, tags: [] };
    yield { id: `c${i}`, ...marks, startedAt, finishedAt: startedAt + 238_000, sentences };
  }
}

/** Without the texts, which a browser has on disk. */
const store: SearchStore = { ...memorySearchStore(), put: () => Promise.resolve() };
const index = await SearchIndex.open(store);
let longestPut = 0;
const began = performance.now();
for (const conversation of conversations()) {
  const before = performance.now();
  await index.put([conversation]);
  longestPut = Math.max(longestPut, performance.now() - before);
}
const madeSeconds = (performance.now() - began) / 1000;

const beginnings = [1, 2].flatMap((length) => words.map((word) => word.slice(0, length)));
const [first = '', second = '', third = ''] = words;
const typed = [first, `${first} `, `${first} ${second}`, `${first} ${second} ${third.slice(0, 1)}`, 'zzz'];
const common = words.slice(0, 20).flatMap((word) => [word, `${first} ${word.slice(0, 1)}`]);
const keys = [...new Set([...beginnings, ...typed, ...common])];

const measured = [];
for (const key of keys) {
  const times: number[] = [];
  const processor: number[] = [];
  let total = 0;
  for (let run = 0; run < RUNS; run++) {
    const before = performance.now();
    const cpu = process.cpuUsage();
    ({ total } = await index.search(key));
    times.push(performance.now() - before);
    processor.push(process.cpuUsage(cpu).user / 1000);
  }
  measured.push({ key, total, medianMs: median(times), longestMs: Math.max(...times), processorMs: median(processor) });
}
measured.sort((a, b) => b.processorMs - a.processorMs);

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[(RUNS - 1) / 2] ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

const result = {
  words: WORDS,
  conversations: index.size,
  madeSeconds: rounded(madeSeconds),
  longestPutMs: rounded(longestPut),
  indexMb: rounded(index.bytes / 1e6),
  keys: keys.length,
  worstMedianMs: rounded(Math.max(...measured.map(({ medianMs }) => medianMs))),
  worstProcessorMs: rounded(measured[0]?.processorMs ?? 0),
  longestMs: rounded(Math.max(...measured.map(({ longestMs }) => longestMs))),
  worst: measured.slice(0, WORST_KEYS).map(({ key, total, ...times }) => ({
    ...{ key, total },
    ...Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, rounded(ms)])),
  })),
};
console.log(JSON.stringify(result, null, 2));
