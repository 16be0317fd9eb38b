import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App } from 'firebase-admin/app';
import { getFirestore, Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { DeviceStore } from '../../src/events/devices.ts';

describe('the device store', () => {
  let app: App;
  let db: Firestore;
  let devices: DeviceStore;
  let uid = '';

  const closing = closeAfterAll();
  before(() => {
    app = closing(initializeApp({ projectId: 'demo-devices' }, 'devices-test'), deleteApp);
    db = getFirestore(app);
    devices = new DeviceStore(db);
  });

  beforeEach(() => {
    uid = `user-${randomUUID()}`;
  });

  const write = (deviceId: string, fcmToken: string, updatedMs = 0) =>
    db
      .doc(`users/${uid}/devices/${deviceId}`)
      .set({ fcmToken, platform: 'ios', updatedAt: Timestamp.fromMillis(updatedMs) });

  it('has no tokens for a user without devices', async () => {
    assert.deepEqual(await devices.tokens(uid), []);
  });

  it('lists the tokens of one user, those refreshed last first', async () => {
    await write('phone', 'token-1', 1);
    await write('tablet', 'token-2', 2);
    await db.doc(`users/${uid}-other/devices/phone`).set({ fcmToken: 'foreign', updatedAt: Timestamp.now() });
    assert.deepEqual(await devices.tokens(uid), [
      { deviceId: 'tablet', token: 'token-2' },
      { deviceId: 'phone', token: 'token-1' },
    ]);
  });

  it('removes a device with the dead token', async () => {
    await write('phone', 'dead');
    await write('tablet', 'alive');
    assert.equal(await devices.remove(uid, { deviceId: 'phone', token: 'dead' }), true);
    assert.deepEqual(await devices.tokens(uid), [{ deviceId: 'tablet', token: 'alive' }]);
  });

  it('keeps a device that registered a new token meanwhile', async () => {
    await write('phone', 'new');
    assert.equal(await devices.remove(uid, { deviceId: 'phone', token: 'dead' }), false);
    assert.deepEqual(await devices.tokens(uid), [{ deviceId: 'phone', token: 'new' }]);
  });

  it('removes nothing if there is no such device', async () => {
    assert.equal(await devices.remove(uid, { deviceId: 'phone', token: 'dead' }), false);
  });
});
