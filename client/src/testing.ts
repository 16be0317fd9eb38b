/** Tests for a store of your own, for Mocha, Jest and Vitest. */
import assert from 'node:assert/strict';
import type { RecordingStore, StoredValue } from './store.ts';

export interface StoreUnderTest {
  /** Creates an empty store. */
  readonly create: () => Promise<RecordingStore>;
  /** Opens the same store as another process would; null if the store does not outlast its process. */
  readonly reopen: ((store: RecordingStore) => Promise<RecordingStore>) | null;
}

const audio = (...bytes: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
const entries = (object: Record<string, StoredValue>): Map<string, StoredValue> => new Map(Object.entries(object));

/** The part of a test framework that is used. Call the contract in its `describe`. */
export interface TestFramework {
  readonly it: (name: string, test: () => Promise<void>) => unknown;
  readonly beforeEach: (hook: () => Promise<void>) => unknown;
  readonly afterEach: (hook: () => Promise<void>) => unknown;
}

/** @param framework its functions. Default: those of the global scope. */
export function storeContract(
  { create, reopen }: StoreUnderTest,
  framework: TestFramework = globalThis as unknown as TestFramework,
): void {
  const { it, beforeEach, afterEach } = framework;
  let store: RecordingStore;
  beforeEach(async () => {
    store = await create();
  });
  afterEach(async () => {
    await store.close?.();
  });

  it('is empty at first', async () => {
    assert.deepEqual([...(await store.entries())], []);
    assert.deepEqual(await store.audioIds(), []);
    assert.equal(await store.readAudio('nothing', 0, 1), null);
  });

  it('keeps entries, replaces and removes them', async () => {
    await store.put(entries({ 'recording/1': { a: 1, deep: { list: [null, 'ä😀', true] } }, 'batch/../2': { b: 2 } }));
    await store.put(entries({ 'recording/1': { a: 2 } }));
    assert.deepEqual(await store.entries(), entries({ 'recording/1': { a: 2 }, 'batch/../2': { b: 2 } }));
    await store.remove(['recording/1', 'never there']);
    assert.deepEqual(await store.entries(), entries({ 'batch/../2': { b: 2 } }));
  });

  it('shares no object with the caller that put or read it', async () => {
    const value = { list: [1] };
    await store.put(entries({ key: value }));
    value.list.push(2);
    const read = (await store.entries()).get('key') as { list: number[] };
    read.list.push(3);
    assert.deepEqual((await store.entries()).get('key'), { list: [1] });
  });

  it('keeps a thousand entries that come at once', async () => {
    const many = new Map(Array.from({ length: 1000 }, (_, i) => [`recording/${i}`, { i }]));
    await store.put(many);
    assert.equal((await store.entries()).size, 1000);
    await store.remove([...many.keys()]);
    assert.equal((await store.entries()).size, 0);
  });

  it('gives any part of audio that came as bytes or as a Blob', async () => {
    await store.putAudio('bytes', audio(1, 2, 3, 4, 5), new Map());
    await store.putAudio('b/l o b', new Blob([audio(6, 7), audio(8)]), new Map());
    assert.deepEqual(await store.readAudio('bytes', 0, 5), audio(1, 2, 3, 4, 5));
    assert.deepEqual(await store.readAudio('bytes', 1, 3), audio(2, 3));
    assert.deepEqual(await store.readAudio('bytes', 4, 9), audio(5));
    assert.deepEqual(await store.readAudio('b/l o b', 1, 3), audio(7, 8));
    assert.deepEqual([...(await store.audioIds())].sort(), ['b/l o b', 'bytes']);
  });

  it('replaces audio, removes it, and does not mind removing it twice', async () => {
    await store.putAudio('one', audio(1, 1), new Map());
    await store.putAudio('one', audio(2), new Map());
    assert.deepEqual(await store.readAudio('one', 0, 9), audio(2));
    await store.removeAudio('one', []);
    await store.removeAudio('one', []);
    assert.deepEqual(await store.audioIds(), []);
  });

  it('puts audio with what is known of it, and removes it so', async () => {
    await store.putAudio('a', audio(1), entries({ 'recording/a': { size: 1 }, other: {} }));
    assert.deepEqual(await store.entries(), entries({ 'recording/a': { size: 1 }, other: {} }));
    await store.removeAudio('a', ['recording/a']);
    assert.deepEqual(await store.entries(), entries({ other: {} }));
    assert.deepEqual(await store.audioIds(), []);
  });

  if (reopen !== null) {
    it('keeps everything when its process ends', async () => {
      await store.put(entries({ key: { kept: true } }));
      await store.putAudio('kept', audio(1, 2), new Map());
      await store.close?.();
      store = await reopen(store);
      assert.deepEqual(await store.entries(), entries({ key: { kept: true } }));
      assert.deepEqual(await store.readAudio('kept', 0, 2), audio(1, 2));
    });
  }
}
