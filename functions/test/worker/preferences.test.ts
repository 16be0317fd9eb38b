/** Users' preferences reach the transcription. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { sampleOf } from '../support/checks.ts';
import { TestWorld } from '../support/worker.ts';

describe('preferences', () => {
  let world: TestWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new TestWorld());
    await world.standIn.reset();
  });

  async function requestsAfter(
    preferences: object,
  ): Promise<{ status: string; queries: Record<string, readonly string[]>[] }> {
    await world.db.doc(`users/${world.uid}`).set({ preferences });
    const jobId = await world.acceptSamples(sampleOf('errand'));
    await world.deliver(jobId);
    const { requests } = await world.standIn.log();
    return { status: (await world.job(jobId)).status, queries: requests.map(({ query }) => query) };
  }

  it('reach the transcription: the one language, and the vocabulary', async () => {
    const { status, queries } = await requestsAfter({
      language: 'en-GB',
      singleLanguage: true,
      vocabulary: ['Omi', 'left & right'],
    });
    assert.equal(status, 'completed');
    assert.ok(queries.length > 0);
    for (const query of queries)
      assert.deepEqual([query['language'], query['keyterm']], [['en-GB'], ['Omi', 'left & right']]);
  });

  it('that are invalid cost no user a transcript', async () => {
    const { status, queries } = await requestsAfter({ language: { $: 1 }, singleLanguage: 'yes', vocabulary: 'Omi' });
    assert.equal(status, 'completed');
    for (const query of queries) assert.deepEqual([query['language'], query['keyterm']], [['multi'], undefined]);
    assert.deepEqual(
      world.logger.entries.filter(({ event }) => event === 'preferences.ignored').map(({ level }) => level),
      ['warn'],
    );
  });
});
