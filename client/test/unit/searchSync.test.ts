import assert from 'node:assert/strict';
import { conversationsPath, editsPath, segmentsPath, userPath } from 'offline-audio-sync-contract';
import type { ReadQuery } from 'offline-audio-sync-contract';
import { SearchIndex, syncSearchIndex, type FoundDocument, type SearchSource } from '../../src/search/index.ts';
import { memorySearchStore } from '../support/memorySearchStore.ts';

const T0 = Date.UTC(2026, 0, 5);
const at = (ms: number) => ({ toMillis: () => T0 + ms });

interface Talk {
  readonly startMs: number;
  readonly texts: readonly string[];
  readonly state?: 'live' | 'merged' | 'deleted';
}

/** Firestore with the documents of one user, as far as the index reads them. */
class FakeFirestore implements SearchSource {
  readonly conversations = new Map<string, { id: string; data: Record<string, unknown> }>();
  readonly segments = new Map<string, { startMs: number; data: unknown }>();
  readonly edits: { id: string; data: { updatedAt: { toMillis(): number } } }[] = [];
  /** The user's own document. */
  user: object | null = null;
  /** Paths of the collections that were read. */
  readonly asked: string[] = [];
  #now = 0;

  write(id: string, { startMs, texts, state = 'live' }: Talk): void {
    const revision = Number(this.conversations.get(id)?.data['revision'] ?? 0) + 1;
    this.#now += 10 * 60_000;
    this.conversations.delete(id);
    this.conversations.set(id, {
      id,
      data: {
        ...{ deviceId: 'pendant', state, title: null, revision, updatedAt: at(this.#now) },
        ...{ startedAt: at(startMs), finishedAt: at(startMs + texts.length * 1000) },
      },
    });
    if (texts.length === 0) return;
    const segments = texts.map((text, index) => ({
      ...{ startedAt: at(startMs + index * 1000), endedAt: at(startMs + index * 1000 + 900), text, speaker: 1000 },
      ...{ confidence: 1, language: null, words: [{ text, fromMs: 0, toMs: 900 }] },
    }));
    const source = { deviceId: 'pendant', recordingId: 'r', recordingStartedAt: at(0), jobId: 'j', chunkId: 'c' };
    const data = {
      ...source,
      startedAt: at(startMs),
      endedAt: at(startMs + texts.length * 1000),
      segments,
      speakers: [1000],
    };
    this.segments.set(id, { startMs, data });
  }

  edit(id: string, change: object): void {
    this.#now += 10 * 60_000;
    const place = { recordingId: 'r', recordingStartedAt: at(0), deviceId: 'pendant' };
    const times = { editedAt: at(this.#now), undoneAt: null, updatedAt: at(this.#now) };
    this.edits.push({ id, data: { ...place, ...times, ...change } });
  }

  undo(id: string): void {
    const [undone] = this.edits.splice(
      this.edits.findIndex((edit) => edit.id === id),
      1,
    );
    this.edit(id, { ...undone?.data, undoneAt: at(this.#now), updatedAt: at(this.#now + 10 * 60_000) });
  }

  async *pages({ collection, where }: ReadQuery): AsyncGenerator<readonly FoundDocument[]> {
    this.asked.push(collection);
    await Promise.resolve();
    const bound = (field: string, op: string): number =>
      where.reduce((found, [name, is, value]) => (name === field && is === op ? Number(value) : found), Number.NaN);
    const since = bound('updatedAt', '>');
    const isNew = ({ data }: { data: Record<string, unknown> | { updatedAt: { toMillis(): number } } }): boolean =>
      !((data as { updatedAt: { toMillis(): number } }).updatedAt.toMillis() <= since);
    if (collection === conversationsPath('ann')) yield [...this.conversations.values()].filter(isNew);
    else if (collection === editsPath('ann')) yield this.edits.filter(isNew);
    else {
      assert.equal(collection, segmentsPath('ann'));
      const [from, to] = [bound('startedAt', '>=') - T0, bound('startedAt', '<=') - T0];
      yield [...this.segments]
        .filter(([, { startMs }]) => startMs >= from && startMs <= to)
        .map(([id, { data }]) => ({ id, data }));
    }
  }

  /** Deletes everything that the user had, without leaving tombstones. */
  deleteContent(): void {
    this.conversations.clear();
    this.segments.clear();
    this.edits.length = 0;
    this.#now += 10 * 60_000;
    this.user = { contentDeletedAt: at(this.#now) };
  }

  document(path: string): Promise<unknown> {
    if (path === userPath('ann')) return Promise.resolve(this.user);
    return Promise.resolve(this.conversations.get(path.split('/').at(-1) ?? '')?.data ?? null);
  }
}

describe('The index of transcripts', () => {
  const found = async (index: SearchIndex, query: string) => (await index.search(query)).total;

  it('reads each change once, and removes what was deleted or merged', async () => {
    const source = new FakeFirestore();
    const store = memorySearchStore();
    let index = await SearchIndex.open(store);
    const sync = () => syncSearchIndex({ uid: 'ann', index, store, source });
    source.write('a', { startMs: 0, texts: ['apple'] });
    source.write('b', { startMs: 100_000, texts: ['banana'] });
    await sync();
    assert.equal(await found(index, 'apple'), 1);

    source.asked.length = 0;
    await sync();
    assert.equal(source.asked.filter((path) => path === segmentsPath('ann')).length, 0, 'nothing changed');

    source.write('a', { startMs: 0, texts: ['apple', 'cherry'] });
    source.write('b', { startMs: 100_000, texts: [], state: 'deleted' });
    index = await SearchIndex.open(store);
    await sync();
    assert.deepEqual(await Promise.all(['apple', 'cherry', 'banana'].map((word) => found(index, word))), [1, 1, 0]);
  });

  it('is emptied after everything was deleted elsewhere, and has what was added later', async () => {
    const source = new FakeFirestore();
    const store = memorySearchStore();
    const index = await SearchIndex.open(store);
    const sync = () => syncSearchIndex({ uid: 'ann', index, store, source });
    source.write('a', { startMs: 0, texts: ['apple'] });
    source.edit('e1', { kind: 'text', text: 'pear', heard: 'apple', startedAt: at(0), endedAt: at(900) });
    await sync();
    source.deleteContent();
    source.write('b', { startMs: 0, texts: ['apple', 'banana'] });
    await sync();
    assert.deepEqual(await Promise.all(['apple', 'banana', 'pear'].map((word) => found(index, word))), [1, 1, 0]);
    assert.equal(index.size, 1);
    source.asked.length = 0;
    await sync();
    assert.equal(source.asked.filter((path) => path === segmentsPath('ann')).length, 0, 'it is forgotten once');
  });

  it('is complete after an interrupted reading, including corrections made meanwhile', async () => {
    const source = new FakeFirestore();
    const store = memorySearchStore();
    const index = await SearchIndex.open(store);
    const sync = () => syncSearchIndex({ uid: 'ann', index, store, source });
    /** Ends the reading after its first result. */
    const begin = () => {
      const ending = new AbortController();
      const onProgress = () => {
        ending.abort();
      };
      return syncSearchIndex({ uid: 'ann', index, store, source, onProgress, signal: ending.signal });
    };
    const starts = Array.from({ length: 20 }, (_, i) => i * 100_000);
    for (const startMs of starts) source.write(`at ${startMs}`, { startMs, texts: ['apple'] });
    await begin();
    assert.ok(index.size < 20, 'it was ended in its middle');
    await sync();
    assert.equal(await found(index, 'apple'), 20);

    for (const ms of starts) {
      const place = { startedAt: at(ms), endedAt: at(ms + 900) };
      source.edit(`e${ms}`, { kind: 'text', text: 'pear', heard: 'apple', ...place });
    }
    await begin();
    await sync();
    assert.deepEqual([await found(index, 'apple'), await found(index, 'pear')], [0, 20]);
  });

  it('has corrected sentences and the names of speakers, including later ones', async () => {
    const source = new FakeFirestore();
    const store = memorySearchStore();
    const index = await SearchIndex.open(store);
    const sync = () => syncSearchIndex({ uid: 'ann', index, store, source });
    source.write('a', { startMs: 0, texts: ['apple'] });
    source.write('b', { startMs: 100_000, texts: ['banana'] });
    await sync();
    source.edit('e1', { kind: 'text', text: 'pear', heard: 'apple', startedAt: at(0), endedAt: at(900) });
    source.edit('e2', {
      ...{ kind: 'speaker', name: 'Ada', scope: 'everywhere', speaker: 1000 },
      ...{ startedAt: at(0), endedAt: at(900) },
    });
    await sync();
    assert.deepEqual(await Promise.all(['apple', 'pear'].map((word) => found(index, word))), [0, 1]);
    assert.equal((await index.search('banana', { speaker: 'Ada' })).total, 1);
    assert.deepEqual(index.facets().speakers, ['Ada']);
  });

  it('has the user’s titles, stars and tags, also after they were undone', async () => {
    const source = new FakeFirestore();
    const store = memorySearchStore();
    const index = await SearchIndex.open(store);
    const sync = () => syncSearchIndex({ uid: 'ann', index, store, source });
    source.write('a', { startMs: 0, texts: ['apple'] });
    await sync();
    const place = { startedAt: at(0), endedAt: at(900) };
    source.edit('e1', { kind: 'title', title: 'At the market', ...place });
    source.edit('e2', { kind: 'star', starred: true, ...place });
    source.edit('e3', { kind: 'tag', tag: 'fruit', tagged: true, ...place });
    await sync();
    const counts = async (): Promise<number[]> => [
      await found(index, 'market'),
      (await index.search('', { isStarred: true })).total,
      (await index.search('', { tag: 'fruit' })).total,
    ];
    assert.deepEqual(await counts(), [1, 1, 1]);
    for (const id of ['e1', 'e2', 'e3']) source.undo(id);
    await sync();
    assert.deepEqual(await counts(), [0, 0, 0]);
  });
});
