import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Firestore, Timestamp } from 'firebase-admin/firestore';
import type { Query, Transaction } from 'firebase-admin/firestore';
import {
  conversationsEndingAfter,
  conversationsOf,
  deletedBetween,
  mergedInto,
  pagesAt,
  pagesBetween,
  pagesWithChunkId,
  pagesOfChunk,
  pagesOfVoice,
  segmentPagesOf,
  transcriptOf,
  unfinishedDeletions,
} from '../../src/conversations/collections.ts';
import { boundariesBetween, editsAt, editsBetween, editsOfVoice, namedVoices } from '../../src/conversations/edits.ts';
import { sharesOf, workingSharesOf } from '../../src/conversations/sharing.ts';
import * as reading from 'offline-audio-sync-client';
import { LIMITS } from 'offline-audio-sync-contract';
import { DueJobs } from '../../src/jobs/dueJobs.ts';
import type { DeletedSpeech, SegmentPage } from '../../src/conversations/conversation.ts';
import type { ChunkDoc } from '../../src/jobs/chunk.ts';
import type { CoverageDoc } from '../../src/jobs/coverage.ts';
import type { FilePage } from '../../src/jobs/files.ts';
import type { Job } from '../../src/jobs/job.ts';
import { chunksBetween } from '../../src/jobs/chunk.ts';
import type { RecordingEntry } from '../../src/jobs/recordingEntry.ts';
import type { Resource } from '../../src/usage/budget.ts';
import { readExisting } from '../../src/jobs/existing.ts';
import { unfinishedRedatings } from '../../src/jobs/redatings.ts';
import { RecordingRegistry } from '../../src/jobs/registry.ts';
import { JobStore } from '../../src/jobs/store.ts';
import { Turns } from '../../src/jobs/turns.ts';
import { DeviceStore } from '../../src/events/devices.ts';
import { finishUserDeletions } from '../../src/sweeper/userDeletion.ts';
import type { UserDeletionDeps } from '../../src/sweeper/userDeletion.ts';
import type { KeptAudioEntry } from '../../src/storage/keptAudio.ts';
import { freeSlots } from '../../src/transcription/requestSlots.ts';
import { INDEX_FILE, indexesFor, readIndexSpec, recordQueries } from '../support/queryShapes.ts';
import type { QueryShape } from '../support/queryShapes.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

const db = new Firestore({ projectId: 'demo-indexes' });

const TURN_DEPS = {
  db,
  jobs: new JobStore(db),
  queue: { enqueue: () => Promise.resolve() },
  logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  now: () => 0,
};

/** Every file that queries Firestore, and a function that makes it send all its queries. */
const QUERIES: Record<string, () => Promise<unknown>> = {
  'jobs/store.ts': async () => {
    const jobs = new JobStore(db);
    await jobs.list({ uid: 'ann', limit: 20 });
    await jobs.list({ uid: 'ann', limit: 20, status: 'completed' });
    await jobs.countActive('ann', 5);
  },
  'jobs/dueJobs.ts': async () => {
    const due = new DueJobs(db);
    await due.still('processing', 0).query.get();
    await due.overdue('deferred', 0).query.get();
    await due.overdue('uploading', 0).query.get();
    await due.begun(['pending', 'deferred'], 0).query.get();
    await due.notWrappedUp(0).query.get();
    await due.ended(0).query.get();
    await due.expired(0).query.get();
    await due.uploadsOf('ann', 'omi', 0);
    await due.someOf('ann', null, 1);
    await due.someOf('ann', Timestamp.now(), 1);
  },
  'jobs/turns.ts': async () => {
    const turns = new Turns({ ...TURN_DEPS, maxRunningJobs: 1 });
    await turns.wait({ uid: 'ann', createdAt: Timestamp.now() } as Job).catch(() => undefined);
    await turns.pass('ann');
  },
  'conversations/collections.ts': async () => {
    const conversation = { deviceId: 'omi', startedAt: Timestamp.now(), finishedAt: Timestamp.now() };
    await transcriptOf(segmentPagesOf(db, 'ann'), conversation).get();
    await unfinishedDeletions(db).get();
    await mergedInto(conversationsOf(db, 'ann').doc('one')).get();
    await conversationsEndingAfter(db, 'ann', 'omi', 0).get();
    await pagesBetween(db, { uid: 'ann', deviceId: 'omi', startMs: 0, endMs: 1 }).get();
    await pagesOfVoice(db, 'ann', 1).get();
    await pagesOfChunk(db, 'ann', 'job', 'chunk').get();
    await pagesWithChunkId(db, 'ann', 'chunk').get();
    await pagesAt(db, 'ann', { recordingId: 'recording', startedAtMs: 0 }).get();
    await deletedBetween(db, { uid: 'ann', deviceId: 'omi', startMs: 0, endMs: 1, longestMs: 1 }).get();
  },
  'jobs/existing.ts': () => readExisting(segmentPagesOf(db, 'ann'), ['page']),
  'conversations/edits.ts': async () => {
    const where = { uid: 'ann', deviceId: 'omi', startMs: 0, endMs: 1 };
    await boundariesBetween(db, where).get();
    await editsBetween(db, where).get();
    for (const query of editsAt(db, 'ann', { recordingId: 'recording', startedAtMs: 0 })) await query.get();
    await editsOfVoice(db, 'ann', 1).get();
    await namedVoices(db, 'ann').get();
  },
  'conversations/sharing.ts': () => Promise.all([sharesOf(db, 'ann').get(), workingSharesOf(db, 'ann', 0).get()]),
  'jobs/chunk.ts': () => chunksBetween(db, 'job', 0, 1).get(),
  'jobs/redatings.ts': () => unfinishedRedatings(db).get(),
  'jobs/registry.ts': async () => {
    const tx = { get: (query: Query) => query.get() } as unknown as Transaction;
    await new RecordingRegistry(db, new JobStore(db)).named(tx, 'ann', ['name'], 10);
  },
  'transcription/requestSlots.ts': () => freeSlots(db, 0).get(),
  'sweeper/userDeletion.ts': () => finishUserDeletions({ db, now: () => 0 } as UserDeletionDeps, () => false),
  // The user has no document here.
  'events/devices.ts': () => new DeviceStore(db).tokens('ann').catch(() => undefined),
};

/** The fields of collections with many documents, by their types, so that a new field must be named here. */
const FIELDS = {
  audio: { path: 1, contentType: 1, bytes: 1, durationMs: 1, spans: 1, createdAt: 1, expiresAt: 1 } satisfies Record<
    keyof KeptAudioEntry,
    1
  >,
  chunks: {
    ...{ uid: 1, deviceId: 1, spans: 1, recordings: 1, context: 1, durationMs: 1, startedAt: 1, endedAt: 1, words: 1 },
    ...{ language: 1, requestId: 1, transcriber: 1, billedSeconds: 1, conversationIds: 1, expiresAt: 1 },
  } satisfies Record<keyof ChunkDoc, 1>,
  coverage: { deviceId: 1, stretches: 1, expiresAt: 1 } satisfies Record<keyof CoverageDoc, 1>,
  deleted_speech: { deviceId: 1, startedAt: 1, endedAt: 1, conversationId: 1 } satisfies Record<keyof DeletedSpeech, 1>,
  job_files: { uid: 1, jobId: 1, files: 1, expiresAt: 1 } satisfies Record<keyof FilePage, 1>,
  project_usage: {
    day: 1,
    detectedSeconds: 1,
    sentSeconds: 1,
    uploadedBytes: 1,
    sharedBytes: 1,
    expiresAt: 1,
  } satisfies Record<Resource | 'day' | 'expiresAt', 1>,
  recordings: {
    ...{ jobId: 1, file: 1, state: 1, deviceId: 1, startedAt: 1, startTimes: 1, durationSeconds: 1, updatedAt: 1 },
    expiresAt: 1,
  } satisfies Record<keyof RecordingEntry, 1>,
  segments: {
    ...{ deviceId: 1, recordingId: 1, recordingStartedAt: 1, startedAt: 1, endedAt: 1, segments: 1, transcriber: 1 },
    ...{ speakers: 1, jobId: 1, chunkId: 1 },
  } satisfies Record<keyof SegmentPage, 1>,
};

/** The fields whose single-field index a query needs, because no composite index serves it. */
function singleFieldsOf({ collection, equal, contains, order }: QueryShape): string[] {
  const isComposite = order.length > 0 && equal.length + contains.length + order.length > 1;
  return isComposite
    ? []
    : [...equal, ...contains, ...order.map(({ field }) => field)].map((f) => `${collection}.${f}`);
}

const CONVERSATION = { deviceId: 'omi', startedAt: Timestamp.now(), finishedAt: Timestamp.now() };

/** Queries of apps with the Firebase SDK that firestore.rules allow. docs/api.md has them. */
const APP_QUERIES: Record<string, Query> = {
  'the newest jobs': adminQuery(reading.newestJobs('ann')),
  'the jobs since a day': adminQuery(reading.jobsSince('ann', new Date(0))),
  'the jobs under way': adminQuery(reading.unfinishedJobs('ann')),
  'the recordings of a job': adminQuery(reading.filesOfJobs('ann', 'job')),
  'the recordings of some jobs': adminQuery(reading.filesOfJobs('ann', ['job', 'another'])),
  'the recordings of all jobs': adminQuery(reading.filesOfJobs('ann', null)),
  'jobs to catch up on': adminQuery(reading.unacknowledgedJobs('ann')),
  'the newest conversations': adminQuery(reading.newestConversations('ann')),
  'the conversations of a day': adminQuery(reading.conversationsOfDay('ann', new Date(0), new Date(1))),
  'the speech of a day, added up': adminQuery(reading.totalOfDay('ann', new Date(0), new Date(1))),
  'the conversations held on a day': adminQuery(reading.conversationsDuring('ann', new Date(1), new Date(2))),
  'the conversation before a day': adminQuery(reading.conversationBefore('ann', new Date(1))),
  'the conversation after a day': adminQuery(reading.conversationFrom('ann', new Date(1))),
  'the transcript of a conversation': adminQuery(reading.transcriptOf('ann', CONVERSATION)),
  'the speech of a day': adminQuery(reading.speechOfDay('ann', new Date(0), new Date(1))),
  'all conversations ever': adminQuery(reading.conversationChanges('ann', null)),
  'what changed since': adminQuery(reading.conversationChanges('ann', Timestamp.now())),
  'the edits of a day': adminQuery(reading.editsBetween('ann', new Date(0), new Date(1))),
  'edits that changed since': adminQuery(reading.editChanges('ann', Timestamp.now())),
  'what is shared': adminQuery(reading.sharesOf('ann')),
  'voices with a name': adminQuery(reading.namedVoices('ann')),
  'the usage of a month': adminQuery(reading.usageSince('ann', '2026-01-01')),
};

/** A query of the client library, built with the Admin SDK. */
function adminQuery({ collection, isGroup, where, orderBy, limit }: reading.ReadQuery): Query {
  const source = isGroup === true ? db.collectionGroup(collection) : db.collection(collection);
  const filtered = where.reduce<Query>((query, condition) => query.where(...condition), source);
  return orderBy.reduce((query, order) => query.orderBy(...order), filtered).limit(limit);
}

async function shapesOf(ask: () => Promise<unknown>): Promise<readonly QueryShape[]> {
  const recording = recordQueries({ offline: true });
  try {
    await ask();
  } finally {
    recording.stop();
  }
  return recording.shapes;
}

describe('firestore.indexes.json', () => {
  const spec = readIndexSpec();

  for (const [file, ask] of Object.entries(QUERIES)) {
    it(`has every index that ${file} needs`, async () => {
      const shapes = await shapesOf(ask);
      assert.ok(shapes.length > 0, 'no query was recorded');
      for (const shape of shapes) indexesFor(shape, spec);
    });

    it(`is compared with every field that ${file} asks for`, async () => {
      const shapes = await shapesOf(ask);
      const asked = new Set(
        shapes.flatMap(({ equal, contains, order }) => [...equal, ...contains, ...order.map(({ field }) => field)]),
      );
      assert.deepEqual([...asked].sort(), fieldsIn(await readFile(path.join(SRC, file), 'utf8')));
    });
  }

  it('is compared with every file that has a query', async () => {
    const files = (await readdir(SRC, { recursive: true })).filter((file) => file.endsWith('.ts'));
    const sources = await Promise.all(files.map((file) => readFile(path.join(SRC, file), 'utf8')));
    const querying = files.filter((_, index) => /\.(where|orderBy|collectionGroup)\(/.test(sources[index]!));
    assert.deepEqual(querying.sort(), Object.keys(QUERIES).sort());
  });

  for (const [name, query] of Object.entries(APP_QUERIES)) {
    it(`has the index for an app’s query for ${name}`, async () => {
      const [shape] = await shapesOf(() => query.get());
      indexesFor(shape!, spec);
    });
  }

  it('has no composite index that no query uses', async () => {
    const shapes = await shapesOf(async () => {
      for (const ask of Object.values(QUERIES)) await ask();
      for (const query of Object.values(APP_QUERIES)) await query.get();
    });
    const used = new Set(shapes.flatMap((shape) => indexesFor(shape, spec)));
    assert.deepEqual(
      spec.indexes.filter((index) => !used.has(index)),
      [],
    );
  });

  it('has a TTL policy on expiresAt of every collection that must not grow without limit', () => {
    const policies = spec.fieldOverrides.filter(({ ttl }) => ttl);
    assert.deepEqual(policies.map(({ collectionGroup, fieldPath }) => `${collectionGroup}.${fieldPath}`).sort(), [
      'audio.expiresAt',
      'chunks.expiresAt',
      'coverage.expiresAt',
      'job_files.expiresAt',
      'offline_sync_jobs.expiresAt',
      'project_usage.expiresAt',
      'recordings.expiresAt',
      'shared_conversations.expiresAt',
      'usage.expiresAt',
    ]);
  });

  it('exempts every field that no query asks for, in collections with many documents', async () => {
    const shapes = await shapesOf(async () => {
      for (const ask of Object.values(QUERIES)) await ask();
      for (const query of Object.values(APP_QUERIES)) await query.get();
    });
    const asked = new Set(shapes.flatMap(singleFieldsOf));
    const exempt = spec.fieldOverrides.filter(({ indexes }) => indexes.length === 0);
    const paths = new Set(exempt.map(({ collectionGroup, fieldPath }) => `${collectionGroup}.${fieldPath}`));
    const stored = Object.entries(FIELDS).flatMap(([collection, fields]) =>
      Object.keys(fields).map((field) => `${collection}.${field}`),
    );
    assert.deepEqual(
      stored.filter((path) => paths.has(path) === asked.has(path)),
      [],
    );
  });

  it('passes the checks that firebase deploy makes before it sends anything', async () => {
    const require = createRequire(import.meta.url);
    const { FirestoreApi } = require('firebase-tools/lib/firestore/api.js') as {
      FirestoreApi: new () => { validateSpec(spec: unknown): void };
    };
    new FirestoreApi().validateSpec(JSON.parse(await readFile(INDEX_FILE, 'utf8')));
  });
});

describe('storage.rules', () => {
  it('has the limits of the functions', async () => {
    const rules = await readFile(new URL('../../../storage.rules', import.meta.url), 'utf8');
    const [, mebibytes] = /size <= (\d+) \* 1024 \* 1024/.exec(rules) ?? [];
    assert.equal(Number(mebibytes) * 1024 * 1024, LIMITS.maxRecordingBytes);
    assert.equal(Number(/name\.size\(\) <= (\d+)/.exec(rules)?.[1]), LIMITS.maxNameBytes);
  });
});

/** The fields that a source file names in its queries. */
function fieldsIn(source: string): string[] {
  const matches = source.matchAll(/\.(?:where|orderBy)\(\s*'([^']+)'/g);
  return [...new Set([...matches].flatMap(([, field]) => field ?? []))].sort();
}
