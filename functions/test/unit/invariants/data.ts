/** The sound data of a user, which tests break. */
import { Timestamp } from 'firebase-admin/firestore';
import { NO_SUMMARY, segmentsIn } from '../../../src/conversations/conversation.ts';
import type { Conversation } from '../../../src/conversations/conversation.ts';
import { segmentPage } from '../../../src/conversations/axis.ts';
import { pageSegments, segmentWords } from '../../../src/conversations/segments.ts';
import { recordedWords } from '../../../src/jobs/chunk.ts';
import type { ChunkWord } from '../../../src/jobs/chunk.ts';
import type { RecordingEntry } from '../../../src/jobs/recordingEntry.ts';
import type { JobFile } from '../../../src/jobs/job.ts';
import { newJob, WAITING_IN_QUEUE } from '../../../src/jobs/store.ts';
import { recordingId } from '../../../src/audio/read/identity.ts';
import type { Context } from '../../invariants/invariant.ts';
import { byContent } from '../../invariants/userData.ts';
import type { StoredChunk, UserData } from '../../invariants/userData.ts';
import { describedBy, jobFile } from '../../support/jobFiles.ts';
import type { JobWithFiles } from '../../support/jobFiles.ts';

export const UID = 'ada';
const DEVICE = 'pendant1';
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 2, 1, 9);
const END_MS = START_MS + 60 * MINUTE_MS;
export const NOW_MS = END_MS + 5 * MINUTE_MS;
export const CONTEXT: Context = { nowMs: NOW_MS, gapMs: 120_000, graceMs: 15 * MINUTE_MS };

export function at(ms: number): Timestamp {
  return Timestamp.fromMillis(ms);
}

/** Job `finished` has talked (10 s, 4 of them speech) and quiet (5 s), job `again` has talked again, and job `waiting` waits. */
export function soundData(): UserData {
  const talked = file('finished', 'talked', { state: 'transcribed', durationSeconds: 10, speechSeconds: 4 });
  const quiet = file('finished', 'quiet', { state: 'silent', durationSeconds: 5, speechSeconds: 0 });
  const again = file('again', 'again', {
    state: 'duplicate',
    md5: talked.md5,
    durationSeconds: 10,
    duplicateSeconds: 10,
    duplicateOf: { jobId: 'finished', file: talked.name },
  });
  const staged = file('waiting', 'staged', { state: 'staged' });
  const ledger = { speechSeconds: 4, silentSeconds: 11, duplicateSeconds: 0, failedSeconds: 0, audioSeconds: 15 };
  return {
    uid: UID,
    jobs: new Map([
      ['finished', finished({ files: [talked, quiet], ledger, newConversationIds: ['talk'] })],
      [
        'again',
        finished({
          files: [again],
          ledger: { ...ledger, speechSeconds: 0, silentSeconds: 0, duplicateSeconds: 10, audioSeconds: 10 },
        }),
      ],
      ['waiting', { ...job([staged]), status: 'pending', waitingFor: WAITING_IN_QUEUE }],
    ]),
    chunks: [CHUNK],
    recordings: new Map([entry(talked), entry(quiet)]),
    segments: SEGMENTS,
    conversations: new Map([['talk', conversation()]]),
    edits: [],
    usage: new Map([['2026-03-01', { requests: 1, billedSeconds: 4.5, speechSeconds: 4, audioSeconds: 15 }]]),
    objects: [{ path: staged.path, md5: staged.md5 ?? '', createdAtMs: START_MS }],
  };
}

function job(files: readonly JobFile[]): JobWithFiles {
  const { job: begun } = newJob({
    uid: UID,
    deviceId: DEVICE,
    files,
    upload: 'multipart',
    uploadExpiryMs: 24 * 60 * MINUTE_MS,
    conversationId: null,
    contentHash: null,
    nowMs: START_MS,
    retentionMs: 7 * 24 * 60 * MINUTE_MS,
  });
  return { ...begun, files };
}

function finished(change: Partial<JobWithFiles> & Pick<JobWithFiles, 'files'>): JobWithFiles {
  const end = { status: 'completed', waitingFor: null, finishedAt: at(END_MS), notifiedAt: at(END_MS) } as const;
  return { ...job(change.files), ...describedBy(change.files), ...end, ...change };
}

function file(jobId: string, name: string, change: Partial<JobFile>): JobFile {
  return jobFile({
    name,
    path: `uploads/${UID}/${jobId}/${name}`,
    size: 1000,
    md5: `md5 of ${name}`,
    deviceId: DEVICE,
    startedAt: at(START_MS),
    ...change,
  });
}

function entry({ name, md5, size, durationSeconds, deviceId, startedAt }: JobFile): [string, RecordingEntry] {
  const times = { updatedAt: at(END_MS), expiresAt: at(END_MS + 400 * 24 * 60 * MINUTE_MS) };
  return [
    recordingId(UID, md5 ?? '', size),
    {
      jobId: 'finished',
      file: name,
      state: 'done',
      deviceId,
      startedAt,
      startTimes: [startedAt.toMillis()],
      durationSeconds,
      ...times,
    },
  ];
}

function word(text: string, fromMs: number, toMs: number): ChunkWord {
  const startMs = START_MS + fromMs;
  return { text, startMs, endMs: START_MS + toMs, confidence: 0.9, speaker: 0, language: 'en', recording: 0 };
}

/** Two segments: the pause between them is two seconds. */
export const WORDS = [word('Good', 1000, 1300), word('morning.', 1400, 2000), word('Tea?', 4000, 4500)];

const CHUNK: StoredChunk = {
  id: 'chunk',
  jobId: 'finished',
  writtenAtMs: END_MS,
  chunk: {
    uid: UID,
    deviceId: DEVICE,
    spans: [{ fileName: 'talked', firstFrame: 0, endFrame: 400, chunkStartMs: 0, startMs: START_MS, durationMs: 4000 }],
    recordings: [{ fileName: 'talked', recordingId: 'talked', startedAt: at(START_MS) }],
    durationMs: 4000,
    startedAt: at(START_MS),
    endedAt: at(START_MS + 4000),
    expiresAt: at(END_MS),
    words: WORDS,
    context: [],
    language: 'en',
    requestId: 'request',
    billedSeconds: 4.5,
    conversationIds: ['talk'],
  },
};

const SEGMENTS = byContent(
  segmentsIn(
    pageSegments(segmentWords(recordedWords(CHUNK.chunk))).map((page) =>
      segmentPage(DEVICE, { jobId: 'finished', chunkId: 'chunk' }, page),
    ),
  ),
);

export function conversation(change: Partial<Conversation> = {}): Conversation {
  return {
    ...NO_SUMMARY,
    deviceId: DEVICE,
    state: 'live',
    startedAt: at(START_MS + 1000),
    finishedAt: at(START_MS + 4500),
    language: 'en',
    languages: { en: 3 },
    segmentCount: 2,
    wordCount: 3,
    speechSeconds: 1.4,
    mergedInto: null,
    deletedAt: null,
    revision: 1,
    createdByJobId: 'finished',
    createdAt: at(END_MS),
    updatedAt: at(END_MS),
    ...change,
  };
}
