import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  deleteSearchStore,
  foldText,
  indexedDbSearchStore,
  SearchIndex,
  type IndexedConversation,
  type SearchFilter,
} from '../../src/search/index.ts';
import { tokensOf } from '../../src/search/tokens.ts';
import { begunRange, markSentences, packBlock } from '../../src/search/block.ts';
import { memorySearchStore } from '../support/memorySearchStore.ts';

const T0 = Date.UTC(2026, 0, 5);

function conversation(
  id: string,
  texts: readonly string[],
  change: Partial<IndexedConversation> = {},
): IndexedConversation {
  const startedAt = change.startedAt ?? T0;
  const sentences = texts.map((text, index) => ({
    ...{ startedAt: startedAt + index * 1000, text },
    ...{ speaker: index % 2 === 0 ? 'Ada' : null, voice: 1000 + (index % 2) },
  }));
  const marks = { deviceId: 'pendant', title: null, starred: false, tags: [] };
  return { id, ...marks, startedAt, finishedAt: startedAt + 60_000, sentences, ...change };
}

const textsOf = async (index: SearchIndex, query: string, filter?: SearchFilter): Promise<string[]> =>
  (await index.search(query, filter, 1000)).hits.map(({ sentence }) => sentence.text);

describe('The search index', () => {
  it('finds sentences that have all words of a query, the last of which may be incomplete', async () => {
    const index = await SearchIndex.open(memorySearchStore());
    await index.put([conversation('a', ['The red house', 'A red horse', 'Nothing red', 'House red'])]);
    assert.deepEqual(await textsOf(index, 'RED hou'), ['House red', 'The red house']);
    assert.deepEqual(await textsOf(index, 'hors'), ['A red horse']);
    assert.deepEqual(await textsOf(index, 'hors '), []);
    assert.deepEqual(await textsOf(index, ' … '), []);
  });

  it('finds parts of text without spaces, and words of any script', async () => {
    const index = await SearchIndex.open(memorySearchStore());
    await index.put([conversation('a', ['東京都に行きました', 'สวัสดีครับ', 'क्या हाल है', 'Привет, ёлка', 'שָׁלוֹם לכם'])]);
    for (const [query, count] of [
      ['京都', 1],
      ['行きまし', 1],
      ['都', 1],
      ['東西', 0],
      ['สดี', 1],
      ['हाल', 1],
      ['елка', 1],
      ['שלום', 1],
    ] as const)
      assert.equal((await index.search(query)).total, count, query);
  });

  it('finds conversations with a star or a tag, also without a query, and words of a title', async () => {
    const index = await SearchIndex.open(memorySearchStore());
    const tea = { title: 'Tea with Ada', starred: true, tags: ['family', 'tea'] };
    await index.put([
      conversation('a', ['one word', 'two words'], tea),
      conversation('b', ['three words', 'four words'], { startedAt: T0 + 86_400_000, tags: ['tea'] }),
    ]);
    assert.deepEqual(await textsOf(index, '', { tag: 'tea' }), ['three words', 'one word']);
    assert.deepEqual(await textsOf(index, ' ', { isStarred: true, tag: 'tea' }), ['one word']);
    assert.deepEqual(await textsOf(index, '', { speaker: 'Ada', to: T0 + 1000 }), ['one word']);
    assert.deepEqual(await textsOf(index, '', { speaker: 'Bob' }), []);
    assert.deepEqual(await textsOf(index, 'wor', { isStarred: true }), ['two words', 'one word']);
    assert.deepEqual(await textsOf(index, 'wor', { tag: 'work' }), []);
    assert.deepEqual(await textsOf(index, ' … ', { tag: 'tea' }), []);
    assert.deepEqual(await textsOf(index, ''), []);
    assert.deepEqual(await textsOf(index, 'tea'), ['one word']);
    assert.deepEqual(index.facets().tags, ['family', 'tea']);
    await index.put([conversation('a', ['one word'], { title: 'Tea' })]);
    assert.deepEqual(await textsOf(index, '', { tag: 'family' }), []);
    assert.deepEqual(await textsOf(index, '', { isStarred: true }), []);
    assert.deepEqual(index.facets().tags, ['tea']);
  });

  it('filters by time, device and person, returns the newest first, and counts all', async () => {
    const index = await SearchIndex.open(memorySearchStore());
    await index.put([
      conversation('a', ['one word', 'two words']),
      conversation('b', ['three words'], { startedAt: T0 + 86_400_000, deviceId: 'phone' }),
    ]);
    const { hits, total } = await index.search('word', {}, 2);
    assert.equal(total, 3);
    assert.deepEqual(
      hits.map(({ sentence }) => sentence.text),
      ['three words', 'two words'],
    );
    assert.deepEqual(await textsOf(index, 'word', { deviceId: 'phone' }), ['three words']);
    assert.deepEqual(await textsOf(index, 'word', { to: T0 + 1000 }), ['one word']);
    assert.deepEqual(await textsOf(index, 'word', { from: T0 + 1000 }), ['three words', 'two words']);
    assert.deepEqual(await textsOf(index, 'word', { speaker: 'Ada', deviceId: 'pendant' }), ['one word']);
    assert.deepEqual(await textsOf(index, 'word', { speaker: 'Bob' }), []);
    assert.deepEqual(index.facets(), { speakers: ['Ada'], devices: ['pendant', 'phone'], tags: [] });
    assert.equal(index.conversationAt('pendant', T0 + 500), 'a');
    assert.equal(index.conversationAt('phone', T0 + 500), null);
  });

  it('offers only filters for speakers and tags that are still in it', async () => {
    const index = await SearchIndex.open(memorySearchStore());
    const long = Array.from({ length: 1100 }, (_, i) => `word ${i}`);
    await index.put([conversation('a', long), conversation('b', long, { deviceId: 'phone' })]);
    await index.put([conversation('c', ['one', 'two'], { deviceId: 'watch' })]);
    assert.deepEqual(index.facets(), { speakers: ['Ada'], devices: ['pendant', 'phone', 'watch'], tags: [] });
    await index.remove(['a', 'c']);
    assert.deepEqual(index.facets().devices, ['phone']);
    await index.remove(['b']);
    assert.deepEqual(index.facets(), { speakers: [], devices: [], tags: [] });
  });

  it('reads one list for one or two letters, however many words begin with them', () => {
    const tokens = Array.from({ length: 500 }, (_, i) => `sa${i}`);
    const sentences = tokens.map((token) => ({ startedAt: 0, tokens: [token], speaker: null }));
    const block = packBlock([{ id: 'c', deviceId: 'd', starred: false, tags: [], sentences }]);
    for (const begun of ['s', 'sa']) {
      const range = begunRange(block, begun);
      assert.equal(range.to - range.from, 1);
      assert.equal(markSentences(block, range, new Uint8Array(500), 0), 500);
    }
    const { from, to } = begunRange(block, 'sa49');
    assert.equal(to - from, 11);
  });

  it('is the same after it is opened again, and is deleted when its user signs out', async () => {
    const uid = crypto.randomUUID();
    const store = await indexedDbSearchStore(uid);
    const index = await SearchIndex.open(store);
    const many = Array.from({ length: 50 }, (_, i) =>
      conversation(
        `c${i}`,
        Array.from({ length: 100 }, (_, j) => `sentence ${i} ${j}`),
        { startedAt: T0 + i * 3_600_000 },
      ),
    );
    for (const one of many) await index.put([one]);
    await index.remove(['c7', 'c49']);
    const again = await SearchIndex.open(store);
    for (const opened of [index, again]) {
      assert.equal(opened.size, 48);
      assert.equal((await opened.search('sentence')).total, 4800);
      assert.deepEqual(await textsOf(opened, 'sentence 8 99'), ['sentence 8 99']);
      assert.equal((await opened.search('sentence 7 ')).total, 48);
    }
    assert.deepEqual(await store.idsOfVoices(new Set([7])), []);
    assert.equal((await store.idsOfVoices(new Set([1000]))).length, 48);
    await store.close();
    await deleteSearchStore(uid);
    assert.equal((await SearchIndex.open(await indexedDbSearchStore(uid))).size, 0);
  });

  it('continues if the system has closed its database, and does not create it again if it was deleted', async () => {
    const uid = crypto.randomUUID();
    const store = await indexedDbSearchStore(uid);
    const index = await SearchIndex.open(store);
    const transaction = Reflect.get(IDBDatabase.prototype, 'transaction') as IDBDatabase['transaction'];
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
      IDBDatabase.prototype.transaction = transaction;
      this.close();
      return transaction.apply(this, args);
    };
    await index.put([conversation('a', ['apple'])]);
    assert.deepEqual(await textsOf(index, 'apple'), ['apple']);
    assert.equal((await store.homes()).length, 1);

    await deleteSearchStore(uid);
    await assert.rejects(index.put([conversation('b', ['banana'])]), /deleted/);
    assert.ok(!(await indexedDB.databases()).some(({ name = '' }) => name.includes(uid)));
  });

  it('returns what a search through all live sentences would, whatever was added, replaced and removed', async () => {
    const word = fc.constantFrom('a', 'ab', 'abc', 'b', 'ba', 'ö', '東京', 'x1');
    const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
    const step = fc.record({
      id: fc.constantFrom('c1', 'c2', 'c3'),
      texts: fc.array(text, { maxLength: 5 }),
      big: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.array(word, { minLength: 1, maxLength: 2 }),
        async (steps, query) => {
          const store = memorySearchStore();
          const index = await SearchIndex.open(store);
          const reference = new Map<string, readonly string[]>();
          for (const { id, texts, big } of steps) {
            // Enough sentences to fill a block.
            const all = big === 0 ? [...texts, ...Array.from({ length: 2048 }, () => 'filler')] : texts;
            await index.put([conversation(id, all)]);
            if (all.length > 0) reference.set(id, all);
            else reference.delete(id);
          }
          const tokens = query.map((one) => foldText(one));
          const last = tokens.at(-1) ?? '';
          const expected = [...reference.values()].flat().filter((said) => {
            const has = tokensOf(foldText(said));
            return (
              tokens.slice(0, -1).every((token) => tokensOf(token).every((one) => has.includes(one))) &&
              (tokensOf(last).length > 1 ? has.includes(last) : has.some((one) => one.startsWith(last)))
            );
          });
          for (const opened of [index, await SearchIndex.open(store)])
            assert.equal((await opened.search(query.join(' '))).total, expected.length);
        },
      ),
      { numRuns: 30 },
    );
  });
});
