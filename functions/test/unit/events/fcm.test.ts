import assert from 'node:assert/strict';
import http2 from 'node:http2';
import type { Http2Server, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { createFcmNotifier, createLogNotifier } from '../../../src/events/fcm.ts';
import type { FcmOptions } from '../../../src/events/fcm.ts';
import type { DeviceToken } from '../../../src/events/devices.ts';
import type { JobFinished } from '../../../src/events/notifier.ts';
import { sendRequest } from '../../support/fcmSchema.ts';
import { recordingLogger } from '../../support/logger.ts';
import type { LogEntry, RecordingLogger } from '../../support/logger.ts';

const FINISHED: JobFinished = {
  uid: 'ann',
  jobId: 'job-1',
  status: 'completed',
  newConversationIds: ['c-1', 'c-2'],
  updatedConversationIds: [],
};

interface Sent {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly message: Record<string, unknown> };
}

/**
 * The real Firebase Admin SDK with HTTP/2, and a server of this test: only the address of the connection is changed.
 */
describe('the FCM notifier', () => {
  const connect = http2.connect;
  let server: Http2Server;
  let app: App;
  let logger: RecordingLogger;
  let sent: Sent[];
  /** The faults of requests by FCM’s own schema. */
  let malformed: string[];
  let addresses: string[];
  /** The answer of FCM for a token; null drops the connection. */
  let answer: (token: unknown) => { status: number; body: unknown; headers?: OutgoingHttpHeaders } | null;
  let devices: DeviceToken[];
  let removed: DeviceToken[];

  const closing = closeAfterAll();
  before(async () => {
    server = closing(
      http2.createServer((request, response) => {
        void text(request).then((body) => {
          const received = { path: request.url, headers: request.headers, body: JSON.parse(body) as Sent['body'] };
          sent.push(received);
          // As in FCM, a request that does not match the schema is refused, whatever answer the test has prepared.
          const { error } = sendRequest.safeParse(received.body);
          if (error !== undefined) malformed.push(error.message);
          const reply = answer(received.body.message['token']);
          if (reply === null) request.stream.session?.destroy();
          else
            response
              .writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
              .end(JSON.stringify(reply.body));
        });
      }),
      (it) => new Promise((resolve) => it.close(resolve)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    http2.connect = ((authority: string) => {
      addresses.push(authority);
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const request = session.request.bind(session);
      // The SDK sends `:scheme: https:`, with a colon. Google accepts that, but Node's server does not.
      session.request = (headers, options) =>
        request({ ...(headers as OutgoingHttpHeaders), ':scheme': 'http' }, options);
      return session;
    }) as typeof connect;
    const credential = { getAccessToken: () => Promise.resolve({ access_token: 'access', expires_in: 3600 }) };
    app = closing(initializeApp({ projectId: 'demo-fcm', credential }, 'fcm-test'), deleteApp);
  });

  after(() => {
    http2.connect = connect;
  });

  beforeEach(() => {
    logger = recordingLogger();
    sent = [];
    malformed = [];
    addresses = [];
    removed = [];
    devices = [device('phone'), device('tablet')];
    answer = () => ({ status: 200, body: { name: 'projects/demo-fcm/messages/1' } });
  });

  afterEach(() => {
    assert.deepEqual(malformed, []);
  });

  function notifier(options: Partial<FcmOptions> = {}) {
    const store = {
      tokens: () => Promise.resolve(devices),
      remove: (_uid: string, dead: DeviceToken) => Promise.resolve(removed.push(dead) > 0),
    };
    return createFcmNotifier({ messaging: getMessaging(app), devices: store, logger, ...options });
  }

  it('sends one silent message to each of the user’s devices', async () => {
    assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 2, removed: 0 });
    assert.deepEqual(addresses, ['https://fcm.googleapis.com']);
    assert.deepEqual(
      sent.map(({ path }) => path),
      Array(2).fill('/v1/projects/demo-fcm/messages:send'),
    );
    assert.equal(sent[0]!.headers.authorization, 'Bearer access');
    assert.deepEqual(
      sent.map(({ body }) => body),
      ['token-of-phone', 'token-of-tablet'].map((token) => ({
        message: {
          token,
          data: {
            type: 'offline_sync_completed',
            job_id: 'job-1',
            status: 'completed',
            new_conversation_ids: '["c-1","c-2"]',
            updated_conversation_ids: '[]',
          },
          android: { priority: 'high' },
          apns: {
            headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
            payload: { aps: { 'content-available': 1 } },
          },
        },
      })),
    );
  });

  it('sends one message where two devices hold one token', async () => {
    devices = [device('phone', 'same'), device('old-phone', 'same')];
    assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 1, removed: 0 });
  });

  it('sends no request to FCM for a user without devices', async () => {
    devices = [];
    assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 0, removed: 0 });
    assert.deepEqual(addresses, []);
  });

  it('removes every device whose token is no longer registered, and no other', async () => {
    devices = [device('phone'), device('gone', 'dead'), device('gone-too', 'dead')];
    answer = (token) => (token === 'dead' ? fcmError(404, 'UNREGISTERED') : { status: 200, body: { name: 'n' } });
    assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 1, removed: 2 });
    assert.deepEqual(removed, [device('gone', 'dead'), device('gone-too', 'dead')]);
  });

  it('counts only the devices that it has removed itself', async () => {
    answer = () => fcmError(404, 'UNREGISTERED');
    const store = { tokens: () => Promise.resolve(devices), remove: () => Promise.resolve(false) };
    assert.deepEqual(await notifier({ devices: store }).jobFinished(FINISHED), { sent: 0, removed: 0 });
  });

  for (const [status, code, expected] of [
    [400, 'INVALID_ARGUMENT', 'messaging/invalid-argument'],
    [401, 'THIRD_PARTY_AUTH_ERROR', 'messaging/third-party-auth-error'],
    [403, 'SENDER_ID_MISMATCH', 'messaging/mismatched-credential'],
    [429, 'QUOTA_EXCEEDED', 'messaging/message-rate-exceeded'],
    [500, 'INTERNAL', 'messaging/internal-error'],
  ] as const) {
    it(`keeps the tokens, and does not fail, on ${code}`, async () => {
      answer = () => fcmError(status, code);
      assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 0, removed: 0 });
      assert.deepEqual(removed, []);
      const [{ level, fields }] = logger.entries as [LogEntry];
      assert.equal(level, 'warn');
      assert.deepEqual(fields['failures'], { [expected]: 2 });
    });
  }

  it('neither waits nor tries again when FCM is over its quota, because a push is only a hint', async () => {
    answer = () => ({ ...fcmError(429, 'QUOTA_EXCEEDED'), headers: { 'retry-after': '60' } });
    const startedMs = performance.now();
    assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 0, removed: 0 });
    assert.ok(performance.now() - startedMs < 60_000, 'it does not wait as long as FCM says');
    assert.equal(sent.length, 2, 'one for each device, and none again');
    assert.deepEqual(removed, []);
  });

  it('sends messages that FCM accepts, however many conversations there are', async () => {
    for (const count of [0, 1, 50, 5000]) {
      const ids = Array.from({ length: count }, (_, i) => `conversation-${i}`);
      await notifier().jobFinished({ ...FINISHED, newConversationIds: ids, updatedConversationIds: ids });
    }
    assert.equal(sent.length, 8);
  });

  it('does not fail when the connection drops', async () => {
    answer = () => null;
    assert.deepEqual(await notifier().jobFinished(FINISHED), { sent: 0, removed: 0 });
    assert.deepEqual(
      logger.entries.map(({ level }) => level),
      ['warn'],
    );
  });

  it('waits no longer than its deadline if FCM does not answer, and does not fail', async () => {
    const messaging = { sendEachForMulticast: () => new Promise<never>(() => undefined) };
    assert.deepEqual(await notifier({ messaging, deadlineMs: 20 }).jobFinished(FINISHED), { sent: 0, removed: 0 });
    assert.deepEqual(
      logger.entries.map(({ level, fields }) => [level, fields['reason']]),
      [['warn', 'DeadlineExceeded']],
    );
  });

  it('does not fail when the devices cannot be read or removed', async () => {
    answer = () => fcmError(404, 'UNREGISTERED');
    const broken = () => Promise.reject(new Error('Firestore is away'));
    for (const store of [
      { tokens: broken, remove: broken },
      { tokens: () => Promise.resolve(devices), remove: broken },
    ]) {
      await assert.doesNotReject(notifier({ devices: store }).jobFinished(FINISHED));
    }
  });

  it('never logs a token', async () => {
    answer = () => fcmError(400, 'INVALID_ARGUMENT');
    await notifier().jobFinished(FINISHED);
    answer = () => null;
    await notifier().jobFinished(FINISHED);
    assert.ok(logger.entries.length > 0);
    assert.doesNotMatch(JSON.stringify(logger.entries), /token-of/);
  });
});

describe('the schema of FCM that these tests check requests with', () => {
  const silent = {
    headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
    payload: { aps: { 'content-available': 1 } },
  };
  const wrong: Record<string, object> = {
    'data that is not a string': { data: { job_id: 1 } },
    'a reserved key': { data: { from: 'us' } },
    'an unknown field': { priority: 'high' },
    'two addresses': { topic: 'all' },
    'more than 4,096 bytes': { data: { ids: 'x'.repeat(4096) } },
    'the Admin SDK’s own spelling': { apns: { ...silent, payload: { aps: { contentAvailable: true } } } },
    'a background push at once': { apns: { ...silent, headers: { ...silent.headers, 'apns-priority': '10' } } },
    'a background push that shows something': {
      apns: { ...silent, payload: { aps: { ...silent.payload.aps, alert: 'Hi' } } },
    },
    'an unknown priority': { android: { priority: 'highest' } },
  };
  for (const [name, change] of Object.entries(wrong)) {
    it(`refuses ${name}`, () => {
      const message = { token: 't', data: { type: 'x' }, android: { priority: 'high' }, apns: silent };
      assert.ok(sendRequest.safeParse({ message }).success);
      assert.ok(!sendRequest.safeParse({ message: { ...message, ...change } }).success);
    });
  }
});

describe('the log notifier', () => {
  it('logs what would be sent, and sends nothing', async () => {
    const logger = recordingLogger();
    assert.deepEqual(await createLogNotifier(logger).jobFinished(FINISHED), { sent: 0, removed: 0 });
    assert.equal(logger.entries[0]!.fields['job_id'], 'job-1');
  });
});

function device(deviceId: string, token = `token-of-${deviceId}`): DeviceToken {
  return { deviceId, token };
}

/** An error as FCM's HTTP v1 API words it (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode). */
function fcmError(status: number, errorCode: string) {
  const details = [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }];
  return { status, body: { error: { code: status, message: 'token-of-phone is bad', status: errorCode, details } } };
}
