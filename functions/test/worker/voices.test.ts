/** A voice has one number in all chunks, whichever result comes first. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { requestsFirst } from '../support/requestOrder.ts';
import { assertSound } from '../support/checks.ts';
import { TestWorld } from '../support/worker.ts';
import { DAY_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';

/** Two people who speak in turn, without a pause that ends a conversation. */
function dialogue(minutes: number): SpokenWord[] {
  return Array.from({ length: minutes * 100 }, (_, i) => ({
    id: i + 1,
    device: 'omi',
    text: `w${String(i)}`,
    speaker: Math.floor(i / 3) % 2 === 0 ? 'Ann' : 'Ben',
    language: 'en',
    startMs: 1000 + i * 600,
    endMs: 1000 + i * 600 + 500,
  }));
}

describe('speakers across chunks', () => {
  const words = dialogue(5);
  const speech = exactSpeech(words);
  const { transcriber } = speech;
  let world: TestWorld;

  const closing = closeAfterEach();
  const open = (change: object): TestWorld =>
    closing(new TestWorld({ ...speech, maxChunkMs: 60_000, contextMs: 30_000, ...change }));

  async function upload(fromMs: number, toMs: number): Promise<string> {
    const recording = { device: 'omi', startMs: fromMs, endMs: toMs };
    const filename = `audio_omi_pcm16_16000_1_fs160_${DAY_MS + fromMs}.bin`;
    return world.accept([{ filename, bytes: record(recording, words) }]);
  }

  /** Numbers by speaker. */
  async function numbers(): Promise<Record<string, Set<number | null>>> {
    const found: Record<string, Set<number | null>> = { Ann: new Set(), Ben: new Set() };
    const speakers = new Map(words.map(({ text, speaker }) => [text, speaker ?? '']));
    for (const { speaker, words: said } of await world.segments()) {
      for (const { text } of said) found[speakers.get(text)!]!.add(speaker);
    }
    return found;
  }

  for (const order of ['first', 'last', 'middle', 'every second'] as const) {
    it(`have one number each if the result of the ${order} chunk comes before the others`, async () => {
      world = open({ transcriber: requestsFirst(transcriber, order), concurrency: 8 });
      const jobId = await upload(0, 302_000);
      await world.deliver(jobId);
      assert.ok((await world.chunks(jobId)).length >= 5);
      const { Ann, Ben } = await numbers();
      assert.deepEqual([Ann!.size, Ben!.size], [1, 1]);
      assert.notDeepEqual(Ann, Ben);
      const { usage, ledger } = await world.job(jobId);
      assert.ok(usage.billedSeconds <= 1.05 * ledger.speechSeconds, 'the context costs at most 5 %');
      assert.equal((await world.segments()).flatMap(({ words: said }) => said).length, words.length);
      await assertSound(world);
    });
  }

  it('keep them if the worker dies between two chunks', async () => {
    let left = 2;
    const dying = {
      transcribe: (...args: Parameters<typeof transcriber.transcribe>) => {
        if (left-- <= 0) throw new Error('It died.');
        return transcriber.transcribe(...args);
      },
    };
    world = open({ concurrency: 1 });
    const jobId = await upload(0, 302_000);
    for (let attempt = 0; attempt < 4; attempt++) {
      left = 2;
      await world.deliver(jobId, { transcriber: dying });
      world.aheadMs += 3 * 3600_000;
    }
    assert.equal((await world.job(jobId)).status, 'completed');
    const { Ann, Ben } = await numbers();
    assert.deepEqual([Ann!.size, Ben!.size], [1, 1]);
    await assertSound(world);
  });

  it('are not matched if nothing links them: without a context, and in another job', async () => {
    world = open({ contextMs: 0 });
    await world.deliver(await upload(0, 150_000));
    await world.deliver(await upload(150_000, 302_000));
    const { Ann, Ben } = await numbers();
    assert.ok(Ann!.size >= 4);
    assert.ok([...Ann!].every((number) => !Ben!.has(number)));
  });
});
