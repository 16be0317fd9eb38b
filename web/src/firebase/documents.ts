/** Converts the stored documents to the console's values. The security rules let only the functions write them. */
import type { DocumentData, Timestamp } from 'firebase/firestore';
import { segmentsIn } from 'offline-audio-sync-contract';
import type {
  ContentDeletion,
  ConversationDoc,
  EditDoc,
  FairUseEntry,
  FilePageDoc,
  JobDoc,
  JobFile as JobFileDoc,
  Preferences,
  SegmentPageDoc,
  ShareDoc,
  StoredEdit,
  UsageCounters,
} from 'offline-audio-sync-contract';
import type { Conversation, FairUse, Job, JobFile, Segment, Share, UsageDay } from '../data/model.ts';

export function jobOf(id: string, data: DocumentData): Job {
  const doc = data as JobDoc<Timestamp>;
  return {
    id,
    deviceId: doc.deviceId,
    status: doc.status,
    stage: doc.progress.stage,
    percent: doc.progress.percent,
    fileCount: doc.progress.filesTotal,
    files: [],
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

/** One page of a job's recordings. */
export interface FilePage {
  readonly jobId: string;
  readonly files: readonly JobFile[];
}

export function filePageOf(_id: string, data: DocumentData): FilePage {
  const { jobId, files } = data as FilePageDoc<Timestamp>;
  return { jobId, files: files.map(fileOf) };
}

function fileOf(doc: JobFileDoc<Timestamp>): JobFile {
  const { name, deviceId, state, durationSeconds, speechSeconds, duplicateSeconds, failedSeconds, error } = doc;
  return {
    name,
    deviceId,
    state,
    durationSeconds,
    speechSeconds,
    duplicateSeconds,
    failedSeconds,
    error,
    startedAt: doc.startedAt.toMillis(),
    sizeBytes: doc.size,
    duplicateOf: doc.duplicateOf?.file ?? null,
  };
}

export function conversationOf(id: string, data: DocumentData): Conversation {
  const { startedAt, finishedAt, relevance, ...doc } = data as ConversationDoc<Timestamp>;
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

/** The segments of a document, in order of time. */
export function segmentsOf(_id: string, data: DocumentData): Segment[] {
  return segmentsIn([data as SegmentPageDoc<Timestamp>]).map((segment) => {
    const { startedAt, endedAt, transcriber = null, ...doc } = segment;
    const { deviceId, text, language, confidence, chunkId, speaker } = doc;
    return {
      deviceId,
      text,
      language,
      confidence,
      chunkId,
      speaker,
      transcriber,
      startedAt: startedAt.toMillis(),
      endedAt: endedAt.toMillis(),
    };
  });
}

/** A page of segments as it is stored. */
export function segmentPageOf(_id: string, data: DocumentData): SegmentPageDoc<Timestamp> {
  return data as SegmentPageDoc<Timestamp>;
}

/** A correction by the user. */
export function editOf(id: string, data: DocumentData): StoredEdit<Timestamp> {
  return { ...(data as EditDoc<Timestamp>), id };
}

export function shareOf(id: string, data: DocumentData): Share {
  const { conversationId, startedAt, finishedAt, createdAt, expiresAt, withAudio } = data as ShareDoc<Timestamp>;
  return {
    ...{ id, conversationId, withAudio },
    startedAt: startedAt.toMillis(),
    finishedAt: finishedAt.toMillis(),
    createdAt: createdAt.toMillis(),
    expiresAt: expiresAt.toMillis(),
  };
}

/** When the user last deleted everything, Unix milliseconds; null if they never did. */
export function contentDeletedAtOf(_id: string, data: DocumentData): number | null {
  return (data as ContentDeletion<Timestamp>).contentDeletedAt?.toMillis() ?? null;
}

/** The limit that the operator has set for a user. */
export function fairUseOf(_id: string, data: DocumentData): FairUse {
  const { fairUse } = data as { fairUse?: FairUseEntry<Timestamp> };
  return {
    stage: fairUse?.stage ?? 'none',
    until: fairUse?.until?.toMillis() ?? null,
    reason: fairUse?.reason ?? null,
  };
}

export interface WishedPreferences extends Pick<Preferences, 'language' | 'singleLanguage' | 'vocabulary'> {
  /** Whether the user wants audio to be kept for playback, if the operator keeps it. */
  readonly keepAudio: boolean;
  /** Whether the user's devices get a push when recordings are transcribed. */
  readonly notify: boolean;
}

/** The user's preferences, and the names of those that the service could not use. */
export interface KnownPreferences {
  readonly wished: WishedPreferences;
  readonly ignored: readonly string[];
}

export function preferencesOf(_id: string, data: DocumentData): KnownPreferences {
  const { preferences, ignoredPreferences } = data as {
    preferences?: Partial<WishedPreferences>;
    ignoredPreferences?: readonly string[];
  };
  return { wished: { ...NO_WISHES, ...preferences }, ignored: ignoredPreferences ?? [] };
}

export const NO_WISHES: WishedPreferences = {
  ...{ language: null, singleLanguage: false, vocabulary: [] },
  ...{ keepAudio: true, notify: true },
};

/** A counter is missing until something is counted, so it is read as 0. */
export function usageOf(day: string, data: DocumentData): UsageDay {
  const counters = data as Partial<UsageCounters>;
  return {
    day,
    audioSeconds: counters.audioSeconds ?? 0,
    speechSeconds: counters.speechSeconds ?? 0,
    billedSeconds: counters.billedSeconds ?? 0,
    requests: counters.requests ?? 0,
  };
}
