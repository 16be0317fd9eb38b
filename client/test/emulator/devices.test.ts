import assert from 'node:assert/strict';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { registerDevice, unregisterDevice } from '../../src/firebase.ts';
import { db } from '../../../functions/test/support/suite.ts';
import { createAccount, signIn } from '../support/suite.ts';
import type { SignedIn } from '../support/suite.ts';

describe('A device, under the security rules,', () => {
  let user: SignedIn;
  const closing = closeAfterAll();
  before(async () => {
    user = closing(await signIn(await createAccount()));
  });

  const stored = async (deviceId: string) => (await db.doc(`users/${user.uid}/devices/${deviceId}`).get()).data();

  it('is registered, updated with a new token, and removed', async () => {
    const phone = { uid: user.uid, deviceId: 'phone', platform: 'android' } as const;
    await registerDevice(user.firestore, { ...phone, token: 'first' });
    const first = await stored('phone');
    await registerDevice(user.firestore, { ...phone, token: 'second' });
    const second = await stored('phone');
    assert.equal(first?.['fcmToken'], 'first');
    assert.equal(second?.['fcmToken'], 'second');
    assert.equal(second['platform'], 'android');
    await unregisterDevice(user.firestore, phone);
    assert.equal(await stored('phone'), undefined);
  });

  it('cannot be registered for another user', async () => {
    const device = { uid: 'somebody', deviceId: 'phone', platform: 'ios', token: 'mine' } as const;
    await assert.rejects(registerDevice(user.firestore, device), { code: 'permission-denied' });
  });
});
