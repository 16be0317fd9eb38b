import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { ProblemBody } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import type { CallAnswer } from '../support/client.ts';
import { startEntryPoints } from '../support/entryPoints.ts';
import type { EntryPoints } from '../support/entryPoints.ts';
import { auth, functionUrl, HOSTING_ORIGIN, signUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';

/** Every address that anyone may call. The test surface.test.ts has a table of everything that is deployed. */
const HTTPS: Readonly<Record<string, 'GET' | 'POST'>> = {
  syncUpload: 'POST',
  syncStatus: 'GET',
  syncJobs: 'GET',
  omiApi: 'POST',
};
/** The paths below the address of a function that serves several. */
const PATHS: Readonly<Record<string, string>> = { omiApi: '/v2/sync-local-files' };
/** Functions that need the token of a link, and no account. */
const OPEN = ['sharedConversation', 'sharedAudio'];
const CALLABLES = [
  'createSyncJob',
  'retrySyncJob',
  'cancelSyncJob',
  'deleteConversation',
  'editConversation',
  'undoEdit',
  'shareConversation',
  'withdrawShare',
  'importConversations',
  'deleteEverything',
  'redateRecordings',
  'acknowledgeSyncJobs',
] as const;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** An App Check token, as Firebase makes it for an app that it has attested. */
function appCheckToken({ expiresInSeconds = 3600, project = process.env['GCLOUD_PROJECT'] } = {}): string {
  const seconds = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${part({
    iss: 'https://firebaseappcheck.googleapis.com/1',
    aud: ['projects/1', `projects/${project ?? ''}`],
    sub: '1:1:web:1',
    iat: seconds - 60,
    exp: seconds + expiresInSeconds,
  })}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** The error code of the answer; null if it is no error. */
async function codeOf(response: Response): Promise<string | null> {
  const body = (await response.json()) as Partial<ProblemBody> & CallAnswer<unknown>;
  const { error } = body;
  return error === undefined
    ? null
    : ((error as { details?: { code?: string } }).details?.code ?? (error as { code: string }).code);
}

describe('every entry point', () => {
  let user: TestUser;
  before(async () => {
    user = await signUp();
  });

  const call = (url: string, name: string, headers: Record<string, string>) => {
    const method = HTTPS[name];
    if (method !== undefined) return fetch(url, { method, headers });
    const body = JSON.stringify({ data: {} });
    return fetch(url, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body });
  };

  describe('with ENFORCE_APP_CHECK', () => {
    let entries: EntryPoints;
    const closing = closeAfterAll();
    before(async () => {
      const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
      entries = closing(await startEntryPoints({ ENFORCE_APP_CHECK: 'true', OMI_API: 'true' }, { keys: [key] }), (it) =>
        it.stop(),
      );
    });

    it('is in the list of this test', () => {
      assert.deepEqual(Object.keys(entries.urls).sort(), [...Object.keys(HTTPS), ...CALLABLES, ...OPEN].sort());
    });

    for (const name of [...Object.keys(HTTPS), ...CALLABLES]) {
      it(`requires an attested app and a user: ${name}`, async () => {
        const url = `${entries.urls[name] ?? ''}${PATHS[name] ?? ''}`;
        const Authorization = `Bearer ${user.idToken}`;
        const ask = async (headers: Record<string, string>) => {
          const response = await call(url, name, headers);
          return [response.status, await codeOf(response)];
        };
        const refused = [401, 'app_check_failed'];
        assert.deepEqual(await ask({ Authorization }), refused);
        for (const token of [
          appCheckToken({ expiresInSeconds: -1 }),
          appCheckToken({ project: 'another' }),
          `${appCheckToken().slice(0, -8)}AAAAAAAA`,
          'forged',
        ]) {
          assert.deepEqual(await ask({ Authorization, 'X-Firebase-AppCheck': token }), refused, token);
        }
        const attested = { 'X-Firebase-AppCheck': appCheckToken() };
        assert.deepEqual(await ask(attested), [401, 'unauthenticated']);
        const [, code] = await ask({ Authorization, ...attested });
        assert.ok(code !== 'app_check_failed' && code !== 'unauthenticated', String(code));
      });
    }
  });

  it('refuses every user if SIGN_UP is closed', async () => {
    const entries = await startEntryPoints({ SIGN_UP: 'closed', OMI_API: 'true' }, { keys: [] });
    try {
      for (const name of [...Object.keys(HTTPS), ...CALLABLES]) {
        const url = `${entries.urls[name] ?? ''}${PATHS[name] ?? ''}`;
        const answer = await call(url, name, { Authorization: `Bearer ${user.idToken}` });
        assert.deepEqual([answer.status, await codeOf(answer)], [403, 'sign_up_not_allowed'], name);
      }
    } finally {
      await entries.stop();
    }
  });

  it('that stores, shares or deletes refuses a user who was disabled after the token was issued', async () => {
    const disabled = await signUp();
    await auth.updateUser(disabled.uid, { disabled: true });
    const costly = ['syncUpload', 'omiApi', 'createSyncJob', 'retrySyncJob', 'importConversations'] as const;
    const final = ['shareConversation', 'deleteEverything', 'deleteConversation', 'cancelSyncJob'] as const;
    for (const name of [...costly, ...final]) {
      const answer = await call(`${functionUrl(name)}${PATHS[name] ?? ''}`, name, {
        Authorization: `Bearer ${disabled.idToken}`,
      });
      assert.deepEqual([answer.status, await codeOf(answer)], [401, 'unauthenticated'], name);
    }
  });

  describe('can be called from a page of any origin:', () => {
    const ORIGIN = 'https://app.example.com';
    const asked = ['authorization', 'content-type', 'idempotency-key', 'x-firebase-appcheck'];
    const addresses: Record<string, [url: string, method: string, isHttps: boolean]> = {
      'the upload, through Hosting': [`${HOSTING_ORIGIN}/v2/sync/upload`, 'POST', true],
      'the status, through Hosting': [`${HOSTING_ORIGIN}/v2/sync/status`, 'GET', true],
      'the jobs, through Hosting': [`${HOSTING_ORIGIN}/v2/sync/jobs`, 'GET', true],
      'Omi’s upload, through Hosting': [`${HOSTING_ORIGIN}/v2/sync-local-files`, 'POST', true],
      ...Object.fromEntries(
        Object.entries(HTTPS).map(([name, method]) => [
          name,
          [`${functionUrl(name)}${PATHS[name] ?? ''}`, method, true],
        ]),
      ),
      ...Object.fromEntries(CALLABLES.map((name) => [name, [functionUrl(name), 'POST', false]])),
    };
    const allows = (response: Response) =>
      [ORIGIN, '*'].includes(response.headers.get('access-control-allow-origin') ?? '');
    const list = (response: Response, header: string) =>
      (response.headers.get(header) ?? '').split(',').map((each) => each.trim().toLowerCase());

    for (const [name, [url, method, isHttps]] of Object.entries(addresses)) {
      it(name, async () => {
        const preflight = await fetch(url, {
          method: 'OPTIONS',
          headers: {
            Origin: ORIGIN,
            'Access-Control-Request-Method': method,
            'Access-Control-Request-Headers': asked.join(','),
          },
        });
        assert.equal(preflight.status, 204);
        assert.ok(allows(preflight));
        // firebase-functions does not name the method, because browsers always allow POST.
        assert.ok(list(preflight, 'access-control-allow-methods').includes(method.toLowerCase()));
        const allowed = list(preflight, 'access-control-allow-headers');
        assert.deepEqual(
          asked.filter((header) => !allowed.includes(header)),
          [],
        );

        // Errors can be read there, too.
        const refused = await fetch(url, {
          method,
          headers: { Origin: ORIGIN, 'Content-Type': 'application/json' },
          ...(method === 'POST' ? { body: '{"data":{}}' } : {}),
        });
        assert.equal(refused.status, 401);
        assert.ok(allows(refused));
        if (isHttps) {
          const exposed = list(refused, 'access-control-expose-headers');
          assert.deepEqual(
            ['location', 'retry-after'].filter((header) => !exposed.includes(header)),
            [],
          );
        }
        assert.equal(refused.headers.get('access-control-allow-credentials'), null);
      });
    }
  });
});
