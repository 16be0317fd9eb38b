/** Users may import more words into a moment or a conversation than can be said. Requests of others to the same instance continue. */
import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { editConversation, MOST_REGROUPED_WORDS } from '../../src/conversations/editing.ts';
import { editsOf } from '../../src/conversations/edits.ts';
import { prepareEditMove } from '../../src/conversations/moveEdits.ts';
import { readShared, share } from '../../src/conversations/sharing.ts';
import { readTranscript, TRANSCRIPT_PAGES } from '../../src/conversations/transcript.ts';
import { codeOf } from '../support/errors.ts';
import { RedatingWorld } from '../support/redating.ts';
import { CAPTURED_AT } from '../support/recordings.ts';
import { importAll } from '../support/exportImport.ts';
import { putTalk } from '../support/talk.ts';

const at = (ms: number) => Timestamp.fromMillis(CAPTURED_AT + ms);

describe('A conversation with more words than can be said', () => {
  let world: RedatingWorld;
  const closing = closeAfterAll();
  before(() => {
    world = closing(new RedatingWorld());
  });
  beforeEach(async () => {
    world.becomeSomebodyElse();
    await putTalk(world.db, world.uid);
  });

  /** Adds pages in the half second of the talk, each of a separate recording. */
  async function crowd(pages: number, segmentsEach: number): Promise<void> {
    const writer = world.db.bulkWriter();
    const said = {
      text: 'a',
      speaker: null,
      confidence: 1,
      language: 'en',
      words: [{ text: 'a', fromMs: 0, toMs: 1 }],
    };
    const segments = Array.from({ length: segmentsEach }, () => ({ ...said, startedAt: at(1), endedAt: at(2) }));
    for (let i = 0; i < pages; i++) {
      const source = {
        deviceId: 'omi',
        recordingId: `crowded${String(i)}`,
        jobId: 'job',
        chunkId: 'chunk',
        speakers: [],
      };
      const times = { recordingStartedAt: at(0), startedAt: at(1), endedAt: at(2) };
      void writer.create(world.db.collection(`users/${world.uid}/segments`).doc(), { ...source, ...times, segments });
    }
    await writer.close();
  }

  it('is imported in pages that are small enough for a document', async () => {
    const startMs = CAPTURED_AT * 1000;
    const words = Array.from({ length: 1700 }, (_, i) => ['語'.repeat(195), i, i + 1] as const);
    const [first, last] = [startMs, startMs + 2000].map((ms) => new Date(ms).toISOString());
    const segment = { started_at: first!, ended_at: last!, text: 'dense', words };
    const exported = { device_id: 'omi', started_at: first!, finished_at: last!, segments: [segment] };
    const [imported] = await importAll(world, [exported]);
    assert.equal(imported?.new_words, words.length);
  });

  it('is shown by a link up to its ten-thousandth segment', async () => {
    await crowd(6, 2000);
    const sharing = { ...world.deps, isOn: () => true };
    const { token } = await share({ uid: world.uid, conversationId: 'talk', hours: 1, withAudio: false }, sharing);
    const { segments, isCut } = await readShared(token, sharing);
    assert.deepEqual([segments.length, isCut], [10_000, true]);
  });

  it('is read from its beginning, up to the limit of one answer', async () => {
    await crowd(TRANSCRIPT_PAGES, 1);
    const conversation = { deviceId: 'omi', startedAt: at(0), finishedAt: at(500) };
    const segments = await readTranscript(world.db, world.uid, conversation);
    assert.equal(segments.length, TRANSCRIPT_PAGES);
    assert.equal(segments[0]?.text, 'Hello.');
  });

  it('is not corrected as one text if it is more than an hour of talk', async () => {
    const words = Array.from({ length: 600 }, () => ({ text: 'a'.repeat(199), fromMs: 0, toMs: 1 }));
    const source = { deviceId: 'omi', recordingId: 'dense', recordingStartedAt: at(0), jobId: 'job', chunkId: 'chunk' };
    const said = { startedAt: at(1), endedAt: at(2), text: '', speaker: null, confidence: 1, language: 'en', words };
    const page = { ...source, startedAt: at(1), endedAt: at(2), segments: [said], speakers: [] };
    await world.db.collection(`users/${world.uid}/segments`).add(page);
    const place = { recordingId: 'dense', startMs: CAPTURED_AT, endMs: CAPTURED_AT + 500 };
    const correction = { kind: 'text', text: 'short', ...place } as const;
    const request = { uid: world.uid, conversationId: 'talk', editId: null, correction };
    assert.equal(await codeOf(editConversation(request, world.deps)), 'invalid_request');
    await editConversation({ ...request, correction: { ...correction, recordingId: 'recording' } }, world.deps);
  });

  it('is not divided if it does not fit into the memory of an instance', async () => {
    const talk = world.db.doc(`users/${world.uid}/conversations/talk`);
    await talk.update({ wordCount: MOST_REGROUPED_WORDS + 1 });
    const split = { kind: 'split', atMs: CAPTURED_AT } as const;
    const request = { uid: world.uid, conversationId: 'talk', editId: null, correction: split };
    assert.equal(await codeOf(editConversation(request, world.deps)), 'invalid_request');
    assert.equal((await editsOf(world.db, world.uid).get()).size, 0);
    await talk.update({ wordCount: MOST_REGROUPED_WORDS });
    await editConversation(request, world.deps);
  });

  it('keeps its splits when it moves to another date, whatever its size', async () => {
    const split = { kind: 'split', atMs: CAPTURED_AT } as const;
    await editConversation({ uid: world.uid, conversationId: 'talk', editId: null, correction: split }, world.deps);
    await world.db.doc(`users/${world.uid}/conversations/talk`).update({ wordCount: MOST_REGROUPED_WORDS + 1 });
    const edits = editsOf(world.db, world.uid);
    const [edit] = (await edits.get()).docs;
    const shift = { recordingId: 'recording', startedAtMs: CAPTURED_AT, toMs: CAPTURED_AT + 1000 };
    const move = { uid: world.uid, editId: edit!.id, shifts: [shift], gapMs: 120_000, nowMs: world.deps.now() };
    await world.db.runTransaction(async (tx) => {
      (await prepareEditMove(tx, world.db, move))();
    });
    assert.equal((await edits.doc(edit!.id).get()).data()?.startedAt.toMillis(), CAPTURED_AT + 1000);
  });

  it('is not moved by a file name that too many recordings have for one correction', async () => {
    const name = `x_${String(CAPTURED_AT)}.wav`;
    const writer = world.db.bulkWriter();
    for (let i = 0; i < 1001; i++) {
      const entry = { jobId: 'gone', file: name, state: 'done', deviceId: 'omi', startedAt: at(0), startTimes: [] };
      void writer.create(world.db.collection(`users/${world.uid}/recordings`).doc(), { ...entry, durationSeconds: 1 });
    }
    await writer.close();
    assert.equal(await codeOf(world.redate({ names: [name], offsetMs: 1000 })), 'invalid_request');
  });

  it('is not moved as a whole if it has more recordings than one correction may move', async () => {
    await crowd(1000, 1);
    assert.equal(await codeOf(world.redate({ conversationId: 'talk', offsetMs: 1000 })), 'invalid_request');
  });
});
