import assert from 'node:assert/strict';
import fc from 'fast-check';
import pMap from 'p-map';
import { transcriptOf } from '../../src/conversations/collections.ts';
import { segmentsIn } from '../../src/conversations/conversation.ts';
import { AppError } from '../../src/errors.ts';
import { StagedAudio } from '../../src/storage/stagedAudio.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import { checkRecordings } from '../../src/upload/recordings.ts';
import { DAY_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';
import { MemoryStaging } from '../support/memoryStores.ts';
import { TestWorld } from '../support/worker.ts';
import type { NamedBytes } from '../support/worker.ts';

const MINUTE_MS = 60_000;
const MINUTES = 720;
const WORD_MS = 300;
const DEVICE = 'omi';
const JOBS = 60;
const SEED = 3;

/**
 * The words of twelve hours: [minute, milliseconds after it]. Pauses between conversations are exactly the gap or much longer; pauses
 * within them are shorter.
 */
const SAID: readonly (readonly (readonly [number, number])[])[] = [
  [[0, 0]],
  // Exactly 120 s after the end of that word, and then 10 ms less.
  [
    [2, WORD_MS],
    [4, 2 * WORD_MS - 10],
    [5, 2000],
  ],
  ...Array.from({ length: 20 }, (_, n) =>
    Array.from({ length: 1 + ((5 * n) % 7) }, (__, i) => [10 + 35 * n + i, (1370 * (n + 3 * i)) % 4000] as const),
  ),
  [[719, 4000]],
];

const conversations = SAID.map((places) => places.map(([minute, ms]) => minute * MINUTE_MS + ms));
const words: readonly SpokenWord[] = conversations.flat().map((startMs, i) => ({
  id: i + 1,
  device: DEVICE,
  text: `word${i + 1}`,
  language: 'en',
  startMs,
  endMs: startMs + WORD_MS,
}));

const expected = conversations.map((starts) => ({
  startMs: starts[0]!,
  endMs: starts.at(-1)! + WORD_MS,
  text: words.filter(({ startMs }) => starts.includes(startMs)).map(({ text }) => text),
}));

/**
 * A file for each minute. It ends with the last sound of its minute, as if the device stopped in silence, so that several days take
 * seconds. No two are equal, because equal files are one recording.
 */
const files: readonly NamedBytes[] = Array.from({ length: MINUTES }, (_, minute) => {
  const startMs = minute * MINUTE_MS;
  const own = words.filter((word) => Math.floor(word.startMs / MINUTE_MS) === minute);
  const endMs = own.at(-1)?.endMs ?? startMs + (minute + 1) / 16;
  return {
    filename: `audio_${DEVICE}_pcm16_16000_1_fs160_${DAY_MS + startMs}.bin`,
    bytes: record({ device: DEVICE, startMs, endMs }, own),
  };
});

class MemoryAudio extends StagedAudio {
  readonly #staging: MemoryStaging;

  constructor(bucket: ReturnType<TestWorld['bucket']>, staging: MemoryStaging) {
    super(bucket);
    this.#staging = staging;
  }

  // oxlint-disable-next-line typescript/require-await -- as the one that it stands for
  override async *open({ path }: { readonly path: string }): AsyncGenerator<Uint8Array> {
    const object = this.#staging.objects.get(path);
    if (object === undefined) throw new AppError('recording_missing');
    yield object.bytes;
  }

  override delete(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#staging.objects.delete(path);
    return Promise.resolve();
  }
}

describe('A day of 720 one-minute files', function () {
  const speech = exactSpeech(words);
  // Firestore is the emulator. Audio is in memory, because two thousand objects in Storage are not what this test is about.
  const staging = new MemoryStaging();
  const world = new TestWorld(speech);
  const audio = new MemoryAudio(world.bucket(), staging);
  after(() => world.close());

  it(`is its ${expected.length} conversations, shuffled into ${JOBS} jobs`, async () => {
    await process(shuffled(JOBS, SEED));
    assert.deepEqual(await result(), expected);
    assert.equal((await world.segments()).length, words.length);
  });

  async function accept(batch: readonly NamedBytes[]): Promise<string> {
    const fields = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
    const recordings = checkRecordings(batch, fields, { nowMs: world.deps.now(), maxRecordingBytes: 10_000_000 });
    const deps = { ...world.acceptDeps(), staging };
    return (await acceptUpload(deps, { uid: world.uid, idempotencyKey: null, fields, recordings })).jobId;
  }

  /** One after the other, because conflicting transactions wait for seconds in the emulator. The order suite delivers at the same time. */
  async function process(batches: readonly (readonly NamedBytes[])[]): Promise<void> {
    const jobIds: string[] = [];
    for (const batch of batches) jobIds.push(await accept(batch));
    for (const jobId of jobIds) {
      await world.deliver(jobId, { audio });
      assert.equal((await world.job(jobId)).status, 'completed');
    }
  }

  async function result(): Promise<typeof expected> {
    const live = (await world.conversations()).filter(({ state }) => state === 'live');
    return pMap(live, async (conversation) => {
      const pages = await transcriptOf(world.deps.conversations.segmentPages(world.uid), conversation).get();
      return {
        startMs: conversation.startedAt.toMillis() - DAY_MS,
        endMs: conversation.finishedAt.toMillis() - DAY_MS,
        text: segmentsIn(pages.docs.map((doc) => doc.data())).map(({ text }) => text),
      };
    });
  }
});

/** The files in random order, cut into so many jobs of random sizes. */
function shuffled(jobs: number, seed: number): NamedBytes[][] {
  const whole = { minLength: MINUTES, maxLength: MINUTES };
  const [order] = fc.sample(fc.shuffledSubarray([...files], whole), { numRuns: 1, seed });
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: MINUTES - 1 }), { minLength: jobs - 1, maxLength: jobs - 1 });
  const [places] = fc.sample(cuts, { numRuns: 1, seed });
  const ends = [...places!.sort((a, b) => a - b), MINUTES];
  return ends.map((end, i) => order!.slice(ends[i - 1] ?? 0, end));
}
