import assert from 'node:assert/strict';
import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import type { RulesTestEnvironment } from '@firebase/rules-unit-testing';
import {
  collection,
  collectionGroup,
  deleteDoc,
  deleteField,
  doc,
  getDoc,
  getDocs,
  limit,
  orderBy,
  query,
  serverTimestamp,
  setDoc,
  Timestamp,
  runTransaction,
  updateDoc,
  where,
  writeBatch,
} from 'firebase/firestore';
import type { Firestore } from 'firebase/firestore';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { untested } from './coverage.ts';
import { projectOf, rulesEnvironment } from './environment.ts';

const JOB = 'offline_sync_jobs/job-of-ann';

/** What the server has written before each test. */
const WRITTEN: Record<string, object> = {
  [JOB]: { uid: 'ann', status: 'completed', createdAt: Timestamp.fromMillis(1) },
  'offline_sync_jobs/job-of-bob': { uid: 'bob', status: 'completed', createdAt: Timestamp.fromMillis(2) },
  [`${JOB}/chunks/chunk`]: { uid: 'ann', words: [] },
  [`${JOB}/job_files/0`]: { uid: 'ann', jobId: 'job-of-ann', files: [] },
  'offline_sync_jobs/job-of-bob/job_files/0': { uid: 'bob', jobId: 'job-of-bob', files: [] },
  'users/ann': { fairUse: { stage: 'restricted', until: Timestamp.fromMillis(1) }, preferences: { language: 'en' } },
  'users/ann/conversations/one': { deviceId: 'omi', state: 'live' },
  'users/ann/segments/one': { deviceId: 'omi', text: 'hello' },
  'users/ann/edits/one': { kind: 'star', deviceId: 'omi' },
  'users/ann/audio/one': { path: 'audio/ann/one' },
  'users/ann/usage/2026-01-01': { requests: 1 },
  'users/ann/recordings/one': { jobId: 'job-of-ann' },
  'users/ann/coverage/omi-1': { deviceId: 'omi', stretches: [] },
  'users/ann/devices/phone': { fcmToken: 'token', platform: 'ios', updatedAt: Timestamp.fromMillis(1) },
  'shared_conversations/of-ann': { uid: 'ann' },
  'user_deletions/ann': { dueAt: Timestamp.fromMillis(1) },
  'offline_sync_state/sweeper': { jobs: {} },
  'somewhere/else': { public: true },
};

describe('Firestore rules', () => {
  let environment: RulesTestEnvironment;
  let ann: Firestore;
  let bob: Firestore;
  let nobody: Firestore;

  const closing = closeAfterAll();
  before(async () => {
    environment = closing(await rulesEnvironment('firestore'), (it) => it.cleanup());
    ann = environment.authenticatedContext('ann').firestore() as unknown as Firestore;
    bob = environment.authenticatedContext('bob').firestore() as unknown as Firestore;
    nobody = environment.unauthenticatedContext().firestore() as unknown as Firestore;
  });

  beforeEach(async () => {
    await environment.clearFirestore();
    await environment.withSecurityRulesDisabled(async (context) => {
      const server = context.firestore();
      await Promise.all(Object.entries(WRITTEN).map(([path, data]) => server.doc(path).set(data)));
    });
  });

  const others = () => ({ 'another user': bob, 'somebody who is not signed in': nobody });

  describe('let a user read their own', () => {
    for (const path of [
      JOB,
      `${JOB}/job_files/0`,
      'users/ann',
      'users/ann/conversations/one',
      'users/ann/segments/one',
      'users/ann/edits/one',
      'users/ann/audio/one',
      'users/ann/usage/2026-01-01',
      'shared_conversations/of-ann',
    ]) {
      it(`${path}, and nobody else`, async () => {
        await assertSucceeds(getDoc(doc(ann, path)));
        for (const other of Object.values(others())) await assertFails(getDoc(doc(other, path)));
      });
    }

    for (const name of ['conversations', 'segments', 'edits', 'audio', 'usage']) {
      const path = `users/ann/${name}`;
      it(`list of ${path}, and nobody else`, async () => {
        await assertSucceeds(getDocs(collection(ann, path)));
        for (const other of Object.values(others())) await assertFails(getDocs(collection(other, path)));
      });
    }

    it('jobs, as a query for their own uid', async () => {
      const jobs = collection(ann, 'offline_sync_jobs');
      const own = where('uid', '==', 'ann');
      await assertSucceeds(getDocs(query(jobs, own, orderBy('createdAt', 'desc'), limit(20))));
      await assertSucceeds(getDocs(query(jobs, own, where('status', '==', 'completed'), orderBy('createdAt', 'desc'))));
    });
  });

  it('let a user read the recordings of all their jobs, and of no other user’s', async () => {
    const files = collectionGroup(ann, 'job_files');
    await assertSucceeds(getDocs(query(files, where('uid', '==', 'ann'))));
    const some = where('jobId', 'in', ['job-of-ann', 'job-of-bob']);
    const { docs } = await assertSucceeds(getDocs(query(files, where('uid', '==', 'ann'), some)));
    assert.deepEqual(
      docs.map((page) => page.get('jobId') as unknown),
      ['job-of-ann'],
    );
    await assertFails(getDocs(query(files, some)));
    await assertFails(getDocs(query(files, where('uid', '==', 'bob'))));
    await assertFails(getDocs(files));
  });

  describe('deny', () => {
    it('queries for jobs that could find those of others', async () => {
      await assertFails(getDocs(collection(ann, 'offline_sync_jobs')));
      await assertFails(getDocs(query(collection(ann, 'offline_sync_jobs'), where('status', '==', 'completed'))));
      await assertFails(getDocs(query(collection(ann, 'offline_sync_jobs'), where('uid', '==', 'bob'))));
      await assertFails(getDocs(query(collection(ann, 'offline_sync_jobs'), where('uid', 'in', ['ann', 'bob']))));
    });

    it('a job that does not exist, so that ids cannot be tried out', async () => {
      await assertFails(getDoc(doc(ann, 'offline_sync_jobs/unknown')));
    });

    for (const path of [
      `${JOB}/chunks/chunk`,
      'users/ann/recordings/one',
      'users/ann/coverage/omi-1',
      'users/ann/devices/phone',
      'users/ann/something/new',
      'user_deletions/ann',
      'offline_sync_state/sweeper',
      'somewhere/else',
    ]) {
      it(`reading ${path}, to its own user too`, async () => {
        await assertFails(getDoc(doc(ann, path)));
        const parent = path.slice(0, path.lastIndexOf('/'));
        await assertFails(getDocs(collection(ann, parent)));
      });
    }

    it('queries for shares that could find those of others', async () => {
      const shares = collection(ann, 'shared_conversations');
      await assertSucceeds(getDocs(query(shares, where('uid', '==', 'ann'))));
      await assertFails(getDocs(query(shares, where('uid', '==', 'bob'))));
      await assertFails(getDocs(shares));
    });

    for (const group of ['conversations', 'segments', 'edits', 'audio', 'usage', 'devices', 'chunks', 'recordings']) {
      it(`the collection group ${group}`, async () => {
        await assertFails(getDocs(collectionGroup(ann, group)));
      });
    }

    it('listing users', async () => {
      await assertFails(getDocs(collection(ann, 'users')));
    });

    for (const path of Object.keys(WRITTEN).filter((path) => !path.includes('/devices/') && path !== 'users/ann')) {
      it(`any write to ${path}, to its own user too`, async () => {
        await assertFails(setDoc(doc(ann, path), { uid: 'ann' }));
        await assertFails(updateDoc(doc(ann, path), { note: 'mine' }));
        await assertFails(deleteDoc(doc(ann, path)));
        await assertFails(setDoc(doc(ann, `${path}-new`), { uid: 'ann' }));
      });
    }
  });

  describe('for devices', () => {
    const device = () => ({ fcmToken: 'token-1', platform: 'android', updatedAt: serverTimestamp() });

    it('let a user register, refresh and remove their own', async () => {
      const path = doc(ann, 'users/ann/devices/tablet');
      await assertSucceeds(setDoc(path, device()));
      await assertSucceeds(setDoc(path, { ...device(), fcmToken: 'token-2' }));
      await assertSucceeds(updateDoc(path, { fcmToken: 'token-3', updatedAt: serverTimestamp() }));
      await assertSucceeds(deleteDoc(path));
    });

    it('accept every platform and a token of any length up to 4,096', async () => {
      for (const platform of ['ios', 'android', 'web']) {
        await assertSucceeds(
          setDoc(doc(ann, 'users/ann/devices/tablet'), { ...device(), platform, fcmToken: 'x'.repeat(4096) }),
        );
      }
    });

    it('deny a partial update or a merge whose result is not allowed', async () => {
      const phone = doc(ann, 'users/ann/devices/phone');
      const now = { updatedAt: serverTimestamp() };
      await assertSucceeds(setDoc(phone, { ...now, fcmToken: 'token-4' }, { merge: true }));
      for (const change of [
        { uid: 'bob' },
        { admin: true },
        { platform: 'toaster' },
        { platform: deleteField() },
        { fcmToken: deleteField() },
        { fcmToken: { token: 'x' } },
        { 'fcmToken.token': 'x' },
      ]) {
        await assertFails(updateDoc(phone, { ...now, ...change }));
      }
      await assertFails(setDoc(phone, { ...now, admin: true }, { merge: true }));
      await assertFails(setDoc(doc(ann, 'users/ann/devices/new'), { ...now, platform: 'ios' }, { merge: true }));
      await assertFails(setDoc(doc(ann, 'users/ann/devices/phone/fairUse/one'), device()));
    });

    it('deny those of others', async () => {
      for (const other of Object.values(others())) {
        await assertFails(setDoc(doc(other, 'users/ann/devices/tablet'), device()));
        await assertFails(setDoc(doc(other, 'users/ann/devices/phone'), device()));
        await assertFails(deleteDoc(doc(other, 'users/ann/devices/phone')));
      }
    });

    const malformed: Record<string, object> = {
      'a token that is not a string': { ...device(), fcmToken: 7 },
      'an empty token': { ...device(), fcmToken: '' },
      'a token that is too long': { ...device(), fcmToken: 'x'.repeat(4097) },
      'an unknown platform': { ...device(), platform: 'toaster' },
      'a time of the client’s own': { ...device(), updatedAt: Timestamp.fromMillis(1) },
      'another field': { ...device(), admin: true },
      'no token': { platform: 'ios', updatedAt: serverTimestamp() },
      'no platform': { fcmToken: 'token', updatedAt: serverTimestamp() },
      'no time': { fcmToken: 'token', platform: 'ios' },
    };
    for (const [name, data] of Object.entries(malformed)) {
      it(`deny ${name}, in a new document or a change`, async () => {
        await assertFails(setDoc(doc(ann, 'users/ann/devices/tablet'), data));
        await assertFails(setDoc(doc(ann, 'users/ann/devices/phone'), data));
      });
    }

    it('deny a change that does not update the time, and an id of unlimited length', async () => {
      await assertFails(updateDoc(doc(ann, 'users/ann/devices/phone'), { fcmToken: 'token-2' }));
      await assertFails(setDoc(doc(ann, `users/ann/devices/${'x'.repeat(129)}`), device()));
    });
  });

  describe('for preferences', () => {
    const all = { language: 'pt-BR', singleLanguage: true, vocabulary: ['Omi', 'customer service'] };

    it('let a user set them, whether or not the server has written about the user', async () => {
      await assertSucceeds(updateDoc(doc(ann, 'users/ann'), { preferences: all }));
      await assertSucceeds(setDoc(doc(ann, 'users/ann'), { preferences: { language: 'multi' } }, { merge: true }));
      await assertSucceeds(setDoc(doc(bob, 'users/bob'), { preferences: all }));
      await assertSucceeds(setDoc(doc(bob, 'users/bob'), { preferences: {} }));
    });

    it('never let a user change fairUse or anything else', async () => {
      await assertFails(updateDoc(doc(ann, 'users/ann'), { fairUse: { stage: 'unlimited' } }));
      await assertFails(updateDoc(doc(ann, 'users/ann'), { preferences: all, fairUse: deleteField() }));
      await assertFails(setDoc(doc(ann, 'users/ann'), { preferences: all })); // would remove fairUse
      await assertFails(updateDoc(doc(ann, 'users/ann'), { preferences: all, note: 'mine' }));
      await assertFails(setDoc(doc(bob, 'users/bob'), { preferences: all, fairUse: { stage: 'none' } }));
      await assertFails(setDoc(doc(bob, 'users/bob'), { fairUse: { stage: 'none' } }));
      await assertFails(deleteDoc(doc(ann, 'users/ann')));
    });

    it('never let a user change fairUse by a part of it, by a merge, or beside an allowed change', async () => {
      const me = doc(ann, 'users/ann');
      await assertSucceeds(updateDoc(me, { 'preferences.language': 'pt-BR' }));
      await assertSucceeds(updateDoc(me, { 'preferences.language': deleteField() }));
      await assertFails(updateDoc(me, { 'fairUse.stage': 'none' }));
      await assertFails(updateDoc(me, { 'fairUse.until': deleteField() }));
      await assertFails(updateDoc(me, { 'preferences.language': 'de', 'fairUse.stage': 'none' }));
      await assertFails(updateDoc(me, { 'preferences.fairUse': { stage: 'none' } }));
      await assertFails(setDoc(me, { fairUse: { stage: 'none' } }, { merge: true }));
      await assertFails(setDoc(me, { preferences: all, fairUse: { stage: 'none' } }, { merge: true }));
      await assertFails(setDoc(me, { preferences: all, fairUse: deleteField() }, { merge: true }));
      await assertFails(setDoc(me, { fairUse: { stage: 'none' } }, { mergeFields: ['fairUse'] }));
      await assertSucceeds(setDoc(me, { preferences: all, fairUse: 'left out' }, { mergeFields: ['preferences'] }));
      await assertFails(
        writeBatch(ann).set(me, { preferences: all }, { merge: true }).update(me, { 'fairUse.stage': 'none' }).commit(),
      );
      await assertFails(
        runTransaction(ann, async (tx) => {
          await tx.get(me);
          tx.update(me, { fairUse: { stage: 'none' } });
        }),
      );
    });

    it('deny those of others', async () => {
      for (const other of Object.values(others())) {
        await assertFails(updateDoc(doc(other, 'users/ann'), { preferences: all }));
        await assertFails(setDoc(doc(other, 'users/new'), { preferences: all }));
      }
    });

    const malformed: Record<string, unknown> = {
      'something that is not a map': 'en',
      'an unknown one': { language: 'en', volume: 11 },
      'a language that is not a tag': { language: 'English, please' },
      'a language that is not a string': { language: 7 },
      'a singleLanguage that is not a boolean': { singleLanguage: 'yes' },
      'a vocabulary that is not a list': { vocabulary: 'Omi' },
      'too many terms': { vocabulary: Array.from({ length: 101 }, (_, index) => `term${index}`) },
      'terms that are too long together': { vocabulary: ['x'.repeat(4001)] },
    };
    for (const [name, preferences] of Object.entries(malformed)) {
      it(`deny ${name}`, async () => {
        await assertFails(updateDoc(doc(ann, 'users/ann'), { preferences }));
        await assertFails(setDoc(doc(bob, 'users/bob'), { preferences }));
      });
    }
  });

  // The last test, because it checks what all others have evaluated.
  describe('are tested completely:', () => {
    it('every condition was true at least once, and false at least once', async () => {
      assert.deepEqual(await untested(projectOf('firestore')), []);
    });
  });
});
