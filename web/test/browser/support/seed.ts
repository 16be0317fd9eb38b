/** Fills the emulator with weeks of data: documents as the functions write them. */
import { createHash } from 'node:crypto';
import { EMPTY_LEDGER } from 'offline-audio-sync-contract';
import { putDocuments } from './operator.ts';

const DAY_MS = 24 * 3600_000;

export interface SeededConversation {
  readonly id: string;
  readonly deviceId: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly title: string | null;
}

/** Titles in several scripts and lengths. */
const TITLES = [
  'Lunch with Ada',
  'مكالمة مع والدتي حول العشاء',
  'פגישה על התקציב',
  'चाय की दुकान पर',
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(2),
  null,
  '会議の準備',
] as const;

/** @param newest midnight of the newest day @returns the conversations of the newest day, in order of time */
export async function seedConversations(
  uid: string,
  { newest, days, aDay }: { readonly newest: number; readonly days: number; readonly aDay: number },
): Promise<SeededConversation[]> {
  const all = Array.from({ length: days * aDay }, (_, index): SeededConversation => {
    const [back, place] = [Math.floor(index / aDay), index % aDay];
    const startedAt = newest - back * DAY_MS + 600_000 + place * Math.floor((22 * 3600_000) / aDay);
    return {
      id: createHash('md5').update(`${startedAt}-${place}`).digest('hex').slice(0, 20),
      deviceId: place % 2 === 0 ? 'pendant' : 'glasses',
      startedAt: new Date(startedAt),
      finishedAt: new Date(startedAt + 60_000),
      title: TITLES[index % TITLES.length] ?? null,
    };
  });
  await putConversations(uid, all);
  return all.slice(0, aDay);
}

export async function putConversations(uid: string, all: readonly SeededConversation[]): Promise<void> {
  const documents = all.map(({ id, ...own }): [string, object] => {
    const counts = { segmentCount: 1, wordCount: 10, speechSeconds: 20, summaryRevision: 1, revision: 1 };
    const language = { language: 'en', languages: { en: 10 }, relevance: 'speech', overview: null };
    const life = { state: 'live', mergedInto: null, deletedAt: null, createdByJobId: 'seeded' };
    const times = { createdAt: own.finishedAt, updatedAt: own.finishedAt };
    return [`users/${uid}/conversations/${id}`, { ...own, ...counts, ...language, ...life, ...times }];
  });
  await putDocuments(documents);
}

/** Stores one page of segments for each text: sentences of ten seconds each, from `startedAt` on. */
export async function seedTranscript(
  uid: string,
  {
    deviceId,
    startedAt,
    texts,
    language = null,
    chunkId = 'c',
  }: {
    readonly deviceId: string;
    readonly startedAt: Date;
    readonly texts: readonly string[];
    readonly language?: string | null;
    readonly chunkId?: string;
  },
): Promise<void> {
  const segments = texts.map((text, index) => {
    const from = startedAt.getTime() + index * 10_000;
    const said = text.split(' ');
    const words = said.map((word, i) => ({
      ...{ text: word, fromMs: i * 200 },
      toMs: i === said.length - 1 ? 9000 : i * 200 + 180,
    }));
    const of = { speaker: 1000 + (index % 2), confidence: 0.9, language };
    return { startedAt: new Date(from), endedAt: new Date(from + 9000), text, words, ...of };
  });
  const source = {
    deviceId,
    recordingId: `r${deviceId}`,
    recordingStartedAt: startedAt,
    jobId: 'seeded',
    chunkId,
  };
  const endedAt = segments.at(-1)?.endedAt ?? startedAt;
  const page = { ...source, transcriber: 'deepgram/nova-3', startedAt, endedAt, segments, speakers: [1000, 1001] };
  await putDocuments([[`users/${uid}/segments/${deviceId}${startedAt.getTime()}`, page]]);
}

/**
 * Stores ended jobs with one recording of a minute each.
 * @param change fields that differ from the default, for each job
 */
export async function seedJobs(uid: string, newest: Date, count: number, change: object = {}): Promise<void> {
  const documents = Array.from({ length: count }, (_, index) => {
    const createdAt = new Date(newest.getTime() - index * 60_000);
    const id = `seeded-${uid}-${String(index).padStart(4, '0')}`;
    const ledger = { ...EMPTY_LEDGER, audioSeconds: 60, speechSeconds: 20, silentSeconds: 40 };
    const expiresAt = new Date(createdAt.getTime() + 30 * DAY_MS);
    const counts = { expected: 0, staged: 0, transcribed: 1, silent: 0, duplicate: 0, failed: 0 };
    const job = {
      ...{ uid, deviceId: 'pendant', status: 'completed', upload: 'multipart', filePages: ['a'], ledger, failures: [] },
      ...{ fileCounts: counts, attempts: 0, deferrals: 0, reading: null, lease: null, waitingFor: null },
      progress: { stage: 'done', percent: 100, filesDone: 1, filesTotal: 1, chunksDone: 1, chunksPlanned: 1 },
      ...{ conversationId: null, conversationIds: [], newConversationIds: [], updatedConversationIds: [] },
      ...{ usage: { requests: 1, billedSeconds: 21 }, epoch: 1, contentHash: null, notifiedAt: createdAt },
      ...{ acknowledgedAt: createdAt, createdAt, updatedAt: createdAt, finishedAt: createdAt, expiresAt },
      ...change,
    };
    const name = `audio_pendant_opus_fs320_16000_1_fs320_${createdAt.getTime() - 120_000}.bin`;
    const file = {
      ...{ name, path: `uploads/${uid}/${id}/${name}`, size: 1000, md5: null, format: {}, deviceId: 'pendant' },
      ...{ startedAt: new Date(createdAt.getTime() - 120_000), state: 'transcribed', durationSeconds: 60 },
      ...{ speechSeconds: 20, duplicateSeconds: 0, failedSeconds: 0, refused: [], duplicateOf: null, error: null },
    };
    const page = { uid, jobId: id, files: [file], expiresAt };
    return [
      [`offline_sync_jobs/${id}`, job],
      [`offline_sync_jobs/${id}/job_files/0`, page],
    ] as [string, object][];
  });
  await putDocuments(documents.flat());
}
