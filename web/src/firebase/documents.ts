/** Documents as the functions write them, and what the console makes of them. The rules let nobody else write them. */
import type { DocumentData, Timestamp } from 'firebase/firestore';
import type { FileState, JobStatus } from '../../../client/src/index.ts';
import type { Conversation, FairUse, Failure, Job, JobFile, Ledger, Segment, UsageDay } from '../data/model.ts';

interface FileDoc {
  readonly name: string;
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly size: number;
  readonly state: FileState;
  readonly durationSeconds: number | null;
  readonly speechSeconds: number | null;
  readonly failedSeconds?: number | null;
  readonly duplicateOf: { readonly file: string } | null;
  readonly error: Failure | null;
}

interface JobDoc {
  readonly deviceId: string;
  readonly status: JobStatus;
  readonly progress: { readonly stage: string; readonly percent: number };
  readonly files: readonly FileDoc[];
  readonly ledger: Ledger;
  readonly usage: { readonly billedSeconds: number };
  readonly waitingFor: { readonly reason: string; readonly message: string; readonly until: Timestamp | null } | null;
  readonly failures: readonly Failure[];
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
  readonly createdAt: Timestamp;
  readonly finishedAt: Timestamp | null;
  readonly expiresAt: Timestamp;
}

export function jobOf(id: string, data: DocumentData): Job {
  const doc = data as JobDoc;
  return {
    id,
    deviceId: doc.deviceId,
    status: doc.status,
    stage: doc.progress.stage,
    percent: doc.progress.percent,
    files: doc.files.map(fileOf),
    ledger: doc.ledger,
    billedSeconds: doc.usage.billedSeconds,
    waitingFor: doc.waitingFor && { ...doc.waitingFor, until: doc.waitingFor.until?.toMillis() ?? null },
    failures: doc.failures,
    conversationIds: [...doc.newConversationIds, ...doc.updatedConversationIds],
    createdAt: doc.createdAt.toMillis(),
    finishedAt: doc.finishedAt?.toMillis() ?? null,
    expiresAt: doc.expiresAt.toMillis(),
  };
}

function fileOf(doc: FileDoc): JobFile {
  const { name, deviceId, state, durationSeconds, speechSeconds, error } = doc;
  return {
    name,
    deviceId,
    state,
    durationSeconds,
    speechSeconds,
    error,
    failedSeconds: doc.failedSeconds ?? null,
    startedAt: doc.startedAt.toMillis(),
    sizeBytes: doc.size,
    duplicateOf: doc.duplicateOf?.file ?? null,
  };
}

interface ConversationDoc {
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly finishedAt: Timestamp;
  readonly title: string | null;
  readonly overview: string | null;
  readonly relevance: 'speech' | 'fillers' | null;
  readonly language: string | null;
  readonly wordCount: number;
  readonly speechSeconds: number;
  readonly revision: number;
}

export function conversationOf(id: string, data: DocumentData): Conversation {
  const { startedAt, finishedAt, relevance, ...doc } = data as ConversationDoc;
  return {
    id,
    deviceId: doc.deviceId,
    startedAt: startedAt.toMillis(),
    finishedAt: finishedAt.toMillis(),
    title: doc.title,
    overview: doc.overview,
    onlyFillers: relevance === 'fillers',
    language: doc.language,
    wordCount: doc.wordCount,
    speechSeconds: doc.speechSeconds,
    revision: doc.revision,
  };
}

interface SegmentDoc {
  readonly deviceId: string;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly text: string;
  readonly language: string | null;
  readonly confidence: number;
  readonly chunkId: string;
  readonly speaker: number | null;
}

export function segmentOf(id: string, data: DocumentData): Segment {
  const { startedAt, endedAt, deviceId, text, language, confidence, chunkId, speaker } = data as SegmentDoc;
  return {
    id,
    deviceId,
    text,
    language,
    confidence,
    chunkId,
    speaker,
    startedAt: startedAt.toMillis(),
    endedAt: endedAt.toMillis(),
  };
}

/** The limit that whoever runs the service has set for a user. */
export function fairUseOf(_id: string, data: DocumentData): FairUse {
  const { fairUse } = data as { fairUse?: { stage: FairUse['stage']; until: Timestamp | null; reason: string | null } };
  return {
    stage: fairUse?.stage ?? 'none',
    until: fairUse?.until?.toMillis() ?? null,
    reason: fairUse?.reason ?? null,
  };
}

/** Counters come into being with their first count. */
export function usageOf(day: string, data: DocumentData): UsageDay {
  const counters = data as Partial<UsageDay>;
  return {
    day,
    audioSeconds: counters.audioSeconds ?? 0,
    speechSeconds: counters.speechSeconds ?? 0,
    billedSeconds: counters.billedSeconds ?? 0,
    requests: counters.requests ?? 0,
  };
}
