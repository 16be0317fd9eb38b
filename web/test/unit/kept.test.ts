import assert from 'node:assert/strict';
import { EMPTY_LEDGER } from 'offline-audio-sync-contract';
import type { EditedConversation } from '../../src/data/model.ts';
import { keptDay } from '../../src/data/keptDay.ts';
import { keptRecordings, type LocalRecording } from '../../src/data/keptRecordings.ts';
import { openOutbox } from '../../src/sync/outbox.ts';

/** The storage of a site, with room for so many characters. */
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

  it('is returned unchanged, only for its user, until it is deleted', () => {
    const conversations = [talk('a'), talk('b')];
    const figures = { ledger: { ...EMPTY_LEDGER, audioSeconds: 60, speechSeconds: 60 }, billedSeconds: 60 };
    keptDay.keep('ann', { day: '2026-05-04', conversations, figures });
    assert.deepEqual(keptDay.get('ann')?.conversations, conversations);
    assert.deepEqual(keptDay.get('ann')?.figures, figures);
    assert.equal(keptDay.get('ann')?.day, '2026-05-04');
    assert.equal(keptDay.get('bob'), null);
    keptDay.forget();
    assert.equal(keptDay.get('ann'), null);
  });

  it('is deleted if the day of this visit cannot be stored', () => {
    const old = { day: '2026-05-03', conversations: [talk('a')], figures: null };
    for (const [room, conversations] of [
      [5e6, []],
      [5e6, [talk('b', 'x'.repeat(2e6))]],
      [1000, [talk('b', 'x'.repeat(2000))]],
    ] as const) {
      put(room);
      keptDay.keep('ann', old);
      assert.notEqual(keptDay.get('ann'), null);
      keptDay.keep('ann', conversations.length > 0 ? { day: '2026-05-04', conversations, figures: null } : null);
      assert.equal(keptDay.get('ann'), null);
    }
  });

  it('is not read by another build, which may expect another shape', () => {
    keptDay.keep('ann', { day: '2026-05-04', conversations: [talk('a')], figures: null });
    const stored = JSON.parse(localStorage.getItem('newest-day') ?? '') as { build: string };
    localStorage.setItem('newest-day', JSON.stringify({ ...stored, build: 'https://example.com/assets/other.js' }));
    assert.equal(keptDay.get('ann'), null);
  });
});

describe('The recordings of the last visit', () => {
  const recording: LocalRecording = {
    ...{ id: '1', name: 'audio_web1_pcm16_16000_1_fs320_1.bin', size: 1, addedAt: 1, state: 'waiting', changedAt: 1 },
    ...{ jobId: null, failure: null, sentBytes: null },
    target: { deviceId: null, conversationId: null, clockOffsetMs: 0 },
  };
  beforeEach(() => {
    Object.defineProperty(globalThis, 'localStorage', { value: storageOf(5e6), configurable: true });
  });
  after(() => {
    Reflect.deleteProperty(globalThis, 'localStorage');
  });

  it('are listed only for their user before the store is read, and marked as not yet read', async () => {
    keptRecordings.keep('ann', [recording]);
    for (const [uid, expected] of [
      ['ann', [recording]],
      ['bob', []],
    ] as const) {
      const outbox = openOutbox(uid, 'web1', () => undefined);
      assert.deepEqual([outbox.recordings.value, outbox.isRead.value], [expected, false]);
      await outbox.ready.catch(() => undefined); // There is no browser here, so the store cannot be read.
    }
  });
});
