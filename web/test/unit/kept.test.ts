import assert from 'node:assert/strict';
import type { EditedConversation } from '../../src/data/model.ts';
import { forgetDay, keepDay, keptDay } from '../../src/data/keptDay.ts';

/** A site's storage with room for so many characters. */
function storageOf(room: number): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => items.delete(key),
    setItem: (key, value) => {
      if (value.length > room) throw new DOMException('no room', 'QuotaExceededError');
      items.set(key, value);
    },
  };
}

const talk = (id: string, title = 'Lunch'): EditedConversation => ({
  ...{ id, title, deviceId: 'pendant', startedAt: 1, finishedAt: 2, overview: null, language: null, wordCount: 1 },
  ...{ speechSeconds: 1, revision: 1, onlyFillers: false, starred: true, tags: ['sea'] },
});

describe('The day of the last visit', () => {
  const put = (room: number): void => {
    Object.defineProperty(globalThis, 'localStorage', { value: storageOf(room), configurable: true });
  };
  beforeEach(() => {
    put(5e6);
  });
  after(() => {
    Reflect.deleteProperty(globalThis, 'localStorage');
  });

  it('is as it was, for its user alone, until it is forgotten', () => {
    const conversations = [talk('a'), talk('b')];
    keepDay('ann', { day: '2026-05-04', conversations });
    assert.deepEqual(keptDay('ann')?.conversations, conversations);
    assert.equal(keptDay('ann')?.day, '2026-05-04');
    assert.equal(keptDay('bob'), null);
    forgetDay();
    assert.equal(keptDay('ann'), null);
  });

  it('is not that of an earlier visit where this one cannot be kept', () => {
    const old = { day: '2026-05-03', conversations: [talk('a')] };
    for (const [room, conversations] of [
      [5e6, []],
      [5e6, [talk('b', 'x'.repeat(2e6))]],
      [1000, [talk('b', 'x'.repeat(2000))]],
    ] as const) {
      put(room);
      keepDay('ann', old);
      assert.notEqual(keptDay('ann'), null);
      keepDay('ann', { day: '2026-05-04', conversations });
      assert.equal(keptDay('ann'), null);
    }
  });

  it('is not read by another build, which may know conversations of another shape', () => {
    keepDay('ann', { day: '2026-05-04', conversations: [talk('a')] });
    const stored = JSON.parse(localStorage.getItem('newest-day') ?? '') as { build: string };
    localStorage.setItem('newest-day', JSON.stringify({ ...stored, build: 'https://example.com/assets/other.js' }));
    assert.equal(keptDay('ann'), null);
  });
});
