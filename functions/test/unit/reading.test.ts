import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyChanges, conversationChanges, followConversation, speakerNumbers } from 'offline-audio-sync-client';
import type { ConversationDoc } from 'offline-audio-sync-client';

/** What an app shows of a conversation. */
type Shown = Pick<
  ConversationDoc,
  'deviceId' | 'state' | 'startedAt' | 'finishedAt' | 'updatedAt' | 'mergedInto' | 'revision'
>;

const at = (ms: number) => ({ toMillis: () => ms });

function conversation(change: Partial<Shown> = {}): Shown {
  const times = { startedAt: at(0), finishedAt: at(1), updatedAt: at(2) };
  return { deviceId: 'omi', state: 'live', mergedInto: null, revision: 1, ...times, ...change };
}

describe('reading', () => {
  it('asks for changes from shortly before the last one seen, and at first for all', () => {
    assert.deepEqual(conversationChanges('ann', at(600_000)).where, [['updatedAt', '>', new Date(480_000)]]);
    assert.deepEqual(conversationChanges('ann', null).where, []);
  });

  it('has the same result in whatever order and however often changes are applied', () => {
    const changes = [1, 2, 3].flatMap((revision) =>
      ['a', 'b'].map((id) => [id, conversation({ revision, state: revision === 3 ? 'deleted' : 'live' })] as const),
    );
    const expected = applyChanges(new Map<string, Shown>(), changes);
    assert.deepEqual(
      [...expected.values()].map(({ state }) => state),
      ['deleted', 'deleted'],
    );
    const disorder = fc
      .tuple(fc.shuffledSubarray(changes), fc.shuffledSubarray(changes, { minLength: changes.length }))
      .map(([some, all]) => [...some, ...all]);
    fc.assert(
      fc.property(disorder, fc.nat(12), (delivered, cut) => {
        const first = applyChanges(new Map<string, Shown>(), delivered.slice(0, cut));
        const all = applyChanges(first, delivered.slice(cut));
        assert.deepEqual(new Map([...all].sort()), new Map([...expected].sort()));
      }),
    );
  });

  it('follows a merged conversation to the one that it is part of now', async () => {
    const stored: Record<string, Shown> = {
      'users/ann/conversations/a': conversation({ state: 'merged', mergedInto: 'b' }),
      'users/ann/conversations/b': conversation({ state: 'merged', mergedInto: 'c' }),
      'users/ann/conversations/c': conversation({ revision: 7 }),
      'users/ann/conversations/d': conversation({ state: 'deleted' }),
      'users/ann/conversations/e': conversation({ state: 'merged', mergedInto: 'd' }),
    };
    const follow = async (id: string) =>
      (await followConversation('ann', id, (path) => Promise.resolve(stored[path] ?? null)))?.id ?? null;
    assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(follow)), ['c', 'c', 'c', null, null, null]);
  });

  it('numbers speakers in order of appearance, and speakers of each chunk separately', () => {
    const segments = [
      ['one', 1],
      ['one', 0],
      ['one', null],
      ['one', 1],
      ['two', 0],
      ['two', 1],
      ['one', 0],
    ] as const;
    assert.deepEqual(speakerNumbers(segments.map(([chunkId, speaker]) => ({ chunkId, speaker }))), [
      1,
      2,
      null,
      1,
      3,
      4,
      2,
    ]);
  });

  it('gives a speaker the same number when more of the transcript is read', () => {
    const segment = fc.record({ chunkId: fc.constantFrom('x', 'y', 'x/1'), speaker: fc.option(fc.nat(3)) });
    fc.assert(
      fc.property(fc.array(segment), fc.nat(30), (segments, page) => {
        assert.deepEqual(speakerNumbers(segments.slice(0, page)), speakerNumbers(segments).slice(0, page));
      }),
    );
  });
});
