import assert from 'node:assert/strict';
import { SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import type { JobFile } from '../../src/jobs/job.ts';
import { setStage } from '../../src/usage/fairUse.ts';
import { bearer, callFunction, uploadFiles, waitForJob } from '../support/client.ts';
import { startBrokenFirestore } from '../support/brokenFirestore.ts';
import { startEntryPoints } from '../support/entryPoints.ts';
import type { EntryPoints } from '../support/entryPoints.ts';
import { EXPORTED, provokeEdits, provokeKeeping, shareAudibleTalk } from '../support/keepingAnswers.ts';
import { putTalk, TALK_CHUNK } from '../support/talk.ts';
import { filePart, multipart } from '../support/multipart.ts';
import type { Part } from '../support/multipart.ts';
import { complaints, describedAnswers } from '../support/openapi.ts';
import { provokeCancelled } from '../support/provokeCancelled.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { declared } from '../support/sdkClient.ts';
import { db, functionUrl, HOSTING_ORIGIN, oddUserToken, signUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';

/** gRPC statuses: one after which a retry does not help, and the one that the Admin SDK repeats for the shortest time. */
const [PERMISSION_DENIED, ABORTED] = [7, 10];

const CALLABLES =
  'createSyncJob retrySyncJob cancelSyncJob acknowledgeSyncJobs deleteConversation redateRecordings editConversation undoEdit shareConversation withdrawShare importConversations deleteEverything'.split(
    ' ',
  );
const FILE = { name: pcmName(), bytes: pcmRecording({ frames: 2 }) };

/** Provokes every answer of the running functions that the document describes, and compares each with its schema. */
describe('docs/openapi.yaml', () => {
  const seen = new Set<string>();
  let user: TestUser;
  let entries: EntryPoints;
  let withoutSharing: EntryPoints;
  /** Begun first, because the Admin SDK repeats transactions for most of a minute. */
  let whileBusy: Promise<void>;

  const closing = closeAfterAll();
  before(async () => {
    user = await signUp();
    whileBusy = askWhileFirestoreAnswers(ABORTED);
    whileBusy.catch(() => undefined); // Its test awaits it.
    entries = closing(await startEntryPoints({ ENFORCE_APP_CHECK: 'true' }, { keys: [] }), (it) => it.stop());
    withoutSharing = closing(await startEntryPoints({ SHARING: 'false' }, { keys: [] }), (it) => it.stop());
  });

  async function check(path: string, response: Response): Promise<Record<string, unknown>> {
    const method = path.startsWith('/v2') && !path.endsWith('upload') ? 'get' : 'post';
    const body = (await response.json()) as { error?: { code?: string; details?: { code?: string } } };
    const { status } = response;
    const code = body.error?.details?.code ?? body.error?.code;
    assert.deepEqual(complaints(path, method, status, body), [], `${path} ${status} ${JSON.stringify(body)}`);
    if (status === 429 && path.startsWith('/v2')) assert.match(response.headers.get('retry-after') ?? '', /^\d+$/);
    seen.add(`${method.toUpperCase()} ${path} ${status}${code === undefined ? '' : ` ${code}`}`);
    return body;
  }

  const upload = async (parts: Part[], headers: Record<string, string> = bearer(user.idToken), method = 'POST') => {
    const { contentType, body } = multipart(parts);
    const init = { method, headers: { 'Content-Type': contentType, ...headers } };
    const sent = method === 'POST' ? { ...init, body: Uint8Array.from(body) } : init;
    return check('/v2/sync/upload', await fetch(`${HOSTING_ORIGIN}/v2/sync/upload`, sent));
  };
  const get = async (
    path: string,
    query = '',
    headers: Record<string, string> = bearer(user.idToken),
    method = 'GET',
  ) => check(path, await fetch(`${HOSTING_ORIGIN}${path}${query}`, { method, headers }));
  const call = async (
    name: string,
    data: unknown,
    headers: Record<string, string> = bearer(user.idToken),
    url = functionUrl(name),
  ) => {
    const body = JSON.stringify({ data });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
    });
    return check(`/${name}`, response);
  };
  const good = filePart(FILE.name, FILE.bytes);
  const field = (name: string, content: string): Part => ({ field: name, content });

  async function endedJob(): Promise<string> {
    const { body } = await uploadFiles(user.idToken, [FILE]);
    await waitForJob(user.idToken, body.job_id);
    return body.job_id;
  }

  it('describes the refusals that all endpoints have in common', async () => {
    const odd = bearer(await oddUserToken());
    const paths = ['/v2/sync/upload', '/v2/sync/status', '/v2/sync/jobs', ...CALLABLES.map((name) => `/${name}`)];
    for (const path of paths) {
      const name = path.startsWith('/v2') ? `sync${path[9]!.toUpperCase()}${path.slice(10)}` : path.slice(1);
      const init = path.startsWith('/v2') && name !== 'syncUpload' ? {} : { method: 'POST', body: '{"data":{}}' };
      const ask = (url: string, headers: Record<string, string>) =>
        fetch(url, { ...init, headers: { 'Content-Type': 'application/json', ...headers } });
      await check(path, await ask(functionUrl(name), {}));
      await check(path, await ask(functionUrl(name), { Authorization: 'Bearer nonsense' }));
      await check(path, await ask(functionUrl(name), odd));
      await check(path, await ask(entries.urls[name] ?? '', bearer(user.idToken)));
      if (path.startsWith('/v2')) await check(path, await fetch(functionUrl(name), { method: 'PUT' }));
    }
  });

  it('describes the answers to uploads', async () => {
    const keyed = (key: string) => ({ ...bearer(user.idToken), 'Idempotency-Key': key });
    await upload([good], keyed('k'));
    await upload([filePart(FILE.name, pcmRecording({ value: 9 }))], keyed('k'));
    await provokeCancelled(call, (part, key) => upload([part], keyed(key)));
    await upload([]);
    await upload([field('clock_offset_ms', 'soon'), good]);
    await upload([
      filePart('a.exe', 'x'),
      filePart('b.bin', ''),
      good,
      good,
      filePart(pcmName(1), 'x'),
      filePart(pcmName(CAPTURED_AT + 1), 'x'),
    ]);
    await upload([field('conversation_id', 'nothing'), good]);
    await upload(Array.from({ length: 201 }, (_, i) => filePart(`${i}.bin`, 'x')));
    await upload([good], { ...bearer(user.idToken), 'Content-Type': 'text/plain' });
    await upload([good], { ...bearer(user.idToken), 'Content-Type': 'multipart/form-data; boundary=other' });
    await upload([filePart(FILE.name, Buffer.alloc(30 * 1024 * 1024))]);
    await db.doc(`users/${user.uid}/conversations/glasses`).set({ deviceId: 'glasses', state: 'live' });
    await upload([field('conversation_id', 'glasses'), good]);
    await call('createSyncJob', { files: [declared(FILE.name, FILE.bytes)], conversation_id: 'glasses' });
  });

  it('describes how direct uploads begin', async () => {
    const files = [declared(FILE.name, FILE.bytes)];
    await call('createSyncJob', { files, idempotency_key: 'direct' });
    await call('createSyncJob', { files: [{ ...files[0], size_bytes: 1 }], idempotency_key: 'direct' });
    await call('createSyncJob', {});
    await call('createSyncJob', { files: [{ name: 'a.exe', size_bytes: 0 }] });
    await call('createSyncJob', { files: Array.from({ length: 1001 }, () => files[0]) });
    await call('createSyncJob', { files, conversation_id: 'nothing' });
  });

  it('describes the limits of a user', async () => {
    const parts = multipart([good]);
    const limited = await startEntryPoints({ MAX_ACTIVE_JOBS: '1' }, { keys: [] });
    try {
      const other = await signUp();
      const files = [declared(FILE.name, FILE.bytes)];
      const create = () => call('createSyncJob', { files }, bearer(other.idToken), limited.urls['createSyncJob']);
      await create();
      await create();
      const headers = { ...bearer(other.idToken), 'Content-Type': parts.contentType };
      const init = { method: 'POST', headers, body: Uint8Array.from(parts.body) };
      await check('/v2/sync/upload', await fetch(limited.urls['syncUpload'] ?? '', init));
      await setStage(db, other.uid, { stage: 'restricted', until: null, reason: null });
      await create();
      await upload([good], bearer(other.idToken));
    } finally {
      await limited.stop();
    }
  });

  /** Plays a conversation of a user by a link. */
  async function playTalk({ uid, idToken }: TestUser, url: string): Promise<void> {
    const headers = await shareAudibleTalk(uid, (name, data) => call(name, data, bearer(idToken)));
    await check('/v2/sync/shared/audio', await fetch(`${url}?audio_id=${TALK_CHUNK}`, { headers }));
  }

  it('describes the answers when a daily budget is used up', async () => {
    // Tomorrow's, too, because midnight may pass meanwhile.
    const days = [0, 1].map((ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10));
    const heavy = await signUp();
    const usage = (day: string) => db.doc(`users/${heavy.uid}/usage/${day}`);
    for (const day of days) await usage(day).set({ uploadedBytes: 1e12, sharedBytes: 1e12 });
    await call('createSyncJob', { files: [declared(FILE.name, FILE.bytes)] }, bearer(heavy.idToken));
    await upload([good], bearer(heavy.idToken));
    await call('importConversations', { conversations: [EXPORTED] }, bearer(heavy.idToken));
    await playTalk(heavy, `${HOSTING_ORIGIN}/v2/sync/shared/audio`);

    const bytes = { uploadedBytes: 3e6, sharedBytes: 3e6 };
    for (const day of days) await db.doc(`project_usage/${day}_0`).set(bytes, { merge: true });
    const budgets = { PROJECT_DAILY_UPLOAD_MEGABYTES: '2', PROJECT_DAILY_SHARED_AUDIO_MEGABYTES: '2' };
    const limited = await startEntryPoints({ ...budgets, SHARING: 'true' }, { keys: [] });
    try {
      await playTalk(await signUp(), limited.urls['sharedAudio'] ?? '');
      const newcomer = bearer((await signUp()).idToken);
      const { contentType, body } = multipart([good]);
      const init = {
        method: 'POST',
        headers: { ...newcomer, 'Content-Type': contentType },
        body: Uint8Array.from(body),
      };
      await check('/v2/sync/upload', await fetch(limited.urls['syncUpload'] ?? '', init));
      const files = [declared(FILE.name, FILE.bytes)];
      await call('createSyncJob', { files }, newcomer, limited.urls['createSyncJob']);
      const data = { conversations: [EXPORTED] };
      await call('importConversations', data, newcomer, limited.urls['importConversations']);
    } finally {
      await limited.stop();
    }
  });

  it('describes for every endpoint that an account may not be admitted', async () => {
    const closed = await startEntryPoints({ SIGN_UP: 'closed' }, { keys: [] });
    try {
      for (const name of CALLABLES) await call(name, {}, bearer(user.idToken), closed.urls[name]);
      for (const [path, name] of [
        ['/v2/sync/upload', 'syncUpload'],
        ['/v2/sync/status', 'syncStatus'],
        ['/v2/sync/jobs', 'syncJobs'],
      ] as const) {
        const method = name === 'syncUpload' ? 'POST' : 'GET';
        await check(path, await fetch(closed.urls[name] ?? '', { method, headers: bearer(user.idToken) }));
      }
    } finally {
      await closed.stop();
    }
  });

  it('describes the answer at unknown paths', async () => {
    await check('/v2/{path}', await fetch(`${HOSTING_ORIGIN}/v2/sync/nothing`));
  });

  it('describes the answer of callables to a body that is too large', async () => {
    for (const name of CALLABLES) await call(name, Array(20_001).fill(0));
  });

  it('describes jobs in every state', async () => {
    const jobId = await endedJob();
    await get('/v2/sync/status', `?job_id=${jobId}`);
    const { result } = (
      await callFunction<{ job_id: string }>(user.idToken, 'createSyncJob', {
        files: [{ name: pcmName(CAPTURED_AT + 99), size_bytes: 5 }],
      })
    ).body;
    await get('/v2/sync/status', `?job_id=${result?.job_id ?? ''}`);
    await get('/v2/sync/status', '?job_id=unknown');
    await get('/v2/sync/status');
    await get('/v2/sync/jobs', '?limit=1');
    await get('/v2/sync/jobs', '?limit=none');
    await call('cancelSyncJob', { job_id: result?.job_id });
    await get('/v2/sync/status', `?job_id=${result?.job_id ?? ''}`);
    await get('/v2/sync/jobs');
  });

  it('describes the answers to commands', async () => {
    for (const name of ['retrySyncJob', 'cancelSyncJob']) {
      await call(name, { job_id: 'unknown' });
      await call(name, {});
    }
    const jobId = await endedJob();
    await call('retrySyncJob', { job_id: jobId }); // nothing failed
    await call('acknowledgeSyncJobs', { job_ids: [jobId, 'unknown'] });
    await call('acknowledgeSyncJobs', {});

    const waiting = (await call('createSyncJob', { files: [{ name: pcmName(CAPTURED_AT + 7), size_bytes: 5 }] })) as {
      result: { job_id: string };
    };
    await call('retrySyncJob', { job_id: waiting.result.job_id }); // under way
    const broken = filePart(`noise_${CAPTURED_AT}.flac`, 'fLaC and nothing more');
    const failed = (await upload([broken])) as { job_id: string };
    await waitForJob(user.idToken, failed.job_id);
    await get('/v2/sync/status', `?job_id=${failed.job_id}`);
    // Another job works on the same recording.
    const page = await db.doc(`offline_sync_jobs/${failed.job_id}/job_files/0`).get();
    const { recordingId } = await import('../../src/audio/read/identity.ts');
    const [{ md5, size, deviceId, startedAt }] = page.get('files') as [JobFile & { md5: string }];
    const claim = db.doc(`users/${user.uid}/recordings/${recordingId(user.uid, md5, size)}`);
    const place = { deviceId, startedAt, startTimes: [startedAt.toMillis()] };
    await claim.set({ state: 'claimed', jobId: waiting.result.job_id, file: 'x', ...place });
    const other = db.doc(`offline_sync_jobs/${waiting.result.job_id}/job_files/0`);
    const [expected] = (await other.get()).get('files') as [object];
    await other.update({ files: [{ ...expected, md5, size }] });
    await call('retrySyncJob', { job_id: failed.job_id });
    await claim.delete();
    await call('retrySyncJob', { job_id: failed.job_id });
    await waitForJob(user.idToken, failed.job_id);

    for (const asked of [{ conversation_id: 'unknown' }, {}]) await call('deleteConversation', asked);
    const conversations = db.collection(`users/${user.uid}/conversations`);
    await conversations.doc('merged').set({ deviceId: 'omi', state: 'merged', mergedInto: 'other' });
    await conversations.doc('gone').set({ deviceId: 'omi', state: 'deleted' });
    for (const id of ['merged', 'gone']) await call('deleteConversation', { conversation_id: id });

    await putTalk(db, user.uid);
    await provokeEdits({ uid: user.uid, call });
    await provokeKeeping({
      ...{ uid: user.uid, call },
      callWithoutSharing: (name, data) => call(name, data, bearer(user.idToken), withoutSharing.urls[name]),
      readShared: (headers, method) => get('/v2/sync/shared', '', headers, method),
      readAudio: (headers, id, method) => get('/v2/sync/shared/audio', `?audio_id=${id}`, headers, method),
    });

    for (const [job_id, offset_ms] of [[], ['unknown', 1], [failed.job_id, -1e15], [failed.job_id, -1000]])
      await call('redateRecordings', { job_id, offset_ms });
    await call('redateRecordings', { names: ['unknown.m4a'], offset_ms: 1 });
    await call('redateRecordings', { conversation_id: 'gone', offset_ms: 1 });
  });

  it('describes the answers while Firestore is busy', () => whileBusy);

  it('describes the answers while Firestore fails unexpectedly', () => askWhileFirestoreAnswers(PERMISSION_DENIED));

  it('describes every answer that was seen here, and no other', () => {
    assert.deepEqual([...seen].filter((answer) => !answer.endsWith(' 401')).sort(), describedAnswers().sort());
  });

  /** Asks every function once while Firestore answers everything with a gRPC status. */
  async function askWhileFirestoreAnswers(status: number): Promise<void> {
    const firestore = await startBrokenFirestore(status);
    const functions = await startEntryPoints(
      { FIRESTORE_EMULATOR_HOST: firestore.host, SHARING: 'true' },
      { keys: [] },
    );
    const { urls } = functions;
    const headers = bearer(user.idToken);
    const { contentType, body } = multipart([good]);
    const ask = async (path: string, name: string, init: RequestInit, query = '') =>
      check(path, await fetch(`${urls[name] ?? ''}${query}`, { headers, ...init }));
    const token = { [SHARE_TOKEN_HEADER]: 'x'.repeat(43) };
    const form = { ...headers, 'Content-Type': contentType };
    try {
      await Promise.all([
        ask('/v2/sync/upload', 'syncUpload', { method: 'POST', headers: form, body: Uint8Array.from(body) }),
        ask('/v2/sync/status', 'syncStatus', {}, '?job_id=any'),
        ask('/v2/sync/jobs', 'syncJobs', {}),
        call('createSyncJob', { files: [declared(FILE.name, FILE.bytes)] }, headers, urls['createSyncJob']),
        call('retrySyncJob', { job_id: 'any' }, headers, urls['retrySyncJob']),
        call('cancelSyncJob', { job_id: 'any' }, headers, urls['cancelSyncJob']),
        call('acknowledgeSyncJobs', { job_ids: ['any'] }, headers, urls['acknowledgeSyncJobs']),
        call('deleteConversation', { conversation_id: 'any' }, headers, urls['deleteConversation']),
        call('redateRecordings', { job_id: 'any', offset_ms: 1 }, headers, urls['redateRecordings']),
        call(
          'editConversation',
          { conversation_id: 'any', edit: { kind: 'star', starred: true } },
          headers,
          urls['editConversation'],
        ),
        call('undoEdit', { edit_id: 'any' }, headers, urls['undoEdit']),
        call('shareConversation', { conversation_id: 'any' }, headers, urls['shareConversation']),
        call('withdrawShare', { share_id: 'any' }, headers, urls['withdrawShare']),
        call('importConversations', { conversations: [EXPORTED] }, headers, urls['importConversations']),
        call('deleteEverything', { what: 'everything' }, headers, urls['deleteEverything']),
        ask('/v2/sync/shared', 'sharedConversation', { headers: token }),
        ask('/v2/sync/shared/audio', 'sharedAudio', { headers: token }, `?audio_id=${TALK_CHUNK}`),
      ]);
    } finally {
      await functions.stop();
      firestore.close();
    }
  }
});
