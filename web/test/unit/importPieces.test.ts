import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IMPORT_LIMITS, type ExportedConversation } from 'offline-audio-sync-contract';
import { callsOf, conversationsIn, piecesOf } from '../../src/domain/importPieces.ts';

const AT = '2026-07-03T10:00:00.000Z';

function talk(segments: number, words: number, edits: number | null): ExportedConversation {
  const said = Array.from({ length: segments }, (_, i) => ({
    ...{ started_at: AT, ended_at: AT, text: `${i} `.repeat(words + 1) },
    ...(words === 0 ? {} : { words: Array.from({ length: words }, (_, w) => [`${i}`, w, w + 1] as const) }),
  }));
  const change = { kind: 'star', starred: true } as const;
  const corrections = Array.from({ length: edits ?? 0 }, (_, i) => ({
    ...{ edit_id: `edit-${i}`, edited_at: AT, recording_id: 'r', from: AT, to: AT, change },
  }));
  const of = { device_id: 'pendant', title: 'Harbour', started_at: AT, finished_at: AT };
  return { ...of, segments: said, ...(edits === null ? {} : { edits: corrections }) };
}

/** Counts values as the functions do. */
const valuesIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, each) => sum + valuesIn(each), 1)
    : 1;

describe('An exported conversation that is imported', () => {
  it('is cut into calls within the limits of the service, without loss, repetition or change of order', () => {
    const talks = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(0, 1, 20), fc.option(fc.nat(2500)))
        .map(([segments, words, edits]) => talk(segments, words, edits)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(talks, (conversations) => {
        const pieces = conversations.flatMap((conversation) =>
          piecesOf(conversation).map((part) => ({ conversation, part })),
        );
        const calls = callsOf(pieces);
        assert.deepEqual(calls.flat(), pieces);
        for (const call of calls) {
          const parts = call.map(({ part }) => part);
          assert(parts.length <= IMPORT_LIMITS.maxConversations);
          assert(parts.reduce((sum, { segments }) => sum + segments.length, 0) <= IMPORT_LIMITS.maxSegments);
          assert(parts.every(({ edits }) => (edits?.length ?? 0) <= IMPORT_LIMITS.maxEdits));
          assert(new TextEncoder().encode(JSON.stringify({ data: { conversations: parts } })).length < 1024 * 1024);
          assert(valuesIn({ conversations: parts }) <= 20_000);
        }
        for (const conversation of conversations) {
          const own = piecesOf(conversation);
          const speech = own.length === 1 ? own : own.filter(({ edits }) => (edits?.length ?? 0) === 0);
          assert.deepEqual(
            speech.flatMap(({ segments }) => segments),
            conversation.segments,
          );
          assert.deepEqual(
            own.flatMap(({ edits }) => edits ?? []),
            conversation.edits ?? [],
          );
          const titled = own.filter(({ title = null }) => title !== null);
          assert.equal(titled.length, 1, 'its title comes once');
          assert.equal(titled[0]?.edits === undefined, conversation.edits === undefined);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('may be alone, in a list, or in the shape of a call', () => {
    const one = talk(1, 1, 0);
    for (const content of [one, [one], { conversations: [one] }])
      assert.deepEqual(conversationsIn(JSON.stringify(content)), [one]);
  });

  it('is refused with a sentence if the JSON is something else', () => {
    for (const json of ['', '{', '1', 'null', '[]', '{}', '{"conversations":[1]}', '{"device_id":"x","segments":1}'])
      assert.throws(() => conversationsIn(json), /^Error: This is not /);
  });
});
