import assert from 'node:assert/strict';
import { assertFails } from '@firebase/rules-unit-testing';
import type { RulesTestEnvironment } from '@firebase/rules-unit-testing';
import {
  collection,
  doc,
  getDoc,
  getDocs,
  limit,
  orderBy,
  query,
  setDoc,
  startAfter,
  Timestamp,
  where,
} from 'firebase/firestore';
import type { Firestore, Query, QueryDocumentSnapshot } from 'firebase/firestore';
import * as reading from 'offline-audio-sync-client';
import type { ConversationDoc } from 'offline-audio-sync-client';

/** What an app shows of a conversation. */
type Shown = Pick<
  ConversationDoc,
  'deviceId' | 'state' | 'startedAt' | 'finishedAt' | 'updatedAt' | 'mergedInto' | 'revision'
>;

import { closeAfterAll } from '../../../dev/test/closing.ts';
import { rulesEnvironment } from './rules/environment.ts';

const DAY_MS = 24 * 3600_000;
const MONDAY = Date.UTC(2026, 0, 5);

/** The same query as the client's, built with this copy of Firebase's SDK, because the copies do not accept each other's objects. */
function toQuery(db: Firestore, read: reading.ReadQuery, after?: QueryDocumentSnapshot): Query {
  return query(
    collection(db, read.collection),
    ...read.where.map((condition) => where(...condition)),
    ...read.orderBy.map((order) => orderBy(...order)),
    ...(after === undefined ? [] : [startAfter(after)]),
    limit(read.limit),
  );
}

describe('an app that reads, as its user and under the rules,', () => {
  let environment: RulesTestEnvironment;
  let ann: Firestore;

  const closing = closeAfterAll();
  before(async () => {
    environment = closing(await rulesEnvironment('firestore'), (it) => it.cleanup());
    ann = environment.authenticatedContext('ann').firestore() as unknown as Firestore;
  });
  beforeEach(() => environment.clearFirestore());

  /** What the server has written. @param startMs from Monday's midnight. */
  async function put(id: string, startMs: number, change: Partial<Shown> = {}): Promise<Shown> {
    const conversation = {
      deviceId: 'omi',
      state: 'live',
      startedAt: Timestamp.fromMillis(MONDAY + startMs),
      finishedAt: Timestamp.fromMillis(MONDAY + startMs + 60_000),
      updatedAt: Timestamp.fromMillis(MONDAY + startMs),
      mergedInto: null,
      revision: 1,
      ...change,
    } as const;
    await write(`users/ann/conversations/${id}`, conversation);
    return conversation;
  }

  async function write(path: string, data: object): Promise<void> {
    await environment.withSecurityRulesDisabled(async (context) => {
      await setDoc(doc(context.firestore() as unknown as Firestore, path), data);
    });
  }

  const idsOf = async (read: reading.ReadQuery, after?: QueryDocumentSnapshot) =>
    (await getDocs(toQuery(ann, read, after))).docs.map(({ id }) => id);

  it('finds the conversations of a day, newest first, and no tombstones', async () => {
    await put('sunday', -1);
    await put('midnight', 0);
    await put('noon', DAY_MS / 2);
    await put('merged', DAY_MS / 2, { state: 'merged', mergedInto: 'noon' });
    await put('deleted', DAY_MS / 2, { state: 'deleted' });
    await put('tuesday', DAY_MS);
    const monday = reading.conversationsOfDay('ann', new Date(MONDAY), new Date(MONDAY + DAY_MS));
    assert.deepEqual(await idsOf(monday), ['noon', 'midnight']);
    assert.deepEqual(await idsOf(reading.newestConversations('ann', 2)), ['tuesday', 'noon']);
  });

  it('reads a transcript in pages: all of it once, in order, and nothing else', async () => {
    const conversation = await put('one', 0);
    const seconds = Array.from({ length: 7 }, (_, i) => i);
    const segment = (ms: number, deviceId = 'omi') => ({ deviceId, startedAt: Timestamp.fromMillis(MONDAY + ms) });
    // The second and the third begin at the same moment, and a page may end between them.
    for (const i of seconds) await write(`users/ann/segments/s${i}`, segment(i === 2 ? 10_000 : i * 10_000));
    await write('users/ann/segments/before', segment(-1));
    await write('users/ann/segments/after', segment(60_001));
    await write('users/ann/segments/other', segment(0, 'phone'));

    const read = reading.transcriptOf('ann', conversation, 2);
    const pages: string[][] = [];
    for (let last: QueryDocumentSnapshot | undefined; ;) {
      const { docs } = await getDocs(toQuery(ann, read, last));
      pages.push(docs.map(({ id }) => id));
      last = docs.at(-1);
      if (docs.length < read.limit) break;
    }
    assert.deepEqual(pages, [['s0', 's1'], ['s2', 's3'], ['s4', 's5'], ['s6']]);
  });

  it('learns what changed since a moment, merges and deletions included', async () => {
    const known = new Map<string, Shown>();
    for (const id of ['kept', 'eaten', 'gone']) known.set(id, await put(id, 0));
    await put('kept', 0, { updatedAt: Timestamp.fromMillis(MONDAY + DAY_MS), revision: 2 });
    const merged = { state: 'merged', mergedInto: 'kept' } as const;
    await put('eaten', 0, { ...merged, updatedAt: Timestamp.fromMillis(MONDAY + DAY_MS), revision: 2 });
    await put('gone', 0, { state: 'deleted', updatedAt: Timestamp.fromMillis(MONDAY + DAY_MS + 1), revision: 2 });

    const { docs } = await getDocs(
      toQuery(ann, reading.conversationChanges('ann', Timestamp.fromMillis(MONDAY + DAY_MS))),
    );
    const changes = docs.map((found) => [found.id, found.data() as Shown] as const);
    const next = reading.applyChanges(known, changes);
    assert.deepEqual(
      [...next].map(([id, { state }]) => [id, state]),
      [
        ['kept', 'live'],
        ['eaten', 'merged'],
        ['gone', 'deleted'],
      ],
    );
    const link = await reading.followConversation('ann', 'eaten', async (path) => {
      return ((await getDoc(doc(ann, path))).data() as Shown | undefined) ?? null;
    });
    assert.equal(link?.id, 'kept');
  });

  it('reads every conversation there ever was, page by page, when it starts from nothing', async () => {
    for (const [i, id] of ['a', 'b', 'c'].entries()) await put(id, i);
    const read = reading.conversationChanges('ann', null, 2);
    const first = await getDocs(toQuery(ann, read));
    assert.deepEqual([...first.docs.map(({ id }) => id), ...(await idsOf(read, first.docs.at(-1)))], ['a', 'b', 'c']);
  });

  it('catches up on jobs that ended and were not acknowledged, in the order of their ends', async () => {
    const job = (finishedMs: number | null, change: object = {}) => ({
      uid: 'ann',
      acknowledgedAt: null,
      finishedAt: finishedMs === null ? null : Timestamp.fromMillis(MONDAY + finishedMs),
      ...change,
    });
    await write('offline_sync_jobs/second', job(2));
    await write('offline_sync_jobs/first', job(1));
    await write('offline_sync_jobs/under-way', job(null));
    await write('offline_sync_jobs/known', job(0, { acknowledgedAt: Timestamp.fromMillis(MONDAY) }));
    await write('offline_sync_jobs/of-bob', job(0, { uid: 'bob' }));
    assert.deepEqual(await idsOf(reading.unacknowledgedJobs('ann')), ['first', 'second']);
  });

  it('reads nothing of another user', async () => {
    const at = Timestamp.fromMillis(MONDAY);
    for (const read of [
      reading.unacknowledgedJobs('bob'),
      reading.newestConversations('bob'),
      reading.conversationsOfDay('bob', new Date(0), new Date(1)),
      reading.transcriptOf('bob', { deviceId: 'omi', startedAt: at, finishedAt: at }),
      reading.conversationChanges('bob', null),
    ]) {
      await assertFails(getDocs(toQuery(ann, read)));
    }
  });
});
