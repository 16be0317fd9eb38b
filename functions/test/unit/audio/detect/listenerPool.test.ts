import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { closeAfterAll, removeFolder } from '../../../../../dev/test/closing.ts';
import { listenWith } from '../../../../src/audio/detect/listener.ts';
import { ListenerPool } from '../../../../src/audio/detect/listenerPool.ts';
import { PassageCutter } from '../../../../src/audio/detect/passages.ts';
import type { Passage } from '../../../../src/audio/detect/passages.ts';
import { loadSileroVad } from '../../../../src/audio/detect/vad.ts';
import { chirp, opusPackets } from '../../../support/audio.ts';

/** A passage that a scripted worker recognises by its first byte. */
function passage(byte: number): Passage {
  const frames = [{ payload: Uint8Array.of(byte), samples: 1 }];
  return { codec: 's16', lead: [], frames, skipSamples: 0, warmupWindows: 0, windows: 1 };
}

/** Answers with the passage's first byte, unless the script says otherwise. */
const SCRIPTED = `
  import { parentPort } from 'node:worker_threads';
  const answer = (byte) => parentPort.postMessage({ result: { probabilities: Float32Array.of(byte), refused: [] } });
  parentPort.on('message', ({ bytes: [byte] }) => {
    if (byte === 66) process.exit(7);
    if (byte === 77) setImmediate(() => { throw new Error('thrown in the thread'); });
    else if (byte === 88) parentPort.postMessage({ error: new Error('answered by the thread') });
    else if (byte !== 99) answer(byte);
  });
`;

describe('A pool of listeners', () => {
  let folder: string;
  let worker: URL;
  const pools: ListenerPool[] = [];

  const closing = closeAfterAll();
  before(async () => {
    folder = closing(await mkdtemp(join(tmpdir(), 'listener-')), removeFolder);
    await writeFile(join(folder, 'worker.mjs'), SCRIPTED);
    worker = pathToFileURL(join(folder, 'worker.mjs'));
  });
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  function pool(size: number): ListenerPool {
    const made = new ListenerPool({ size, worker });
    pools.push(made);
    return made;
  }
  const heard = async (listener: ListenerPool, byte: number, signal?: AbortSignal): Promise<number> =>
    (await listener.listen(passage(byte), signal)).probabilities[0]!;

  it('gives the result of a listener on this thread, damage included, whichever thread takes a passage', async function () {
    const packets = opusPackets(chirp(6), 20);
    const frames = packets.map((payload, i) => ({ payload: i % 70 === 69 ? null : payload, samples: 320 }));
    const cutter = new PassageCutter('opus', { newSamples: 16_000, warmupWindows: 10 });
    const passages = [...cutter.push(frames), ...cutter.end()];
    const here = listenWith(await loadSileroVad());
    const threads = new ListenerPool({ size: 2 });
    pools.push(threads);
    const expected = [];
    for (const each of passages) expected.push(await here.listen(each));
    assert.ok(passages.length > 5);
    assert.deepEqual(await Promise.all(passages.map((each) => threads.listen(each))), expected);
  });

  it('gives each passage its own result', async () => {
    const threads = pool(3);
    const bytes = Array.from({ length: 40 }, (_, i) => i);
    assert.deepEqual(await Promise.all(bytes.map((byte) => heard(threads, byte))), bytes);
  });

  for (const [how, byte, message] of [
    ['ends', 66, /ended with code 7/],
    ['throws', 77, /thrown in the thread/],
    ['answers with an error', 88, /answered by the thread/],
  ] as const) {
    it(`fails the one passage whose thread ${how}, and continues with the others`, async () => {
      const threads = pool(1);
      const results = await Promise.allSettled([1, byte, 2, byte, 3].map((each) => heard(threads, each)));
      assert.deepEqual(
        results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
        [1, 'failed', 2, 'failed', 3],
      );
      assert.match(String((results[1] as PromiseRejectedResult).reason), message);
    });
  }

  it('fails the one passage that cannot be sent to a thread, and continues with the others', async () => {
    const threads = pool(1);
    const broken: Passage = {
      ...passage(2),
      get frames(): Passage['frames'] {
        throw new Error('no memory for a copy');
      },
    };
    const [first, second, third] = [heard(threads, 1), threads.listen(broken), heard(threads, 3)];
    await assert.rejects(second, /no memory for a copy/);
    assert.deepEqual(await Promise.all([first, third]), [1, 3]);
  });

  it('drops passages that were aborted before a thread took them', async () => {
    const threads = pool(1);
    const abort = new AbortController();
    const first = heard(threads, 1);
    const given = [heard(threads, 66, abort.signal), heard(threads, 66, abort.signal), heard(threads, 2)];
    const reason = new Error('deadline');
    abort.abort(reason);
    const results = await Promise.allSettled(given);
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as unknown))),
      [reason, reason, 2],
    );
    assert.equal(await first, 1);
  });

  it('fails running and waiting passages when it is closed', async () => {
    const threads = pool(1);
    const given = [heard(threads, 99), heard(threads, 1)];
    const results = Promise.allSettled(given);
    await threads.close();
    assert.deepEqual(
      (await results).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(heard(threads, 1), /closed/);
  });
});
