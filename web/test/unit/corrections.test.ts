import assert from 'node:assert/strict';
import { instantOf, type StoredEdit } from 'offline-audio-sync-contract';
import { correctionsOf } from '../../src/domain/corrections.ts';
import { clockSeconds } from '../../src/domain/time.ts';

const T0 = Date.UTC(2026, 6, 3, 10);
const CONVERSATION = { deviceId: 'pendant', startedAt: T0, finishedAt: T0 + 60_000 };

const edit = (id: string, atMs: number, change: object): StoredEdit =>
  ({
    ...{ id, deviceId: 'pendant', recordingId: 'r', recordingStartedAt: instantOf(T0), undoneAt: null },
    ...{ startedAt: instantOf(T0 + atMs), endedAt: instantOf(T0 + atMs + 900) },
    ...{ editedAt: instantOf(T0 + Number(id)), updatedAt: instantOf(T0 + Number(id)), ...change },
  }) as StoredEdit;

describe('The corrections of a conversation', () => {
  it('are those in effect in it, in words, the latest first', () => {
    const found = correctionsOf(
      CONVERSATION,
      [
        edit('3', 0, { kind: 'speaker', name: 'Ada', scope: 'conversation', speaker: 1 }),
        edit('1', 0, { kind: 'title', title: 'Tea' }),
        edit('2', 5000, { kind: 'text', text: 'Ships sail.', heard: 'x'.repeat(100) }),
        edit('4', 30_000, { kind: 'merge', until: { startedAt: instantOf(T0 + 40_000) } }),
        edit('5', 20_000, { kind: 'split' }),
        edit('6', 0, { kind: 'star', starred: true }),
        edit('7', 0, { kind: 'title', title: 'Undone', undoneAt: instantOf(T0) }),
        edit('8', 90_000, { kind: 'title', title: 'Of another conversation' }),
        edit('9', 0, { kind: 'title', title: 'Of another device', deviceId: 'phone' }),
        edit('10', 90_000, { kind: 'speaker', name: 'Bob', scope: 'everywhere', speaker: 2 }),
        edit('11', 90_000, { kind: 'speaker', name: 'Eve', scope: 'everywhere', speaker: 3 }),
      ],
      new Set(['Ada', 'Bob']),
    );
    assert.deepEqual(
      found.map(({ text }) => text.replaceAll(/[\u2068\u2069]/g, '')),
      [
        'Speaker: Bob, in all conversations',
        `Split at ${clockSeconds(T0 + 20_000)}`,
        `Merged at ${clockSeconds(T0 + 40_000)}`,
        'Speaker: Ada, in this conversation',
        `“${'x'.repeat(60)} …” was corrected to “Ships sail.”`,
        'Title: Tea',
      ],
    );
    assert.equal(found[0]?.editedAt, T0 + 10);
  });
});
