/** Sends sample recordings through a running suite as a signed-in user, and collects the results. */
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { StandInControl } from '../deepgram/control.ts';
import type { LogEntry } from '../deepgram/protocol.ts';
import { readRecording, type Sample } from '../samples/samples.ts';
import { listObjects, signUp, upload, waitForJob, type JobView, type User } from './api.ts';
import { OPERATOR, readCollection } from './firestore.ts';
import type { Word } from './compare.ts';

/** The environment variables by which the launcher tells programs the addresses of the suite. */
const environmentSchema = z.object({
  GCLOUD_PROJECT: z.string(),
  FIREBASE_AUTH_EMULATOR_HOST: z.string(),
  FIRESTORE_EMULATOR_HOST: z.string(),
  STORAGE_EMULATOR_HOST: z.string(),
  HOSTING_ORIGIN: z.string(),
  DEEPGRAM_STANDIN_URL: z.string().optional(),
});

const time = z.date().transform((date) => date.getTime());

const conversationSchema = z.object({
  deviceId: z.string(),
  state: z.enum(['live', 'merged', 'deleted']),
  startedAt: time,
  finishedAt: time,
});

const segmentPageSchema = z.object({
  deviceId: z.string(),
  segments: z.array(z.object({ startedAt: time, endedAt: time, text: z.string(), speaker: z.number().nullable() })),
});
type SegmentPage = z.infer<typeof segmentPageSchema>;
export type Segment = SegmentPage['segments'][number] & Pick<SegmentPage, 'deviceId'>;

const chunkSchema = z.object({
  deviceId: z.string(),
  requestId: z.string().optional(),
  words: z.array(z.object({ text: z.string(), startMs: z.number(), endMs: z.number() })).default([]),
});

/** A live conversation with its transcript, in order of time. */
export interface Conversation {
  readonly id: string;
  readonly deviceId: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly segments: readonly Segment[];
}

/** The result of one sample: one upload, one job. */
export interface SampleResult {
  readonly sample: Sample;
  readonly job: JobView;
  /** Its transcription requests, each with its words at absolute times. */
  readonly chunks: readonly { readonly words: readonly Word[]; readonly requestId?: string | undefined }[];
  /** The conversations that begin in its recordings. */
  readonly conversations: readonly Conversation[];
}

export interface Journey {
  readonly user: User;
  readonly results: readonly SampleResult[];
  /** The stand-in's log of the requests with the audio of these recordings; null if Deepgram itself transcribed. */
  readonly requests: readonly LogEntry[] | null;
  /** Staged objects that still exist some time after the jobs have ended. */
  readonly leftovers: readonly string[];
}

/** Longest that a job may take, milliseconds: generous, because a machine may be busy with other things. */
const JOB_LIMIT_MS = 900_000;
/** How many jobs run at once. The Functions emulator starts a process for every running request, and a laptop has few cores. */
const JOBS_IN_FLIGHT = 3;
/** How long staged files may outlive their job, milliseconds. */
const CLEANUP_LIMIT_MS = 240_000;

/**
 * Runs samples from upload to transcript. No two of them may be at the same time on the same device, because device and time
 * tell their conversations apart.
 */
export async function runJourney(
  environment: Readonly<Record<string, string>>,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<Journey> {
  const env = environmentSchema.parse(environment);
  const standIn = env.DEEPGRAM_STANDIN_URL === undefined ? null : new StandInControl(env.DEEPGRAM_STANDIN_URL);
  await standIn?.reset();
  const user = await signUp(env.FIREBASE_AUTH_EMULATOR_HOST, `demo-${Date.now()}@example.com`);
  const ended = await sendAll(env.HOSTING_ORIGIN, user, samples, signal);

  const database = { host: env.FIRESTORE_EMULATOR_HOST, projectId: env.GCLOUD_PROJECT };
  const asUser = { ...database, token: user.idToken };
  const conversations = await readCollection(asUser, `users/${user.uid}/conversations`, conversationSchema);
  const pages = await readCollection(asUser, `users/${user.uid}/segments`, segmentPageSchema);
  const segments = pages.flatMap(({ deviceId, segments: ofPage }) =>
    ofPage.map((segment) => ({ deviceId, ...segment })),
  );
  const results = await Promise.all(
    ended.map(async ({ sample, job }) => ({
      sample,
      job,
      // The times of words are read as the operator; clients read segments.
      chunks: await readCollection(
        { ...database, token: OPERATOR },
        `offline_sync_jobs/${job.job_id}/chunks`,
        chunkSchema,
      ),
      conversations: conversations
        .filter(({ deviceId, state, startedAt }) => {
          return state === 'live' && deviceId === sample.deviceId && recordedAt(sample, startedAt);
        })
        .sort((a, b) => a.startedAt - b.startedAt)
        .map((conversation) => ({ ...conversation, segments: segmentsOf(conversation, segments) })),
    })),
  );
  return {
    user,
    results,
    requests: standIn === null ? null : requestsFor(results, (await standIn.log()).requests),
    leftovers: await remainingObjects(env.STORAGE_EMULATOR_HOST, `${env.GCLOUD_PROJECT}.appspot.com`, user, signal),
  };
}

/** Uploads every sample and waits for the end of its job, a few at a time. The results are in the order of the samples. */
async function sendAll(
  origin: string,
  user: User,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<{ sample: Sample; job: JobView }[]> {
  const ended: { sample: Sample; job: JobView }[] = [];
  const waiting = samples.entries();
  const sendNext = async (): Promise<void> => {
    for (const [index, sample] of waiting) {
      const files = sample.recordings.map((recording) => ({
        name: recording.name,
        bytes: readRecording(sample, recording),
      }));
      const jobId = await upload(origin, user, files, sample.deviceId);
      const job = await waitForJob(origin, user, jobId, { limitMs: JOB_LIMIT_MS, signal });
      ended[index] = { sample, job };
    }
  };
  await Promise.all(Array.from({ length: JOBS_IN_FLIGHT }, sendNext));
  return ended;
}

/** Whether a moment, Unix milliseconds, lies between the sample's first and last. */
function recordedAt({ recordings }: Sample, moment: number): boolean {
  const start = Math.min(...recordings.map(({ startedAtMs }) => startedAtMs));
  const end = Math.max(...recordings.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs));
  return moment >= start && moment <= end;
}

/** A conversation is an interval: its transcript is the segments of its device in it. */
function segmentsOf(
  { deviceId, startedAt, finishedAt }: { deviceId: string; startedAt: number; finishedAt: number },
  segments: readonly Segment[],
): Segment[] {
  return segments
    .filter(
      (segment) => segment.deviceId === deviceId && segment.startedAt >= startedAt && segment.startedAt <= finishedAt,
    )
    .sort((a, b) => a.startedAt - b.startedAt);
}

/** All requests with the audio of these chunks: those that answered, and any others. */
function requestsFor(results: readonly SampleResult[], log: readonly LogEntry[]): LogEntry[] {
  const answered = new Set(results.flatMap(({ chunks }) => chunks.map(({ requestId }) => requestId)));
  const audio = new Set(log.filter(({ requestId }) => answered.has(requestId)).map(({ sha256 }) => sha256));
  return log.filter(({ sha256 }) => audio.has(sha256));
}

async function remainingObjects(origin: string, bucket: string, user: User, signal: AbortSignal): Promise<string[]> {
  const deadline = Date.now() + CLEANUP_LIMIT_MS;
  for (;;) {
    const names = await listObjects(origin, bucket, `uploads/${user.uid}/`);
    if (names.length === 0 || Date.now() > deadline) return names;
    await delay(200, undefined, { signal });
  }
}
