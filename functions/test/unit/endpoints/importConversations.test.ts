import assert from 'node:assert/strict';
import { HttpsError } from 'firebase-functions/v2/https';
import type { ImportedConversation } from '../../../src/conversations/importing.ts';
import { createImportCallable } from '../../../src/endpoints/importConversations.ts';
import { LEAST_BYTES, NOTHING_COUNTED } from '../../../src/usage/budget.ts';
import { recordingLogger } from '../../support/logger.ts';

const AT = Date.parse('2026-10-09T08:53:20.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();

/** Imports a conversation with one segment of a second. @returns what would be stored */
async function importSegment(segment: object, counted: number[] = []): Promise<ImportedConversation> {
  const imported: ImportedConversation[] = [];
  const call = createImportCallable({
    authenticate: () => Promise.resolve({ uid: 'ann' }),
    logger: recordingLogger(),
    now: () => AT + 3600_000,
    reserveBytes: (_uid, bytes) => {
      counted.push(bytes);
      return Promise.resolve(NOTHING_COUNTED);
    },
    importOne: (_uid, conversation) => {
      imported.push(conversation);
      return Promise.resolve({ conversationId: 'c', newWords: 0, refusedEdits: 0 });
    },
  });
  const said = { started_at: iso(AT), ended_at: iso(AT + 1000), text: 'word', ...segment };
  const data = { conversations: [{ device_id: 'omi', segments: [said] }] };
  await call({ data, rawRequest: {}, acceptsStreaming: false } as Parameters<typeof call>[0]);
  return imported[0]!;
}

describe('importConversations', () => {
  it('limits words to the times of their segment, because only those are checked', async () => {
    const words = [
      ['in', 100, 900],
      ['over', 900, 80_000_000],
      ['behind', 70_000_000, 80_000_000],
    ];
    const { segments } = await importSegment({ words });
    assert.deepEqual(
      segments[0]!.words.map(({ startMs, endMs }) => [startMs - AT, endMs - AT]),
      [
        [100, 900],
        [900, 1000],
        [1000, 1000],
      ],
    );
  });

  it('counts a segment with at least the cost of its documents', async () => {
    const counted: number[] = [];
    await importSegment({}, counted);
    assert.deepEqual(counted, [LEAST_BYTES.imported]);
  });

  it('refuses languages that cannot be the name of a field', async () => {
    for (const language of ['__proto__', '__x__', '', 'a/b', 'e'.repeat(36), '語']) {
      const error: unknown = await importSegment({ language }).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof HttpsError, language);
    }
    for (const language of ['en', 'pt_BR', 'zh-Hant-HK', 'english', 'constructor', null])
      await importSegment({ language });
  });

  it('refuses times that Firestore does not store', async () => {
    for (const time of ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z']) {
      const error: unknown = await importSegment({ recording_started_at: time }).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof HttpsError, time);
      assert.equal(error.code, 'invalid-argument');
    }
  });
});
