/** What a worker makes durable, each step in one transaction that first checks its lease. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { TimedWord } from '../conversations/conversation.ts';
import { DeletionUnderWayError } from '../conversations/store.ts';
import type { ConversationStore } from '../conversations/store.ts';
import { chunkId, chunksOf, reachOf } from '../jobs/chunk.ts';
import type { ChunkDoc, DoneChunkDoc, PlannedChunkDoc } from '../jobs/chunk.ts';
import type { Failure, Job, JobFile, ResumePoint } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import type { JobChange } from '../jobs/store.ts';
import type { Transcription } from '../transcription/transcriber.ts';
import type { UsageStore } from '../usage/usage.ts';
import { notePlanned } from './scanOrder.ts';

/** What became known of a recording by reading it. */
export type FileFacts = Pick<JobFile, 'durationSeconds' | 'lostSeconds' | 'error'>;

export interface CheckpointDeps {
  readonly db: Firestore;
  readonly conversations: ConversationStore;
  readonly usage: UsageStore;
}

/** Between tries to write a result, milliseconds; Firestore's client has tried for some seconds before. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

/** What an attempt begins with. */
export interface CheckpointState {
  /** Names of the recordings that this attempt scans, in order. */
  readonly scanned: readonly string[];
  /** Jobs that may have transcribed the same audio. */
  readonly earlierJobs: Iterable<string>;
  readonly nextSequence: number;
}

export class Checkpoints {
  readonly #deps: CheckpointDeps;
  readonly #lease: Lease;
  /** What this attempt has learned, by file name: every write carries it, since none knows whether the one before it came through. */
  readonly #facts = new Map<string, FileFacts>();
  /** Up to where everything is planned or silent. */
  #reached: ResumePoint | null = null;
  readonly #scanned: readonly string[];
  readonly #earlierJobs: readonly string[];
  #sequence: number;

  constructor(deps: CheckpointDeps, lease: Lease, { scanned, earlierJobs, nextSequence }: CheckpointState) {
    this.#deps = deps;
    this.#lease = lease;
    this.#scanned = scanned;
    this.#earlierJobs = [...earlierJobs];
    this.#sequence = nextSequence;
  }

  /** Keeps facts for the next write: a chunk is never planned without the facts of the recordings before it. */
  learn(file: string, facts: FileFacts): void {
    this.#facts.set(file, facts);
  }

  /** Keeps, for the next write, up to where there is nothing left to plan. */
  reach(resume: ResumePoint): void {
    this.#reached = resume;
  }

  /**
   * Writes a chunk down before it is paid for, with the point from which planning goes on.
   * @returns its id and document: the older one where the same audio was planned before; one that is done where an earlier job
   * has its result.
   */
  async plan(chunk: PlannedChunk, file: JobFile, resume: ResumePoint): Promise<{ id: string; doc: ChunkDoc }> {
    const planned: { result: { id: string; doc: ChunkDoc } | null } = { result: null };
    const sequence = this.#sequence++;
    await this.#lease.update(async (job, tx) => {
      const byName = new Map(job.files.map((each) => [each.name, each]));
      const id = chunkId(job.uid, file.deviceId, chunk.spans, byName);
      const ref = this.#chunk(id);
      const before = (await tx.get(ref)).data();
      const plan: PlannedChunkDoc = {
        state: 'planned',
        uid: job.uid,
        deviceId: file.deviceId,
        sequence,
        spans: chunk.spans,
        durationMs: chunk.durationMs,
        ...reachOf(chunk.startMs, chunk.endMs),
        expiresAt: job.expiresAt,
      };
      const doc = before ?? (await this.#reused(tx, id, plan)) ?? plan;
      if (before === undefined) tx.create(ref, doc);
      planned.result = { id, doc };
      return this.#withFacts(job, resume);
    });
    if (planned.result === null) throw new Error('A committed transaction left no plan.');
    return planned.result;
  }

  /** The chunk as an earlier job has settled it, without the words, which are that one's; null if none has. */
  async #reused(tx: Transaction, id: string, plan: PlannedChunkDoc): Promise<DoneChunkDoc | null> {
    if (this.#earlierJobs.length === 0) return null;
    const refs = this.#earlierJobs.map((jobId) => chunksOf(this.#deps.db, jobId).doc(id));
    const earlier = await tx.getAll(...refs);
    for (const [i, jobId] of this.#earlierJobs.entries()) {
      const chunk = earlier[i]?.data();
      if (chunk?.state !== 'done') continue;
      const { language, requestId, transcriber, conversationIds } = chunk;
      const heardBy = transcriber === undefined ? {} : { transcriber };
      const result = { words: [], language, requestId, ...heardBy, billedSeconds: 0, conversationIds };
      return { ...plan, state: 'done', ...result, reusedFrom: chunk.reusedFrom ?? jobId };
    }
    return null;
  }

  /**
   * Writes what the transcriber heard: words, segments, conversations and usage, or nothing of it. It is paid for, so what
   * Firestore fails at is tried again as long as the lease lasts.
   */
  async settle(id: string, chunk: PlannedChunkDoc, result: Transcription, words: readonly TimedWord[]): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await this.#settle(id, chunk, result, words);
        return;
      } catch (error) {
        if (error instanceof DeletionUnderWayError) {
          await this.#deps.conversations.finishDeletion(chunk.uid, error.conversationId);
        } else {
          if (!isPassing(error) || !this.#lease.isInTime) throw error;
          await sleep(pauseMs, undefined, { signal: this.#lease.signal });
        }
      }
    }
  }

  async #settle(id: string, chunk: PlannedChunkDoc, result: Transcription, words: readonly TimedWord[]): Promise<void> {
    const { conversations, usage } = this.#deps;
    await this.#lease.update(async (job, tx) => {
      const ref = this.#chunk(id);
      if ((await tx.get(ref)).data()?.state !== 'planned') return null;
      const speech = await conversations.prepare(tx, {
        uid: job.uid,
        deviceId: chunk.deviceId,
        jobId: this.#lease.jobId,
        chunkId: id,
        transcriber: result.transcriber,
        targetId: job.conversationId,
        words,
      });
      const conversationIds = speech.write();
      usage.add(tx, job.uid, {
        requests: 1,
        billedSeconds: result.billedSeconds,
        speechSeconds: chunk.durationMs / 1000,
      });
      tx.set(ref, {
        ...chunk,
        state: 'done',
        words: speech.words,
        language: result.language,
        requestId: result.requestId,
        transcriber: result.transcriber,
        billedSeconds: result.billedSeconds,
        conversationIds,
      });
      return movedOn(job);
    });
  }

  /** Writes down that this chunk was refused for good, so that nobody asks again. */
  async reject(id: string, chunk: PlannedChunkDoc, error: Failure): Promise<void> {
    await this.#lease.update(async (job, tx) => {
      const ref = this.#chunk(id);
      if ((await tx.get(ref)).data()?.state !== 'planned') return null;
      tx.set(ref, { ...chunk, state: 'failed', error });
      return movedOn(job);
    });
  }

  /** A write of the job itself, which takes along what waits to be written. */
  async save(change: JobChange): Promise<Job> {
    return this.#lease.update((job) => ({ ...change, ...this.#withFacts(job, this.#reached) }));
  }

  #withFacts(job: Job, reached: ResumePoint | null): JobChange {
    if (reached === null && this.#facts.size === 0) return {};
    const files = reached === null ? job.files : notePlanned(job.files, this.#scanned, reached);
    return { files: files.map((file) => ({ ...file, ...this.#facts.get(file.name) })) };
  }

  #chunk(id: string): DocumentReference<ChunkDoc> {
    return chunksOf(this.#deps.db, this.#lease.jobId).doc(id);
  }
}

/** Attempts and waits are counted in a row: progress ends the row. */
function movedOn({ attempts, deferrals }: Job): JobChange | null {
  return attempts > 1 || deferrals > 0 ? { attempts: 1, deferrals: 0 } : null;
}

/**
 * gRPC statuses that say nothing about what was written: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED,
 * INTERNAL and UNAVAILABLE.
 */
const PASSING: ReadonlySet<unknown> = new Set([1, 2, 4, 8, 10, 13, 14]);

function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.has(error.code);
}
