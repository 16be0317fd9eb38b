import assert from 'node:assert/strict';
import { IMPORTED } from 'offline-audio-sync-contract';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Segment } from '../../../src/conversations/conversation.ts';
import type { JobFile } from '../../../src/jobs/job.ts';
import type { JobWithFiles } from '../../support/jobFiles.ts';
import { failure } from '../../../src/completion/outcome.ts';
import { checkUser, INVARIANTS } from '../../invariants/check.ts';
import type { UserData } from '../../invariants/userData.ts';
import { at, CONTEXT, conversation, NOW_MS, soundData, UID } from './data.ts';

type Break = (data: UserData) => UserData;

function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T): Map<string, T> {
  return new Map(map).set(key, value);
}

function withJob(id: string, change: (job: JobWithFiles) => Partial<JobWithFiles>): Break {
  return (data) => {
    const job = data.jobs.get(id)!;
    return { ...data, jobs: withEntry(data.jobs, id, { ...job, ...change(job) }) };
  };
}

function withFile(jobId: string, name: string, change: Partial<JobFile>): Break {
  return withJob(jobId, ({ files }) => ({
    files: files.map((file) => (file.name === name ? { ...file, ...change } : file)),
  }));
}

function withoutFirst<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...map].slice(1));
}

function withSegment(change: Partial<Segment>): Break {
  return (data) => {
    const [[id, segment]] = [...data.segments] as [[string, Segment]];
    return { ...data, segments: withEntry(data.segments, id, { ...segment, ...change }) };
  };
}

function withUsage(change: Readonly<Record<string, number>>): Break {
  return (data) => ({ ...data, usage: withEntry(data.usage, '2026-03-02', change) });
}

function failed(code: ErrorCode): Partial<JobFile> {
  return { state: 'failed', error: failure('talked', code) };
}

const LATER_MS = NOW_MS - 2 * CONTEXT.graceMs;
const LEASE = { owner: 'worker', expiresAt: at(LATER_MS) };
const WAITING = { reason: 'transcription_unavailable', message: 'Waiting.' } as const;
const OBJECT = { md5: 'md5', createdAtMs: LATER_MS };

/** The violations that each invariant must notice. */
const BROKEN: Record<keyof typeof INVARIANTS, Record<string, Break>> = {
  ledgerAddsUp: {
    'a part is missing': withJob('finished', ({ ledger }) => ({ ledger: { ...ledger, silentSeconds: 10 } })),
    'a part is negative': withJob('finished', ({ ledger }) => ({
      ledger: { ...ledger, silentSeconds: 12, failedSeconds: -1 },
    })),
    'its counts of recordings are wrong': withJob('waiting', ({ fileCounts }) => ({
      fileCounts: { ...fileCounts, staged: 2 },
    })),
    'a recording is not counted': withJob('finished', ({ files }) => ({ files: files.slice(0, 1) })),
    'it has speech of no chunk': (data) => ({ ...data, chunks: [] }),
  },
  neededAudioIsThere: {
    'a staged recording is gone': (data) => ({ ...data, objects: [] }),
    'a staged recording is another one': (data) => ({
      ...data,
      objects: data.objects.map((object) => ({ ...object, md5: 'of other bytes' })),
    }),
    'a recording that can be retried is gone': withFile('finished', 'talked', failed('transcription_rejected')),
  },
  noOrphanedObject: {
    'an object has no job': (data) => ({
      ...data,
      objects: [...data.objects, { ...OBJECT, path: `uploads/${UID}/nobody/talked` }],
    }),
    'an object is no file of its job': (data) => ({
      ...data,
      objects: [...data.objects, { ...OBJECT, path: `uploads/${UID}/waiting/other` }],
    }),
    'an object still exists after the end of its job': (data) => ({
      ...data,
      objects: [...data.objects, { ...OBJECT, path: `uploads/${UID}/finished/talked` }],
    }),
  },
  everyJobHasAWayForward: {
    'a worker died and no other took over': withJob('waiting', () => ({
      status: 'processing',
      lease: LEASE,
      waitingFor: null,
    })),
    'it is processed without a lease': withJob('waiting', () => ({ status: 'processing', waitingFor: null })),
    'it waits without a reason': withJob('waiting', () => ({ waitingFor: null })),
    'it is deferred without an end': withJob('waiting', () => ({
      status: 'deferred',
      waitingFor: { ...WAITING, until: null },
    })),
    'its wait is over and it has not continued': withJob('waiting', () => ({
      status: 'deferred',
      waitingFor: { ...WAITING, until: at(LATER_MS) },
    })),
    'it ended and still holds its lease': withJob('finished', () => ({ lease: LEASE })),
    'it ended without a time': withJob('finished', () => ({ finishedAt: null })),
    'it is completed with an unfinished recording': withFile('finished', 'talked', { state: 'staged' }),
    'it failed without a failure': withJob('finished', () => ({ status: 'failed' })),
    'a recording failed without a reason': withFile('finished', 'talked', { state: 'failed' }),
    'a reason has no sentence': withJob('finished', () => ({
      status: 'partial',
      failures: [failure('talked', 'recording_corrupt', '')],
    })),
  },
  registryAgrees: {
    'the registry lacks a recording': (data) => ({ ...data, recordings: withoutFirst(data.recordings) }),
    'the registry still says claimed': (data) => ({
      ...data,
      recordings: new Map([...data.recordings].map(([id, entry]) => [id, { ...entry, state: 'claimed' }])),
    }),
    'the registry has another duration': (data) => ({
      ...data,
      recordings: new Map([...data.recordings].map(([id, entry]) => [id, { ...entry, durationSeconds: 99 }])),
    }),
    'a recording is done in two jobs': withFile('again', 'again', { state: 'transcribed' }),
    'the job of an entry has not processed it': withFile('finished', 'quiet', failed('recording_corrupt')),
    'a duplicate has no original': withFile('again', 'again', { md5: 'of something else' }),
  },
  segmentsMatchChunks: {
    'a segment is missing': (data) => ({ ...data, segments: withoutFirst(data.segments) }),
    'a segment comes from no chunk': (data) => ({
      ...data,
      segments: withEntry(data.segments, 'extra', [...data.segments.values()][0]!),
    }),
    'a segment has other words': withSegment({ text: 'Good evening.' }),
    'a segment is at another time': withSegment({ startedAt: at(NOW_MS) }),
  },
  conversationsAreConnectedComponents: {
    'speech has no conversation': (data) => ({ ...data, conversations: new Map() }),
    'a conversation has no speech': (data) => ({
      ...data,
      conversations: withEntry(
        data.conversations,
        'empty',
        conversation({ startedAt: at(NOW_MS), finishedAt: at(NOW_MS) }),
      ),
    }),
    'a conversation exists twice': (data) => ({
      ...data,
      conversations: withEntry(data.conversations, 'twin', conversation()),
    }),
    'a conversation ends too late': withConversation({ finishedAt: at(NOW_MS) }),
    'a conversation counts a segment twice': withConversation({ segmentCount: 3 }),
    'a conversation counts speech twice': withConversation({ speechSeconds: 2.8 }),
    'two conversations are closer than the gap': (data) => ({
      ...data,
      conversations: new Map(
        [...data.segments.values()].map(({ startedAt, endedAt, words }, i) => [
          `part ${i}`,
          conversation({
            startedAt,
            finishedAt: endedAt,
            segmentCount: 1,
            wordCount: words.length,
            speechSeconds: words.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0),
          }),
        ]),
      ),
    }),
  },
  conversationIdsResolve: {
    'a job names one that does not exist': withJob('again', () => ({ updatedConversationIds: ['unknown'] })),
    'a chunk names one that does not exist': (data) => ({
      ...data,
      chunks: data.chunks.map(({ chunk, ...rest }) => ({
        ...rest,
        chunk: { ...chunk, conversationIds: ['unknown'] },
      })),
    }),
    'a merge leads nowhere': withConversation({ state: 'merged', mergedInto: 'unknown' }),
    'a merge leads in a circle': withConversation({ state: 'merged', mergedInto: 'talk' }),
  },
  usageEqualsChunks: {
    'a request is counted twice': withUsage({ requests: 1 }),
    'seconds are billed twice': withUsage({ billedSeconds: 4.5 }),
    'speech is counted twice': withUsage({ speechSeconds: 4 }),
    'nothing is counted': (data) => ({ ...data, usage: new Map() }),
  },
  audioUsageEqualsRecordings: {
    'audio is counted twice': withUsage({ audioSeconds: 15 }),
    'a day is negative': withUsage({ audioSeconds: -1 }),
    'a recording that did not fail is not counted': withFile('again', 'again', {
      state: 'silent',
      duplicateSeconds: 0,
    }),
    'audio that is stored through another recording is counted again': withUsage({ audioSeconds: 10 }),
  },
};

function withConversation(change: Parameters<typeof conversation>[0]): Break {
  return (data) => ({ ...data, conversations: new Map([['talk', conversation(change)]]) });
}

function violated(data: UserData): string[] {
  return checkUser(data, CONTEXT).map(({ invariant }) => invariant);
}

describe('the invariants', () => {
  it('hold for data that is sound', () => {
    assert.deepEqual(checkUser(soundData(), CONTEXT), []);
  });

  for (const [invariant, breaks] of Object.entries(BROKEN)) {
    for (const [what, breakIt] of Object.entries(breaks)) {
      it(`${invariant} is violated when ${what}`, () => {
        assert.ok(violated(breakIt(soundData())).includes(invariant));
      });
    }
  }

  it('name the user and say in a sentence what is wrong', () => {
    const [violation, ...others] = checkUser({ ...soundData(), objects: [] }, CONTEXT);
    assert.deepEqual(violation, {
      invariant: 'neededAudioIsThere',
      uid: UID,
      complaint: 'job waiting: the audio of staged is not in Storage, or not as it was sent',
    });
    assert.deepEqual(others, []);
  });

  it('give a job that just ended time to delete its audio', () => {
    const data = withJob('finished', () => ({ notifiedAt: null }))(soundData());
    const path = `uploads/${UID}/finished/talked`;
    const objects = [...data.objects, { path, md5: 'md5 of talked', createdAtMs: LATER_MS }];
    assert.deepEqual(violated({ ...data, objects }), []);
    assert.deepEqual(
      checkUser({ ...data, objects }, { ...CONTEXT, graceMs: 0 }).map(({ invariant }) => invariant),
      ['noOrphanedObject'],
    );
  });

  it('allow a lease that expired a moment ago, because another worker may be about to acquire it', () => {
    const lease = { owner: 'worker', expiresAt: at(NOW_MS - 1000) };
    const data = withJob('waiting', () => ({ status: 'processing', lease, waitingFor: null }))(soundData());
    assert.deepEqual(violated(data), []);
  });

  it('hold for imported speech, which comes from no chunk', () => {
    const { chunks, ...data } = soundData();
    const segments = new Map(
      [...data.segments].map(([id, segment]) => [
        id,
        { ...segment, jobId: `${IMPORTED}a`, chunkId: `${IMPORTED}a-0-0` },
      ]),
    );
    const withoutWords = chunks.map(({ chunk, ...rest }) => ({ ...rest, chunk: { ...chunk, words: [] } }));
    const complaints = checkUser({ ...data, segments, chunks: withoutWords }, CONTEXT);
    assert.deepEqual(
      complaints.filter(({ invariant }) => invariant === 'segmentsMatchChunks'),
      [],
    );
  });

  it('hold after the job of a transcript was deleted because of its age', () => {
    const { jobs, ...data } = soundData();
    const { again: _again, finished: _finished, ...kept } = Object.fromEntries(jobs);
    assert.deepEqual(violated({ ...data, jobs: new Map(Object.entries(kept)), chunks: [] }), []);
  });
});
