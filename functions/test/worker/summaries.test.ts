import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { NO_SUMMARY } from '../../src/conversations/conversation.ts';
import type { Conversation, SegmentPage } from '../../src/conversations/conversation.ts';
import { Summaries } from '../../src/conversations/summaries.ts';
import type { SummariesOptions } from '../../src/conversations/summaries.ts';
import { extractiveSummariser } from '../../src/conversations/summariser.ts';
import type { Summariser, TranscriptOpening } from '../../src/conversations/summariser.ts';
import { AppError } from '../../src/errors.ts';
import { loadSamples } from '../../../dev/samples/samples.ts';
import { createDeepgramSummariser } from '../../src/transcription/deepgramSummariser.ts';
import { TestWorld } from '../support/worker.ts';

const START = Date.UTC(2026, 0, 5, 9);
const NOW = Date.UTC(2026, 0, 6);

describe('summaries', () => {
  let world: TestWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new TestWorld());
  });

  const ref = (id = 'one') => world.deps.conversations.conversations(world.uid).doc(id);
  const stored = async (id = 'one'): Promise<Conversation> => (await ref(id).get()).data()!;

  /** Writes a conversation as assignments leave it, one segment a second. */
  async function write(texts: readonly string[], change: Partial<Conversation> = {}, id = 'one'): Promise<void> {
    const batch = world.db.batch();
    for (const [i, text] of texts.entries()) {
      const startMs = START + i * 1500;
      const time = { startedAt: Timestamp.fromMillis(startMs), endedAt: Timestamp.fromMillis(startMs + 500) };
      const words = [{ text, fromMs: 0, toMs: 500 }];
      const page: SegmentPage = {
        deviceId: id,
        recordingId: 'recording',
        recordingStartedAt: Timestamp.fromMillis(START),
        ...time,
        segments: [{ ...time, text, speaker: 0, confidence: 1, language: 'en', words }],
        speakers: [0],
        jobId: 'job',
        chunkId: 'chunk',
      };
      batch.set(world.deps.conversations.segmentPages(world.uid).doc(`${id}-${i}`), page);
    }
    const before = (await ref(id).get()).data();
    batch.set(ref(id), {
      deviceId: id,
      state: 'live',
      startedAt: Timestamp.fromMillis(START),
      finishedAt: Timestamp.fromMillis(START + texts.length * 1500),
      language: 'en',
      languages: { en: texts.length },
      ...(before ?? NO_SUMMARY),
      segmentCount: texts.length,
      wordCount: texts.length,
      speechSeconds: texts.length / 2,
      mergedInto: null,
      deletedAt: null,
      revision: (before?.revision ?? 0) + 1,
      createdByJobId: 'job',
      createdAt: Timestamp.fromMillis(START),
      updatedAt: Timestamp.fromMillis(START),
      ...change,
    });
    await batch.commit();
  }

  function summaries(summariser: Summariser | null, change: Partial<SummariesOptions> = {}): Summaries {
    const { db, logger } = world;
    const { conversations } = world.deps;
    return new Summaries({
      db,
      conversations,
      summariser,
      spend: () => Promise.resolve(),
      logger,
      now: () => NOW,
      ...change,
    });
  }

  /** A summariser that keeps the texts that it gets, and returns the answer of the test. */
  function fake(answer: (opening: TranscriptOpening) => Promise<string> | string) {
    const openings: TranscriptOpening[] = [];
    const summariser: Summariser = {
      maxCharacters: () => 1000,
      costSeconds: ({ text }) => text.length / 10,
      summarise: async (opening) => {
        openings.push(opening);
        return { title: await answer(opening), overview: 'An overview.' };
      },
    };
    return { openings, summariser };
  }

  it('give a conversation title, overview and relevance, as a change that an app can find', async () => {
    await write(['Hello.', 'The train leaves at nine.']);
    const { openings, summariser } = fake(() => 'Train');
    assert.equal(await summaries(summariser).refresh(world.uid, ['one'], { jobId: 'job' }), 1);
    assert.deepEqual(openings, [{ text: 'Hello.\nThe train leaves at nine.', language: 'en' }]);
    const { title, overview, relevance, revision, summaryRevision, updatedAt } = await stored();
    assert.deepEqual(
      { title, overview, relevance, revision, summaryRevision, updatedAt: updatedAt.toMillis() },
      {
        title: 'Train',
        overview: 'An overview.',
        relevance: 'speech',
        revision: 2,
        summaryRevision: 2,
        updatedAt: NOW,
      },
    );
  });

  it('are made once for a transcript, and again when it has grown', async () => {
    await write(['Um.']);
    const { openings, summariser } = fake(({ text }) => text);
    const made = summaries(summariser);
    await made.refresh(world.uid, ['one'], { jobId: 'job' });
    assert.equal((await stored()).relevance, 'fillers');
    assert.equal(await made.refresh(world.uid, ['one'], { jobId: 'job' }), 0);
    assert.equal(openings.length, 1);

    await write(['Um.', 'The train leaves at nine.']);
    assert.equal(await made.refresh(world.uid, ['one'], { jobId: 'job' }), 1);
    const { title, relevance, revision } = await stored();
    assert.deepEqual([title, relevance, revision], ['Um.\nThe train leaves at nine.', 'speech', 4]);
  });

  it('count in the day’s budget of speech, and are the speakers’ own words when the budget is used up', async () => {
    await write(['The train leaves at nine.']);
    const { openings, summariser } = fake(() => 'Train');
    const spent: [string, number][] = [];
    const spend = (uid: string, seconds: number): Promise<void> => {
      if (spent.length > 0) return Promise.reject(new AppError('project_budget_used'));
      spent.push([uid, seconds]);
      return Promise.resolve();
    };
    const made = summaries(summariser, { spend });
    await made.refresh(world.uid, ['one'], { jobId: 'job' });
    assert.deepEqual(spent, [[world.uid, 2.5]]);
    await write(['The ship sails at ten.'], {}, 'two');
    await made.refresh(world.uid, ['two'], { jobId: 'job' });
    assert.deepEqual([openings.length, (await stored('two')).title], [1, 'The ship sails at ten']);
  });

  it('cause no change if they are the same', async () => {
    await write(['The train leaves at nine.']);
    const made = summaries(extractiveSummariser);
    await made.refresh(world.uid, ['one'], { jobId: 'job' });
    await write(['The train leaves at nine.', 'Yes.']);
    const before = await stored();
    assert.equal(await made.refresh(world.uid, ['one'], { jobId: 'job' }), 0);
    const after = await stored();
    assert.deepEqual([after.revision, after.updatedAt.toMillis()], [before.revision, before.updatedAt.toMillis()]);
    assert.equal(after.summaryRevision, before.revision);
  });

  it('that come late never overwrite what is newer', async () => {
    await write(['The train leaves at nine.']);
    const { summariser } = fake(async () => {
      await write(['The train leaves at nine.', 'Or at ten.'], { title: 'Newer', overview: null });
      return 'Late';
    });
    assert.equal(await summaries(summariser).refresh(world.uid, ['one'], { jobId: 'job' }), 0);
    const { title, overview, revision } = await stored();
    assert.deepEqual([title, overview, revision], ['Newer', null, 2]);
  });

  it('of two workers at once are written once', async () => {
    await write(['The train leaves at nine.']);
    const both = await Promise.all(
      [1, 2].map(() => summaries(extractiveSummariser).refresh(world.uid, ['one'], { jobId: 'job' })),
    );
    assert.deepEqual(both.sort(), [0, 1]);
    assert.equal((await stored()).revision, 2);
  });

  it('do not bring back a deleted or merged conversation', async () => {
    await write(['The train leaves at nine.']);
    const { summariser } = fake(async () => {
      await ref().update({ state: 'deleted' });
      return 'Back again';
    });
    await summaries(summariser).refresh(world.uid, ['one', 'never-was'], { jobId: 'job' });
    assert.equal((await stored()).title, null);
    await write(['The train leaves at nine.'], { state: 'merged', mergedInto: 'one' }, 'two');
    assert.equal(await summaries(extractiveSummariser).refresh(world.uid, ['two'], { jobId: 'job' }), 0);
  });

  it('that fail leave a title in the speakers’ own words, which are not logged', async () => {
    await write(['The secret train leaves at nine.']);
    const { summariser } = fake(() => Promise.reject(new Error('the service is down')));
    assert.equal(await summaries(summariser).refresh(world.uid, ['one'], { jobId: 'job' }), 1);
    const { title, overview } = await stored();
    assert.deepEqual([title, overview], ['The secret train leaves at nine', null]);
    assert.deepEqual(
      world.logger.entries.map(({ level, event, fields }) => [level, event, fields['jobId'], fields['conversationId']]),
      [['warn', 'summary.failed', 'job', 'one']],
    );
    assert.ok(!JSON.stringify(world.logger.entries).includes('secret'));
  });

  it('that fail keep an earlier overview', async () => {
    await write(['The train leaves at nine.'], { title: 'Train', overview: 'It leaves.' });
    const { summariser } = fake(() => Promise.reject(new Error('the service is down')));
    await summaries(summariser).refresh(world.uid, ['one'], { jobId: 'job' });
    const { title, overview, relevance } = await stored();
    assert.deepEqual([title, overview, relevance], ['Train', 'It leaves.', 'speech']);
  });

  it('never throw, whatever Firestore does', async () => {
    await write(['The train leaves at nine.']);
    const db = { runTransaction: () => Promise.reject(new Error('unavailable')) } as unknown as typeof world.db;
    assert.equal(await summaries(extractiveSummariser, { db }).refresh(world.uid, ['one'], { jobId: 'job' }), 0);
    assert.equal(world.logger.entries.length, 1);
  });

  it('are the speakers’ own words if no time is left', async () => {
    await write(['The train leaves at nine.']);
    const { openings, summariser } = fake(() => 'Never asked');
    const signal = AbortSignal.abort(new Error('time is up'));
    assert.equal(
      await summaries(summariser, { budget: () => signal }).refresh(world.uid, ['one'], { jobId: 'job' }),
      1,
    );
    assert.equal(openings.length, 0);
    assert.equal((await stored()).title, 'The train leaves at nine');
  });

  it('that are switched off still mark conversations that say nothing', async () => {
    await write(['Um.', '[coughs]']);
    assert.equal(await summaries(null).refresh(world.uid, ['one'], { jobId: 'job' }), 1);
    const { title, relevance, state } = await stored();
    assert.deepEqual([title, relevance, state], [null, 'fillers', 'live']);
  });

  it('read no more of a long transcript than they use', async () => {
    await write(Array.from({ length: 60 }, (_, i) => `Number ${String(i).padStart(2, '0')}.`.padEnd(50, '!')));
    const { openings, summariser } = fake(() => 'Long');
    await summaries(summariser).refresh(world.uid, ['one'], { jobId: 'job' });
    const [{ text }] = openings as [TranscriptOpening];
    assert.equal(text.length, 1000);
    assert.match(text, /^Number 00.*\nNumber 01.*\nNumber 19\.!*$/s);
  });

  it('by Deepgram have an overview as well, and cost one request for each change', async () => {
    await world.standIn.reset();
    const deepgram = createDeepgramSummariser({
      apiKey: () => 'test',
      baseUrl: () => process.env['DEEPGRAM_STANDIN_URL']!,
      logger: world.logger,
    });
    await write(Array.from({ length: 20 }, (_, i) => `The lighthouse is number ${i}.`));
    const made = summaries(deepgram);
    for (let time = 0; time < 3; time++) await made.refresh(world.uid, ['one'], { jobId: 'job' });
    const { title, overview } = await stored();
    assert.equal(title, 'Lighthouse, Number');
    assert.equal(overview, 'The lighthouse is number 0. The lighthouse is number 1. The lighthouse is number 2.');
    assert.equal((await world.standIn.log()).reads.length, 1);
  });

  it('are there before the app is told that its job has ended', async () => {
    const sample = loadSamples().find(({ scenario }) => scenario === 'kitchen')!;
    const jobId = await world.acceptSamples(sample);
    const titles: (string | null)[] = [];
    await world.deliver(jobId, {
      notifier: {
        jobFinished: async () => {
          titles.push(...(await world.conversations()).map(({ title }) => title));
          return { sent: 1, removed: 0 };
        },
      },
    });
    assert.equal(titles.length, sample.conversations.length);
    for (const title of titles) assert.ok(title !== null && title.length > 10 && title.length <= 60, String(title));
    const { relevance, revision, summaryRevision } = (await world.conversations())[0]!;
    assert.deepEqual([relevance, summaryRevision], ['speech', revision]);
  });
});
