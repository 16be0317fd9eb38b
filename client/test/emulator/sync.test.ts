import assert from 'node:assert/strict';
import { collection, getDocs } from 'firebase/firestore';
import { closeAfterAll, closeAfterEach } from '../../../dev/test/closing.ts';
import { createSyncClient } from '../../src/index.ts';
import type { Completion, SyncClient, SyncClientOptions } from '../../src/index.ts';
import { memoryStore } from '../../src/memory.ts';
import { nodeMd5 } from '../../src/node.ts';
import { sampleFiles } from '../support/samples.ts';
import { createAccount, signIn } from '../support/suite.ts';
import type { SignedIn } from '../support/suite.ts';
import { until } from '../../../functions/test/support/until.ts';

describe('A client on the real suite', () => {
  let user: SignedIn;
  let client: SyncClient;
  let completions: Completion[];
  const store = memoryStore();
  const closingAll = closeAfterAll();
  const closing = closeAfterEach();

  function newClient(options: Partial<SyncClientOptions> = {}): SyncClient {
    completions = [];
    return closing(
      createSyncClient({
        store,
        backend: user.backend,
        gatherMs: 0,
        onCompletion: (completion) => void completions.push(completion),
        ...options,
      }),
      (it) => it.dispose(),
    );
  }

  before(async () => {
    user = closingAll(await signIn(await createAccount()));
  });

  it('sends recordings to the server in one request, learns that the job has ended, and then deletes them', async () => {
    client = newClient();
    const states: string[] = [];
    client.on('recording', ({ state }) => states.push(state));
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    for (const file of sampleFiles('errand')) await client.add(file);
    await client.start();

    await until(() => completions.length === 1);
    const [completion] = completions;
    assert.equal(completion?.status, 'completed');
    const conversations = await getDocs(collection(user.firestore, `users/${user.uid}/conversations`));
    assert.deepEqual(
      completion.newConversationIds,
      conversations.docs.map(({ id }) => id),
    );
    assert.deepEqual(
      client.recordings().map(({ state }) => state),
      client.recordings().map(() => 'synced'),
    );
    assert.deepEqual(await store.audioIds(), []);
    assert.deepEqual(errors, []);
    // A job may end before the client sees it in progress.
    const seen = states.filter((state) => state !== 'processing');
    assert.deepEqual(seen, ['waiting', 'uploading', 'uploaded', 'synced']);
  });

  it('sends them straight to Storage, and hands over once what listener, push and launch all report', async () => {
    client = newClient({ limits: { maxRequestBytes: 1 }, createMd5: nodeMd5 });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    for (const file of sampleFiles('walk')) await client.add(file);
    await client.start();
    await until(() => completions.length === 1);
    const [completion] = completions;
    const data = { type: 'offline_sync_completed', job_id: completion?.jobId, status: 'completed' };
    assert.equal(await client.handlePushMessage(data), true);
    await client.checkMissedCompletions();
    assert.equal(completions.length, 1);
    assert.deepEqual(await store.audioIds(), []);
    await until(async () => (await user.backend.endedJobs()).length === 0);
    assert.deepEqual(errors, []);
  });

  it('hands nothing of it over again after a re-installation', async () => {
    client = newClient({ store: memoryStore() });
    await client.checkMissedCompletions();
    assert.deepEqual(completions, []);
  });

  it('names the recordings that the server refuses, and syncs the others', async () => {
    client = newClient();
    await client.add({ name: 'notes_1760000000.txt', data: new Uint8Array(10) });
    for (const file of sampleFiles('night')) await client.add(file);
    await client.start();
    await until(() => completions.length === 1);
    const notes = client.recordings().find(({ name }) => name.startsWith('notes'));
    assert.equal(notes?.state, 'failed');
    assert.equal(notes.failure?.code, 'bad_extension');
    await client.discard(notes.id);
    assert.ok(client.recordings().every(({ state }) => state === 'synced'));
  });
});
