import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getAppCheck } from 'firebase-admin/app-check';
import { getAuth } from 'firebase-admin/auth';
import type { Auth, DecodedIdToken } from 'firebase-admin/auth';
import { SIGN_UP_POLICIES } from '../../../src/http/signUpPolicy.ts';
import type { SignUpPolicy } from '../../../src/http/signUpPolicy.ts';
import { createAuthenticator, verifyBearer } from '../../../src/http/auth.ts';
import type { AuthenticatorDeps } from '../../../src/http/auth.ts';
import { codeOf } from '../../support/errors.ts';

type Verifier = Pick<Auth, 'verifyIdToken'>;

const knows = (uid: string): Verifier => ({ verifyIdToken: () => Promise.resolve({ uid } as DecodedIdToken) });
const refuses = (error: unknown): Verifier => ({
  verifyIdToken: () => Promise.reject(error instanceof Error ? error : new Error(String(error))),
});
const failure = (code: string, message = code): Error => Object.assign(new Error(message), { code });

const CLAIMS = { aud: 'p', iss: 'https://securetoken.google.com/p', sub: 'alice' };

/** A well-formed token of this project, without a valid signature. */
function forgedToken(header: object = { alg: 'RS256', kid: 'k' }, claims: unknown = CLAIMS): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.c2ln`;
}

describe('verifyBearer', () => {
  it('returns the uid of the token', async () => {
    assert.deepEqual(await verifyBearer(knows('alice'), 'Bearer a.b.c'), { uid: 'alice' });
    assert.deepEqual(await verifyBearer(knows('alice'), 'bearer  a.b.c '), { uid: 'alice' });
  });

  for (const header of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic a.b.c',
    'a.b.c',
    'Bearer a b',
    'Bearer a.b.c, Bearer d',
    'XBearer a',
  ]) {
    it(`refuses the header ${JSON.stringify(header)} without calling the verifier`, async () => {
      assert.equal(await codeOf(verifyBearer(refuses('asked'), header)), 'unauthenticated');
    });
  }

  for (const code of ['id-token-expired', 'id-token-revoked', 'invalid-id-token', 'user-disabled', 'user-not-found']) {
    it(`refuses a token for auth/${code}`, async () => {
      assert.equal(await codeOf(verifyBearer(refuses(failure(`auth/${code}`)), 'Bearer a.b.c')), 'unauthenticated');
    });
  }

  for (const code of ['auth/internal-error', 'auth/insufficient-permission', 'app/network-error']) {
    it(`does not say that the token is invalid because of ${code}`, async () => {
      assert.equal(await codeOf(verifyBearer(refuses(failure(code)), 'Bearer a.b.c')), 'unavailable');
    });
  }

  it('refuses user ids that would break out of a path', async () => {
    for (const uid of ['a/b', '/', '.', '..', '__x__', 'a\nb', 'x'.repeat(129)]) {
      assert.equal(await codeOf(verifyBearer(knows(uid), 'Bearer a.b.c')), 'permission_denied');
    }
    assert.deepEqual(await verifyBearer(knows('auth0|1.2'), 'Bearer a.b.c'), { uid: 'auth0|1.2' });
  });

  it('checks for revocation if told to', async () => {
    const asked: unknown[] = [];
    const auth: Verifier = {
      verifyIdToken: (token, checkRevoked) => {
        asked.push([token, checkRevoked]);
        return Promise.resolve({ uid: 'alice' } as DecodedIdToken);
      },
    };
    await verifyBearer(auth, 'Bearer a.b.c');
    await verifyBearer(auth, 'Bearer a.b.c', { checkRevoked: true });
    assert.deepEqual(asked, [
      ['a.b.c', false],
      ['a.b.c', true],
    ]);
  });

  describe('with the verifier of firebase-admin, while Google cannot be reached', () => {
    const unreachable = new Agent({
      lookup: (_host, _options, callback) => {
        callback(failure('ENOTFOUND'), '', 4);
      },
    });
    const app = initializeApp({ projectId: 'p', httpAgent: unreachable }, 'auth-unit-test');
    after(() => deleteApp(app));

    it('refuses what is no token of this project', async () => {
      const tokens = [
        'nonsense',
        'a.b.c',
        forgedToken(null as never),
        forgedToken({ alg: 'none' }),
        forgedToken({ alg: 'HS256', kid: 'k' }),
        forgedToken(undefined, { aud: 'other', iss: 'https://securetoken.google.com/other', sub: 'alice' }),
        forgedToken(undefined, null),
        forgedToken(undefined, 'text'),
      ];
      for (const token of tokens) {
        assert.equal(await codeOf(verifyBearer(getAuth(app), `Bearer ${token}`)), 'unauthenticated', token);
      }
    });

    it('does not say that a token is invalid whose signature it cannot check', async () => {
      assert.equal(await codeOf(verifyBearer(getAuth(app), `Bearer ${forgedToken()}`)), 'unavailable');
    });

    it('refuses a broken App Check token', async () => {
      const authenticate = createAuthenticator({
        auth: knows('alice'),
        appCheck: () => getAppCheck(app),
        enforceAppCheck: () => true,
        checkRevoked: false,
        signUp: () => ({ policy: 'open', domains: [] }),
      });
      const headers: Record<string, string> = { Authorization: 'Bearer a.b.c', 'X-Firebase-AppCheck': forgedToken() };
      assert.equal(await codeOf(authenticate({ get: (name: string) => headers[name] })), 'app_check_failed');
    });
  });
});

describe('createAuthenticator', () => {
  function authenticate(headers: Readonly<Record<string, string>>, change: Partial<AuthenticatorDeps> = {}) {
    const appCheck = {
      verifyToken: (token: string) =>
        token === 'good'
          ? Promise.resolve({ appId: 'a', token: {} })
          : Promise.reject(failure('app-check/app-check-token-expired')),
    } as ReturnType<AuthenticatorDeps['appCheck']>;
    const deps = {
      auth: knows('alice'),
      appCheck: () => appCheck,
      enforceAppCheck: () => true,
      checkRevoked: false,
      signUp: () => ({ policy: 'open', domains: [] }) as const,
      ...change,
    };
    return createAuthenticator(deps)({ get: (name: string) => headers[name] });
  }

  it('refuses an account that SIGN_UP does not admit, and no other', async () => {
    const enforceAppCheck = () => false;
    const ask = (policy: SignUpPolicy) =>
      authenticate({ Authorization: 'Bearer a.b.c' }, { enforceAppCheck, signUp: () => ({ policy, domains: [] }) });
    assert.deepEqual(await ask('open'), { uid: 'alice' });
    for (const policy of SIGN_UP_POLICIES) {
      if (policy !== 'open') assert.equal(await codeOf(ask(policy)), 'sign_up_not_allowed', policy);
    }
  });

  it('requires an App Check token if that is enforced', async () => {
    const Authorization = 'Bearer a.b.c';
    assert.deepEqual(await authenticate({ Authorization, 'X-Firebase-AppCheck': 'good' }), { uid: 'alice' });
    assert.equal(await codeOf(authenticate({ Authorization })), 'app_check_failed');
    assert.equal(await codeOf(authenticate({ Authorization, 'X-Firebase-AppCheck': 'old' })), 'app_check_failed');
    assert.deepEqual(await authenticate({ Authorization }, { enforceAppCheck: () => false }), { uid: 'alice' });
  });

  it('never accepts an App Check token in place of a user’s token', async () => {
    assert.equal(await codeOf(authenticate({ 'X-Firebase-AppCheck': 'good' })), 'unauthenticated');
  });
});

/** Without the emulator of Firebase Auth, because with it the Admin SDK always checks for revocation. */
describe('Every endpoint that costs money or cannot be undone', () => {
  it('checks whether its user was disabled, deleted or signed out', async () => {
    const folder = new URL('../../../src/endpoints/', import.meta.url);
    const asking = (await readdir(folder)).filter((name) =>
      readFileSync(new URL(name, folder), 'utf8').includes('checkRevoked: true'),
    );
    assert.deepEqual(asking.map((name) => name.replace('.ts', '')).sort(), [
      ...['cancelSyncJob', 'createSyncJob', 'deleteConversation', 'deleteEverything', 'importConversations', 'omiApi'],
      ...['retrySyncJob', 'shareConversation', 'syncUpload'],
    ]);
  });
});
