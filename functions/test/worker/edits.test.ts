import assert from 'node:assert/strict';
import { editedConversation, editedSegments } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { editConversation, undoEdit } from '../../src/conversations/editing.ts';
import type { Correction } from '../../src/conversations/editing.ts';
import { editsOf, storedEdit } from '../../src/conversations/edits.ts';
import { codeOf } from '../support/errors.ts';
import { RedatingWorld } from '../support/redating.ts';
import { DAY_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';

const MINUTE_MS = 60_000;

/** Two words that are one sentence, and the next one ten seconds later. */
const SAID: readonly SpokenWord[] = [1000, 1700, 12_000].map((startMs, i) => ({
  id: i + 1,
  device: 'omi',
  text: ['herbour', 'lights', 'tonight'][i]!,
  language: 'en',
  startMs,
  endMs: startMs + 500,
}));

describe('a conversation that its user corrects', () => {
  let world: RedatingWorld;
  const closing = closeAfterAll();
  before(() => {
    world = closing(new RedatingWorld(exactSpeech(SAID)));
  });
  beforeEach(() => {
    world.becomeSomebodyElse();
  });

  /** Uploads {@link SAID}, this many minutes after the beginning. */
  async function say(minute: number): Promise<string> {
    // Equal bytes would be the same recording.
    const bytes = record({ device: 'omi', startMs: 0, endMs: 15_000 + minute * 20 }, SAID);
    const filename = `audio_omi_pcm16_16000_1_fs160_${DAY_MS + minute * MINUTE_MS}.bin`;
    const jobId = await world.accept([{ filename, bytes }]);
    await world.deliver(jobId);
    return jobId;
  }

  const edit = (conversationId: string, correction: Correction, editId: string | null = null) =>
    editConversation({ uid: world.uid, conversationId, editId, correction }, world.deps);
  const live = async () =>
    (await world.conversations())
      .filter(({ state }) => state === 'live')
      .sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis());
  const stored = async () => (await editsOf(world.db, world.uid).get()).docs.map(storedEdit);
  async function shown() {
    const edits = await stored();
    const segments = await world.segments();
    return (await live()).map((conversation) => ({
      ...editedConversation(conversation, edits),
      lines: editedSegments(
        segments.filter(({ startedAt }) => startedAt >= conversation.startedAt && startedAt <= conversation.finishedAt),
        conversation,
        edits,
      ).map(({ text, speakerName }) => [text, speakerName]),
    }));
  }

  it('reads as corrected, keeps what was transcribed, and reads as before when that is undone', async () => {
    await say(0);
    const [talk] = await live();
    const [first] = await world.segments();
    const said = { recordingId: first!.recordingId, startMs: DAY_MS + 1000, endMs: DAY_MS + 2200 };
    await edit(talk!.id, { kind: 'title', title: 'Harbour' });
    await edit(talk!.id, { kind: 'star', starred: true });
    await edit(talk!.id, { kind: 'tag', tag: 'sea', tagged: true });
    const { editId } = await edit(talk!.id, { kind: 'text', text: 'harbour lights', ...said });
    await edit(talk!.id, { kind: 'speaker', name: 'Ada', scope: 'conversation', ...said });
    assert.deepEqual(await shown(), [
      {
        title: 'Harbour',
        starred: true,
        tags: ['sea'],
        lines: [
          ['harbour lights', 'Ada'],
          ['tonight', 'Ada'],
        ],
      },
    ]);
    assert.deepEqual(
      (await world.segments()).map(({ text }) => text),
      ['herbour lights', 'tonight'],
    );
    await undoEdit(world.uid, editId, world.deps);
    assert.deepEqual((await shown())[0]!.lines[0], ['herbour lights', 'Ada']);
  });

  it('keeps its corrections when later audio joins it to an earlier one, and both move with a corrected date', async () => {
    const jobId = await say(3);
    const [talk] = await live();
    await edit(talk!.id, { kind: 'title', title: 'Harbour' });
    await say(0);
    await say(1.5);
    assert.deepEqual(
      (await shown()).map(({ title }) => title),
      ['Harbour'],
    );
    await world.redate({ jobId, offsetMs: 60 * MINUTE_MS });
    assert.deepEqual(
      (await shown()).map(({ title }) => title),
      [null, 'Harbour'],
    );
  });

  it('becomes two at a word, is one again after an undo, and links to the second part still lead to it', async () => {
    await say(0);
    const [talk] = await live();
    const { editId, conversationIds } = await edit(talk!.id, { kind: 'split', atMs: DAY_MS + 1700 });
    assert.deepEqual(
      conversationIds,
      (await live()).map(({ id }) => id),
    );
    assert.deepEqual(
      (await shown()).map(({ lines }) => lines.map(([text]) => text)),
      [['herbour'], ['lights', 'tonight']],
    );
    assert.deepEqual((await undoEdit(world.uid, editId, world.deps)).conversationIds, [talk!.id]);
    await world.assertLinksLead(conversationIds);
    assert.deepEqual(
      (await live()).map(({ wordCount }) => wordCount),
      [3],
    );
  });

  it('is itself again when a merge is undone', async () => {
    await say(0);
    await say(10);
    const before = await live();
    const { editId } = await edit(before[1]!.id, { kind: 'merge', withId: before[0]!.id });
    assert.deepEqual(
      (await live()).map(({ id, wordCount }) => [id, wordCount]),
      [[before[0]!.id, 6]],
    );
    const again = edit(before[1]!.id, { kind: 'merge', withId: before[0]!.id });
    assert.equal(await codeOf(again), 'conversation_merged', 'another tab was faster');
    await undoEdit(world.uid, editId, world.deps);
    assert.deepEqual(
      (await live()).map(({ id, wordCount }) => [id, wordCount]),
      before.map(({ id }) => [id, 3]),
    );
  });

  it('is deleted together with its corrections', async () => {
    await say(0);
    const [talk] = await live();
    await edit(talk!.id, { kind: 'title', title: 'Harbour' });
    await world.deps.conversations.delete(world.uid, talk!.id);
    assert.deepEqual(await stored(), []);
    assert.equal(await codeOf(edit(talk!.id, { kind: 'star', starred: true })), 'conversation_not_found');
  });

  it('is corrected once by a call that is repeated', async () => {
    await say(0);
    const [talk] = await live();
    for (let call = 0; call < 2; call++) await edit(talk!.id, { kind: 'star', starred: true }, 'a-star-of-one-call');
    assert.equal((await stored()).length, 1);
  });

  it('is not changed by an impossible correction, whose error says why', async () => {
    await say(0);
    const [talk] = await live();
    const nowhere = { recordingId: 'unknown', startMs: DAY_MS, endMs: DAY_MS + 5000 };
    assert.equal(await codeOf(edit(talk!.id, { kind: 'text', text: 'x', ...nowhere })), 'speech_not_found');
    const years = { recordingId: 'unknown', startMs: 0, endMs: 2 * DAY_MS };
    assert.equal(await codeOf(edit(talk!.id, { kind: 'text', text: 'x', ...years })), 'invalid_request');
    assert.equal(await codeOf(edit(talk!.id, { kind: 'split', atMs: DAY_MS + 3 })), 'speech_not_found');
    assert.equal(await codeOf(edit('unknown', { kind: 'star', starred: true })), 'conversation_not_found');
    assert.equal(await codeOf(edit(talk!.id, { kind: 'merge', withId: 'unknown' })), 'conversation_not_found');
    await say(25 * 60);
    const [, far] = await live();
    assert.equal(await codeOf(edit(talk!.id, { kind: 'merge', withId: far!.id })), 'conversations_not_mergeable');
    assert.equal(await codeOf(undoEdit(world.uid, 'unknown', world.deps)), 'edit_not_found');
  });
});
