import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { deleteApp, initializeApp } from 'firebase/app';
import type { FirebaseApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInAnonymously, signOut } from 'firebase/auth';
import type { Auth } from 'firebase/auth';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { firebaseBackend } from '../../src/firebase.ts';
import { startAuthServer } from '../support/authServer.ts';
import type { AuthServer } from '../support/authServer.ts';

describe('The backend of Firebase', () => {
  let server: AuthServer;
  let app: FirebaseApp;
  let auth: Auth;
  const closing = closeAfterEach();
  beforeEach(async () => {
    server = closing(await startAuthServer());
    app = closing(initializeApp({ projectId: 'demo', apiKey: 'any' }), deleteApp);
    auth = getAuth(app);
    connectAuthEmulator(auth, server.url, { disableWarnings: true });
    await signInAnonymously(auth);
  });

  it('reports that its user signed in again, and nothing else', async () => {
    const backend = firebaseBackend({ app, auth });
    let times = 0;
    const unsubscribe = backend.onSignIn?.(() => (times += 1));
    await turn();
    const before = times;
    const [first, second] = [await backend.idToken(false), await backend.idToken(true)];
    assert.notEqual(first, second);
    await turn();
    assert.equal(times, before, 'a new token is no news: a caller that was refused asks for one with each attempt');

    const signIn = async (uid: string): Promise<void> => {
      await signOut(auth);
      server.uid = uid;
      await signInAnonymously(auth);
      await turn();
    };
    await signIn('bob');
    assert.equal(times, before, 'somebody else');
    assert.equal(await backend.idToken(false), null);
    await signIn('ann');
    assert.equal(times, before + 1);
    unsubscribe?.();
  });

  for (const refusal of ['USER_NOT_FOUND', 'USER_DISABLED', 'TOKEN_EXPIRED']) {
    it(`reports a missing account: ${refusal}`, async () => {
      const backend = firebaseBackend({ app, auth });
      server.refusal = refusal;
      await assert.rejects(backend.idToken(true), { name: 'SyncError', code: 'account_gone' });
    });
  }

  it('does not report a missing account if only the request failed', async () => {
    const backend = firebaseBackend({ app, auth });
    server.refusal = 'INTERNAL_ERROR';
    await assert.rejects(backend.idToken(true), ({ name }: Error) => name !== 'SyncError');
  });
});
