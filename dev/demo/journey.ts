/** Sends sample recordings through a running suite as a signed-in user, and collects all that came of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { StandInControl } from '../deepgram/control.ts';
import type { LogEntry } from '../deepgram/protocol.ts';
import { readRecording, type Sample } from '../samples/samples.ts';
import { listObjects, signUp, upload, waitForJob, type JobView, type User } from './api.ts';
import { OPERATOR, readCollection } from './firestore.ts';
import type { Word } from './compare.ts';

/** Where the suite is: the variables that the launcher gives to programs. */
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

const segmentSchema = z.object({
  deviceId: z.string(),
  startedAt: time,
  endedAt: time,
  text: z.string(),
  speaker: z.number().nullable(),
});
export type Segment = z.infer<typeof segmentSchema>;

const chunkSchema = z.object({
  deviceId: z.string(),
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

/** What one sample became: one upload, one job. */
export interface SampleResult {
  readonly sample: Sample;
  readonly job: JobView;
  /** Requests that were made for it, each with its words at their absolute times. */
  readonly chunks: readonly { readonly words: readonly Word[] }[];
  /** Of its device. */
  readonly conversations: readonly Conversation[];
}

export interface Journey {
  readonly user: User;
  readonly results: readonly SampleResult[];
  /** The stand-in's log; null when Deepgram itself transcribed. */
  readonly requests: readonly LogEntry[] | null;
  /** Staged objects that are still there a while after everything ended. */
  readonly leftovers: readonly string[];
}

/** Longest that a job may take, milliseconds: generous, because a laptop may be busy. */
const JOB_LIMIT_MS = 180_000;
/** How long staged files may outlive their job, milliseconds. */
const CLEANUP_LIMIT_MS = 15_000;

/** Each sample must have a device of its own: that is how its conversations are told apart. */
export async function runJourney(
  environment: Readonly<Record<string, string>>,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<Journey> {
  const env = environmentSchema.parse(environment);
  const standIn = env.DEEPGRAM_STANDIN_URL === undefined ? null : new StandInControl(env.DEEPGRAM_STANDIN_URL);
  const user = await signUp(env.FIREBASE_AUTH_EMULATOR_HOST, `demo-${Date.now()}@example.com`);
  const uploaded: { sample: Sample; jobId: string }[] = [];
  for (const sample of samples) {
    const files = sample.recordings.map((recording) => ({
      name: recording.name,
      bytes: readRecording(sample, recording),
    }));
    uploaded.push({ sample, jobId: await upload(env.HOSTING_ORIGIN, user, files, sample.deviceId) });
  }
  const ended = await Promise.all(
    uploaded.map(async ({ sample, jobId }) => ({
      sample,
      job: await waitForJob(env.HOSTING_ORIGIN, user, jobId, { limitMs: JOB_LIMIT_MS, signal }),
    })),
  );

  const database = { host: env.FIRESTORE_EMULATOR_HOST, projectId: env.GCLOUD_PROJECT };
  const asUser = { ...database, token: user.idToken };
  const conversations = await readCollection(asUser, `users/${user.uid}/conversations`, conversationSchema);
  const segments = await readCollection(asUser, `users/${user.uid}/segments`, segmentSchema);
  const results = await Promise.all(
    ended.map(async ({ sample, job }) => ({
      sample,
      job,
      // Word times are the server's: clients read segments.
      chunks: await readCollection(
        { ...database, token: OPERATOR },
        `offline_sync_jobs/${job.job_id}/chunks`,
        chunkSchema,
      ),
      conversations: conversations
        .filter(({ deviceId, state }) => deviceId === sample.deviceId && state === 'live')
        .sort((a, b) => a.startedAt - b.startedAt)
        .map((conversation) => ({ ...conversation, segments: segmentsOf(conversation, segments) })),
    })),
  );
  return {
    user,
    results,
    requests: standIn === null ? null : (await standIn.log()).requests,
    leftovers: await remainingObjects(env.STORAGE_EMULATOR_HOST, `${env.GCLOUD_PROJECT}.appspot.com`, user, signal),
  };
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

async function remainingObjects(origin: string, bucket: string, user: User, signal: AbortSignal): Promise<string[]> {
  const deadline = Date.now() + CLEANUP_LIMIT_MS;
  for (;;) {
    const names = await listObjects(origin, bucket, `uploads/${user.uid}/`);
    if (names.length === 0 || Date.now() > deadline) return names;
    await delay(200, undefined, { signal });
  }
}
