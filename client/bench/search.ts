/**
 * `npm run bench:search [-- --words 10000000]`: what searching everything costs: time a key, bytes of the index. The words are drawn from a
 * vocabulary by Zipf's law, in sentences of 40 and conversations of 17 of them, as 1,000 hours of talk are about ten million words.
 */
import { parseArgs } from 'node:util';
import { SearchIndex, type IndexedConversation, type SearchStore } from '../src/search/index.ts';
import { memorySearchStore } from '../test/support/memorySearchStore.ts';

const { values } = parseArgs({ options: { words: { type: 'string', default: '10000000' } } });
const WORDS = Number(values.words);
const SENTENCE_WORDS = 40;
const SENTENCES = 17;
const VOCABULARY = 120_000;
const KEYS = ['s', 'sa', 'san', 'sand', 'sando', 'the re', 'mor and san', 'b a', 'zzz', 'n'];

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
    yield { id: `c${i}`, deviceId: 'pendant', title: null, startedAt, finishedAt: startedAt + 238_000, sentences };
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
console.log(`${WORDS.toLocaleString('en')} words in ${index.size.toLocaleString('en')} conversations`);
console.log(`made in ${((performance.now() - began) / 1000).toFixed(1)} s, longest step ${longestPut.toFixed(0)} ms`);
console.log(`index ${(index.bytes / 1e6).toFixed(1)} MB, ${(index.bytes / WORDS).toFixed(2)} bytes a word`);
for (const key of KEYS) {
  const times = [];
  let total = 0;
  for (let run = 0; run < 9; run++) {
    const before = performance.now();
    ({ total } = await index.search(key));
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  console.log(`"${key}": ${total} hits, median ${times[4]?.toFixed(1)} ms, worst ${times[8]?.toFixed(1)} ms`);
}
