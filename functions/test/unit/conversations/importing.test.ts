import assert from 'node:assert/strict';
import { Firestore } from 'firebase-admin/firestore';
import { importConversation } from '../../../src/conversations/importing.ts';
import type { ImportDeps, ImportedWord } from '../../../src/conversations/importing.ts';
import type { NewSpeech } from '../../../src/conversations/store.ts';

const AT = Date.parse('2026-10-09T08:53:20.000Z');
const HOUR_MS = 3600_000;

/** The words that each transaction would store, if nothing is stored yet. */
async function transactionsOf(words: readonly ImportedWord[]): Promise<NewSpeech['words'][]> {
  const prepared: NewSpeech['words'][] = [];
  const db = Object.assign(new Firestore({ projectId: 'demo' }), {
    runTransaction: (run: (tx: unknown) => unknown) => run({ get: () => Promise.resolve({ docs: [], size: 0 }) }),
  });
  const conversations = {
    finishDeletion: () => Promise.resolve(),
    prepare: (_tx: unknown, speech: NewSpeech) => {
      prepared.push(speech.words);
      return Promise.resolve({ words: speech.words, write: () => [] });
    },
  };
  const segment = {
    ...{ words, speaker: null, language: 'en', confidence: 1 },
    ...{ recordingId: null, recordingStartedAtMs: null, transcriber: null },
  };
  await importConversation(
    'ann',
    { deviceId: 'omi', summary: { title: null, overview: null }, segments: [segment], edits: [], hasOwnEdits: false },
    { db, conversations } as unknown as ImportDeps,
  );
  return prepared;
}

const wordAt = (startMs: number, endMs = startMs + 300): ImportedWord => ({ text: 'word', startMs, endMs });

describe('The cost of importing a conversation', () => {
  it('depends on its words: no transaction reads what is stored in a pause between them', async () => {
    const years = [0, 1, 2].map((year) => AT - year * 365 * 24 * HOUR_MS);
    const transactions = await transactionsOf(years.flatMap((startMs) => [wordAt(startMs), wordAt(startMs + 30_000)]));
    assert.deepEqual(
      transactions.map((words) => words.map(({ startMs }) => startMs)),
      years.toSorted((a, b) => a - b).map((startMs) => [startMs, startMs + 30_000]),
    );
  });

  it('does not depend on how long a word claims to be: no segment is longer than a minute', async () => {
    const [words] = await transactionsOf([wordAt(AT, AT + 20 * HOUR_MS)]);
    assert.deepEqual(
      words!.map(({ startMs, endMs }) => [startMs, endMs]),
      [[AT, AT + 60_000]],
    );
  });

  it('is one transaction for speech without a longer pause', async () => {
    const words = Array.from({ length: 500 }, (_, i) => wordAt(AT + i * 10_000));
    assert.equal((await transactionsOf(words)).length, 1);
  });
});
