import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import pMap from 'p-map';
import { NO_SUMMARY } from '../../src/conversations/conversation.ts';
import type { Conversation, SegmentPage, RecordedWord } from '../../src/conversations/conversation.ts';
import { countOperations } from '../support/operations.ts';
import type { OperationCount } from '../support/operations.ts';
import { TestWorld } from '../support/worker.ts';

const START_MS = Date.UTC(2025, 0, 1);
const DEVICE = 'omi';

/**
 * A conversation begins every ten minutes and lasts four, in pages of three seconds that are five seconds apart: many times as many as
 * recordings of a minute make.
 */
const EVERY_MS = 600_000;
const PAGES = 50;
const PAGE_MS = 3000;
const PAGE_EVERY_MS = 5000;
const LENGTH_MS = (PAGES - 1) * PAGE_EVERY_MS + PAGE_MS;

/** The measured speech follows the conversation of this number. */
const AT = 10;
const FEW = 20;
const MANY = 100;

const CONVERSATIONS_OF_A_BATCH = 20;

describe('What an assignment costs', function () {
  const world = new TestWorld();
  after(() => world.close());

  it('does not depend on the user’s history: the same at 1,000 and at 5,000 pages of segments', async () => {
    const costs: Record<string, OperationCount>[] = [];
    for (const conversations of [FEW, MANY]) {
      world.becomeSomebodyElse();
      await populate(conversations);
      costs.push(await costsOf(conversations));
    }
    assert.deepEqual(costs[1], costs[0]);
    // Reads: the pages that overlap the speech and the deleted speech there, at least one each, and up to four conversations after the
    // speech. Writes: pages, conversations, redirects.
    assert.deepEqual(costs[1], {
      'before everything': { reads: 1 + 1 + 1 + 4, writes: 1 + 1, deletes: 0 },
      'on its own': { reads: 1 + 1 + 1 + 4, writes: 1 + 1, deletes: 0 },
      'inside one': { reads: 3 + 1 + 1 + 4, writes: 1 + 1, deletes: 0 },
      'extends one': { reads: 1 + 1 + 1 + 4, writes: 1 + 1, deletes: 0 },
      'bridges two, with a target': { reads: 1 + 1 + 1 + 4, writes: 1 + 1 + 1, deletes: 0 },
      'behind everything': { reads: 1 + 1 + 1 + 1, writes: 1 + 1, deletes: 0 },
    });
  });

  /** The costs of speech at the start, in the middle and at the end of a history. */
  async function costsOf(conversations: number): Promise<Record<string, OperationCount>> {
    const endMs = (n: number): number => START_MS + n * EVERY_MS + LENGTH_MS;
    const pauses = [100_000, 170_000, 240_000, 300_000];
    return {
      'before everything': await costOf([START_MS - 3_600_000]),
      'on its own': await costOf([endMs(AT) + 150_000]),
      // The speech begins in one page, covers the next one, and ends in a third.
      'inside one': await costOf([endMs(AT) - 11_000, endMs(AT) - 2000]),
      'extends one': await costOf([endMs(AT + 1) + 1000]),
      'bridges two, with a target': await costOf(
        pauses.map((ms) => endMs(AT + 3) + ms),
        `c${AT + 4}`,
      ),
      'behind everything': await costOf([endMs(conversations) + 3_600_000]),
    };
  }

  async function costOf(startsMs: readonly number[], targetId: string | null = null): Promise<OperationCount> {
    const { conversations } = world.deps;
    const words = startsMs.map((startMs): RecordedWord => ({
      text: 'here',
      startMs,
      endMs: startMs + 400,
      confidence: 1,
      speaker: null,
      language: 'en',
      recording: { recordingId: 'recording', startedAtMs: 0 },
    }));
    const speech = {
      uid: world.uid,
      deviceId: DEVICE,
      jobId: 'job',
      chunkId: 'chunk',
      transcriber: 'test',
      targetId,
      words,
    };
    const counting = countOperations();
    try {
      await world.db.runTransaction(async (tx) => (await conversations.prepare(tx, speech)).write());
    } finally {
      counting.stop();
    }
    return counting.count;
  }

  async function populate(count: number): Promise<void> {
    const { conversations } = world.deps;
    // Batches are ten times as fast as a BulkWriter, which sends twenty documents at a time.
    await pMap(
      groups(count, CONVERSATIONS_OF_A_BATCH),
      async (group) => {
        const batch = world.db.batch();
        for (const n of group) {
          const atMs = START_MS + n * EVERY_MS;
          batch.set(conversations.conversations(world.uid).doc(`c${n}`), conversation(atMs));
          for (let i = 0; i < PAGES; i++) {
            batch.set(conversations.segmentPages(world.uid).doc(`s${n}-${i}`), page(atMs + i * PAGE_EVERY_MS));
          }
        }
        await batch.commit();
      },
      { concurrency: 4 },
    );
  }
});

function conversation(startMs: number): Conversation {
  return {
    ...NO_SUMMARY,
    deviceId: DEVICE,
    state: 'live',
    startedAt: Timestamp.fromMillis(startMs),
    finishedAt: Timestamp.fromMillis(startMs + LENGTH_MS),
    language: null,
    languages: {},
    segmentCount: PAGES,
    wordCount: PAGES,
    speechSeconds: (PAGES * PAGE_MS) / 1000,
    mergedInto: null,
    deletedAt: null,
    revision: 1,
    createdByJobId: 'earlier',
    createdAt: Timestamp.fromMillis(startMs),
    updatedAt: Timestamp.fromMillis(startMs),
  };
}

function page(startMs: number): SegmentPage {
  const time = { startedAt: Timestamp.fromMillis(startMs), endedAt: Timestamp.fromMillis(startMs + PAGE_MS) };
  return {
    deviceId: DEVICE,
    recordingId: 'recording',
    recordingStartedAt: Timestamp.fromMillis(startMs),
    ...time,
    segments: [{ ...time, text: 'then', speaker: null, confidence: 1, language: null, words: [] }],
    speakers: [],
    jobId: 'earlier',
    chunkId: 'earlier',
  };
}

function* groups(count: number, size: number): Generator<number[]> {
  for (let from = 0; from < count; from += size) {
    yield Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
  }
}
