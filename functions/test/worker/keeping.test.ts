/** What users do with their conversations: they share, export, import and delete them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore } from 'firebase-admin/firestore';
import { SHARE_LIMITS, SHARES } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { editConversation } from '../../src/conversations/editing.ts';
import { editsOf } from '../../src/conversations/edits.ts';
import { importConversation } from '../../src/conversations/importing.ts';
import type { ImportedConversation } from '../../src/conversations/importing.ts';
import { readShared, share, sharesOf, withdraw } from '../../src/conversations/sharing.ts';
import { DueJobs } from '../../src/jobs/dueJobs.ts';
import { UploadedObjects } from '../../src/storage/objects.ts';
import { deleteContent, finishUserDeletions } from '../../src/sweeper/userDeletion.ts';
import { codeOf } from '../support/errors.ts';
import { putTalk } from '../support/talk.ts';
import { CAPTURED_AT } from '../support/recordings.ts';
import { RedatingWorld } from '../support/redating.ts';
import { importing } from '../support/exportImport.ts';

const HOUR_MS = 3600_000;
const AT = CAPTURED_AT * 1000;

const EXPORTED: ImportedConversation = {
  deviceId: 'omi',
  summary: { title: null, overview: null },
  edits: [
    { change: { kind: 'title', title: 'Harbour' }, made: null },
    { change: { kind: 'star', starred: true }, made: null },
    { change: { kind: 'tag', tag: 'sea', tagged: true }, made: null },
  ],
  hasOwnEdits: false,
  segments: [
    {
      words: ['Ships', 'sail', 'tonight.'].map((text, i) => ({
        text,
        startMs: AT + i * 500,
        endMs: AT + i * 500 + 400,
      })),
      speaker: 0,
      language: 'en',
      confidence: 1,
      recordingId: null,
      recordingStartedAtMs: null,
      transcriber: null,
    },
  ],
};

describe('what a user keeps', () => {
  let world: RedatingWorld;
  let isOn = true;
  const closing = closeAfterAll();
  before(() => {
    world = closing(new RedatingWorld());
  });
  beforeEach(() => {
    world.becomeSomebodyElse();
    isOn = true;
  });

  const sharing = () => ({ ...world.deps, isOn: () => isOn });
  const asked = () => ({ uid: world.uid, conversationId: 'talk', hours: 1, withAudio: false });
  const shareTalk = () => share(asked(), sharing());
  const importIt = () => importConversation(world.uid, EXPORTED, importing(world));

  it('is shown by a link with its corrections, until the link is withdrawn', async () => {
    await putTalk(world.db, world.uid);
    const { id, token } = await shareTalk();
    const place = { recordingId: 'recording', startMs: CAPTURED_AT, endMs: CAPTURED_AT + 500 };
    const correction = { kind: 'text', text: 'Hi there.', ...place } as const;
    await editConversation({ uid: world.uid, conversationId: 'talk', editId: null, correction }, world.deps);
    const shown = await readShared(token, sharing());
    assert.deepEqual(
      shown.segments.map(({ text }) => text),
      ['Hi there.'],
    );
    await withdraw('somebody-else', id, world.deps);
    await readShared(token, sharing());
    isOn = false;
    assert.equal(await codeOf(readShared(token, sharing())), 'share_not_found');
    assert.equal(await codeOf(shareTalk()), 'sharing_off');
    isOn = true;
    await withdraw(world.uid, id, world.deps);
    assert.equal(await codeOf(readShared(token, sharing())), 'share_not_found');
  });

  it('is found only by the token of the link, which is not stored', async () => {
    await putTalk(world.db, world.uid);
    const { id, token } = await shareTalk();
    assert.equal(Buffer.from(token, 'base64url').length, 32);
    const { docs } = await sharesOf(world.db, world.uid).get();
    assert.deepEqual(
      docs.map((doc) => doc.id),
      [id],
    );
    assert.ok(!JSON.stringify(docs.map((doc) => [doc.id, doc.data()])).includes(token));
    for (const other of [id, token.toUpperCase(), randomBytes(32).toString('base64url')]) {
      assert.equal(await codeOf(readShared(other, sharing())), 'share_not_found');
    }
    await readShared(token, sharing());
  });

  it('is shown up to its thousandth correction, and not behind it', async () => {
    await putTalk(world.db, world.uid);
    const at = (ms: number) => Timestamp.fromMillis(CAPTURED_AT + ms);
    const [page] = (await world.db.collection(`users/${world.uid}/segments`).get()).docs;
    const { segments, ...place } = page!.data() as { segments: object[] };
    const later = { startedAt: at(1000), endedAt: at(1500) };
    const secret = { ...place, ...later, segments: [{ ...segments[0], ...later, text: 'Secret.', words: [] }] };
    await world.db.collection(`users/${world.uid}/segments`).add(secret);
    await world.db.doc(`users/${world.uid}/conversations/talk`).update({ finishedAt: at(1500) });
    const { token } = await shareTalk();
    const star = { kind: 'star', starred: true, deviceId: 'omi', recordingId: 'recording', recordingStartedAt: at(0) };
    const made = { editedAt: at(0), updatedAt: at(0), undoneAt: null, endedAt: at(500) };
    const writer = world.db.bulkWriter();
    for (let i = 0; i < 1000; i++)
      void writer.create(editsOf(world.db, world.uid).doc(), { ...star, ...made, startedAt: at(400) } as never);
    await writer.close();
    assert.equal((await readShared(token, sharing())).isCut, false);
    await editsOf(world.db, world.uid).add({ ...star, ...made, startedAt: at(1000) } as never);
    const shown = await readShared(token, sharing());
    assert.deepEqual([shown.segments.map(({ text }) => text), shown.isCut], [['Hello.'], true]);
  });

  it('is not shown when the link has expired, or its conversation was deleted', async () => {
    await putTalk(world.db, world.uid);
    const { token } = await shareTalk();
    const later = { ...sharing(), now: () => world.deps.now() + HOUR_MS };
    assert.equal(await codeOf(readShared(token, later)), 'share_not_found');
    await world.deps.conversations.delete(world.uid, 'talk');
    assert.equal(await codeOf(readShared(token, sharing())), 'share_not_found');
  });

  it('can have a limited number of links, and those that have expired do not count', async () => {
    await putTalk(world.db, world.uid);
    const [now, writer] = [world.deps.now(), world.db.bulkWriter()];
    for (let i = 0; i < SHARE_LIMITS.maxShares; i++) {
      const expiresAt = Timestamp.fromMillis(now + (i === 0 ? HOUR_MS : -HOUR_MS));
      void writer.set(world.db.collection(SHARES).doc(), { uid: world.uid, expiresAt });
    }
    await writer.close();
    await shareTalk();
    const before = { ...sharing(), now: () => now - 2 * HOUR_MS };
    const sharedThen = share(asked(), before);
    assert.equal(await codeOf(sharedThen), 'too_many_shares');
  });

  it('is imported once, with its title, and what was deleted is not restored', async () => {
    const first = await importIt();
    assert.equal(first.newWords, 3);
    assert.deepEqual(await importIt(), { ...first, newWords: 0 });
    const [segment] = await world.segments();
    assert.deepEqual([segment!.text, segment!.transcriber], ['Ships sail tonight.', 'import']);
    assert.equal((await editsOf(world.db, world.uid).get()).size, 3);
    await world.deps.conversations.delete(world.uid, first.conversationId!);
    assert.deepEqual(await importIt(), { conversationId: null, newWords: 0, refusedEdits: 0 });
    assert.deepEqual(await world.segments(), []);
  });

  const deleting = (db: Firestore = world.db) => ({
    ...{ db, logger: world.logger, due: new DueJobs(db), objects: new UploadedObjects(world.bucket()) },
    // The documents have the time of the emulator, whose clock may differ.
    now: () => world.deps.now() + HOUR_MS,
    accountCreatedAtMs: () => Promise.resolve(0),
  });

  it('is deleted, except for what is written meanwhile', async () => {
    await putTalk(world.db, world.uid);
    const talk = world.db.doc(`users/${world.uid}/conversations/talk`);
    const db = disturbed(world.db, async (ref) => {
      if (ref.path === talk.path) await ref.update({ custom: 'written meanwhile' });
    });
    await deleteContent(world.uid, deleting(db));
    assert.equal((await talk.get()).get('custom'), 'written meanwhile');
    assert.deepEqual(await world.segments(), []);
  });

  it('is deleted again by the sweeper if a document could not be deleted', async () => {
    await putTalk(world.db, world.uid);
    const db = disturbed(world.db, () => Promise.reject(new Error('Firestore is down')));
    await assert.rejects(deleteContent(world.uid, deleting(db)), /Firestore is down/);
    const isOver = () => false;
    await finishUserDeletions({ ...deleting(), now: () => world.deps.now() + 4 * HOUR_MS }, isOver);
    assert.deepEqual([await world.segments(), await world.conversations()], [[], []]);
  });

  it('is deleted as a whole, with its shares; the account, its devices and its usage stay', async () => {
    await putTalk(world.db, world.uid);
    await importIt();
    await shareTalk();
    const kept = ['devices/phone', 'usage/2026-01-01'].map((path) => world.db.doc(`users/${world.uid}/${path}`));
    for (const ref of kept) await ref.set({ day: '2026-01-01' });
    await world.db.doc(`users/${world.uid}`).set({ fairUse: { stage: 'throttled' } });
    const { db, now } = world.deps;
    await deleteContent(world.uid, deleting());
    assert.deepEqual([await world.segments(), await world.conversations()], [[], []]);
    assert.deepEqual([(await editsOf(db, world.uid).get()).size, (await sharesOf(db, world.uid).get()).size], [0, 0]);
    for (const ref of [...kept, db.doc(`users/${world.uid}`)]) assert.ok((await ref.get()).exists, ref.path);
    assert.ok((await db.doc(`user_deletions/${world.uid}`).get()).exists, 'it is done a second time');
    const user = db.doc(`users/${world.uid}`);
    const first = (await user.get()).get('contentDeletedAt') as Timestamp;
    const isOver = () => false;
    await finishUserDeletions({ ...deleting(), now: () => now() + 4 * HOUR_MS }, isOver);
    const { contentDeletedAt, fairUse } = (await user.get()).data() as { contentDeletedAt: Timestamp; fairUse: object };
    assert.ok(contentDeletedAt > first, 'copies that were made between the two are void, too');
    assert.deepEqual(fairUse, { stage: 'throttled' });
  });
});

/** A Firestore whose bulk writer calls a function before it deletes a document. */
function disturbed(db: Firestore, before: (ref: DocumentReference) => Promise<void>): Firestore {
  const bulkWriter = (): ReturnType<Firestore['bulkWriter']> => {
    const writer = db.bulkWriter();
    const [remove, close] = [writer.delete.bind(writer), writer.close.bind(writer)];
    const given: Promise<void>[] = [];
    return Object.assign(writer, {
      delete: (...[ref, precondition]: Parameters<typeof remove>) => {
        const ready = before(ref as DocumentReference);
        const deletion = ready.then(() => remove(ref, precondition));
        given.push(ready.catch(() => undefined));
        return deletion;
      },
      close: async () => {
        await Promise.all(given);
        await close();
      },
    });
  };
  return new Proxy(db, {
    get(target, name) {
      if (name === 'bulkWriter') return bulkWriter;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
