/** Sends 300 MB straight to Storage, interrupts each recording once, and counts the bytes at the proxy. */
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { Random } from '../../../functions/test/crash/random.ts';
import { createSyncClient } from '../../src/client.ts';
import { memoryStore } from '../../src/memory.ts';
import { nodeMd5 } from '../../src/node.ts';
import { pieceSize } from '../../src/resumable.ts';
import { FaultyProxy } from '../network/proxy.ts';
import { createAccount, required, signIn, suiteOrigins } from '../support/suite.ts';
import { until } from '../../../functions/test/support/until.ts';

const FILES = 20;
const FILE_BYTES = 15_000_000;
const SEED = 5;

describe('A batch of 300 MB', () => {
  it('is sent in pieces, interrupted once in each recording, and costs at most 5 % more bytes', async function () {
    const random = new Random(SEED);
    const pieces = Math.ceil(FILE_BYTES / pieceSize(FILE_BYTES));
    /** The piece at which each recording is interrupted. */
    const breaks = new Map<string, number>();
    let interruptions = 0;
    const proxy = new FaultyProxy({
      functions: required('FUNCTIONS_EMULATOR_ORIGIN'),
      storage: suiteOrigins().storageUrl,
      firestore: suiteOrigins().firestore,
      random,
      faultRate: 0,
      interrupts: ({ id, offset }) => {
        const at = breaks.get(id) ?? random.below(pieces) * pieceSize(FILE_BYTES);
        breaks.set(id, offset === at ? -1 : at);
        if (offset === at) interruptions += 1;
        return offset === at;
      },
    });
    const front = await proxy.listen();
    const user = await signIn(await createAccount(), { ...suiteOrigins(), storageUrl: front.http });
    const client = createSyncClient({
      store: memoryStore(),
      backend: user.backend,
      createMd5: nodeMd5,
      gatherMs: 1000,
    });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    try {
      for (let i = 0; i < FILES; i++) {
        const data = randomFillSync(new Uint8Array(FILE_BYTES));
        await client.add({ name: `audio_big_pcm16_48000_2_fs960_${1_760_000_000 + i * 600}.bin`, data });
      }
      await client.start();
      await until(() => client.recordings().every(({ state }) => state !== 'waiting' && state !== 'uploading'));
      await client.cancelJob(client.recordings()[0]?.jobId ?? '');
    } finally {
      await client.dispose();
      await user.close();
      proxy.close();
    }
    const sent = proxy.audio.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.deepEqual(errors, []);
    assert.equal(interruptions, FILES);
    assert.ok(proxy.audio.every(({ kind }) => kind === 'piece'));
    assert.ok(sent >= FILES * FILE_BYTES && sent <= 1.05 * FILES * FILE_BYTES, `${sent} bytes were sent`);
    console.log(`      ${((100 * sent) / (FILES * FILE_BYTES) - 100).toFixed(2)} % more, seed ${SEED}`);
  });
});
