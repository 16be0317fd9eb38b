import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { closeAfterEach, removeFolder } from '../../../dev/test/closing.ts';
import { createSyncClient } from '../../src/client.ts';
import type { SyncClient } from '../../src/client.ts';
import { fileStore } from '../../src/node.ts';
import type { RecordingStore } from '../../src/store.ts';
import { FakeServer } from '../support/fakeServer.ts';
import { storeContract } from '../support/storeContract.ts';
import { VirtualClock } from '../support/virtualClock.ts';

/** A client without a network. */
function offline(store: RecordingStore): SyncClient {
  const { backend } = new FakeServer(new VirtualClock());
  return createSyncClient({ store, backend: { ...backend, idToken: () => Promise.resolve(null) } });
}

describe('The store of files', () => {
  let directory: string;
  const closing = closeAfterEach();
  beforeEach(() => {
    directory = closing(mkdtempSync(path.join(os.tmpdir(), 'file-store-')), removeFolder);
  });

  const open = () => Promise.resolve(fileStore({ directory }));
  storeContract({ create: open, reopen: open });

  it('tolerates torn files: it leaves entries that are not JSON alone, and deletes half-written files', async () => {
    const before = await open();
    await before.put(new Map([['whole', { here: true }]]));
    await before.putAudio('whole', Uint8Array.of(1), new Map());
    const entriesDir = path.join(directory, 'entries');
    await writeFile(path.join(entriesDir, 'torn.json'), '{"her');
    await writeFile(path.join(entriesDir, 'empty.json'), '');
    await writeFile(path.join(entriesDir, 'whole.json.123.tmp'), '{"here":fal');
    await writeFile(path.join(directory, 'audio', 'cut.123.tmp'), 'x');
    await writeFile(path.join(directory, 'journal', '.DS_Store'), 'what a system leaves everywhere');

    const after = await open();
    assert.deepEqual([...(await after.entries())], [['whole', { here: true }]]);
    assert.deepEqual(await after.audioIds(), ['whole']);
    assert.deepEqual((await readdir(entriesDir)).sort(), ['empty.json', 'torn.json', 'whole.json']);
    assert.deepEqual(await readdir(path.join(directory, 'audio')), ['whole']);
  });

  it('starts with the next call if it could not start', async () => {
    const obstacle = path.join(directory, 'entries');
    await writeFile(obstacle, '');
    const store = await open();
    await assert.rejects(store.entries());
    rmSync(obstacle);
    assert.equal((await store.entries()).size, 0);
  });

  it('lists its entries while others are deleted', async () => {
    const store = await open();
    const keys = Array.from({ length: 50 }, (_, i) => `batch/${i}`);
    for (let round = 0; round < 10; round++) {
      await store.put(new Map(keys.map((key) => [key, { round }])));
      const [entries] = await Promise.all([store.entries(), store.remove(keys)]);
      for (const value of entries.values()) assert.deepEqual(value, { round });
    }
    assert.equal((await store.entries()).size, 0);
  });

  it('reads ten thousand recordings in at most eight times the processor time of their files alone', async () => {
    await (await open()).entries();
    const target = { deviceId: 'pendant', conversationId: null, clockOffsetMs: 0 };
    const failure = { code: 'recording_corrupt', message: 'Nothing in it can be read.', retryable: false };
    for (let i = 0; i < 10_000; i++) {
      const id = `many${i}`;
      const at = 1_760_000_000_000 + i * 60_000;
      const rest = {
        changedAt: at,
        state: 'failed',
        batchId: null,
        jobId: null,
        session: null,
        md5: null,
        failure,
        target,
      };
      const doc = { id, name: `audio_pendant_opus_16000_1_fs160_${at}.bin`, size: 1, addedAt: at, ...rest };
      writeFileSync(
        path.join(directory, 'entries', `recording%2F${id}.json`),
        JSON.stringify({ ...doc, mishaps: 0, givenUp: 0 }),
      );
      writeFileSync(path.join(directory, 'audio', id), 'x');
    }
    const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    };
    const folder = path.join(directory, 'entries');
    // How fast the machine is. The files are read one by one, as nothing could be faster.
    const alone = await secondsOf(async () => {
      for (const name of await readdir(folder)) JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
    });
    const client = offline(await open());
    const seconds = await secondsOf(() => client.start());
    assert.equal(client.recordings().length, 10_000);
    console.log(`      ${seconds.toFixed(2)} s of the processor; the files alone ${alone.toFixed(2)} s`);
    assert.ok(seconds < 8 * alone, `${seconds} s, ${alone} s`);
    await client.dispose();
  });

  it('reverts what a crash interrupted between audio and its entries', async () => {
    const before = await open();
    const added = new Map([['recording/whole', { here: true }]]);
    await before.putAudio('whole', Uint8Array.of(1), added);
    const journal = (id: string, ...keys: string[]) =>
      writeFile(path.join(directory, 'journal', `${id}.json`), JSON.stringify({ keys }));
    await journal('whole', 'recording/whole'); // The write was interrupted at the very end, or before anything was removed.
    await writeFile(path.join(directory, 'audio', 'alone'), 'x');
    await journal('alone', 'recording/alone');
    await before.put(new Map([['recording/bare', {}]]));
    await journal('bare', 'recording/bare');
    await writeFile(path.join(directory, 'journal', 'torn.json.123.tmp'), '{"ke');

    const after = await open();
    assert.deepEqual(await after.entries(), added);
    assert.deepEqual(await after.audioIds(), ['whole']);
    assert.deepEqual(await readdir(path.join(directory, 'journal')), []);
  });
});
