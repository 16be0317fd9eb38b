/** Everything that a worker stores. Each step is one transaction that first checks the lease. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from 'firebase-admin/firestore';
import { failedFile, finalFile, silenceOf } from '../completion/outcome.ts';
import { DeletionUnderWayError } from '../conversations/axis.ts';
import type { ErrorCode } from '../errors.ts';
import { chunksOf } from '../jobs/chunk.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { FileStore, OpenFiles } from '../jobs/files.ts';
import { isTransient } from '../jobs/transient.ts';
import type { Failure, Job, JobFile } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import type { RecordingRegistry } from '../jobs/registry.ts';
import type { JobChange } from '../jobs/store.ts';
import { withFinal } from '../jobs/totals.ts';
import type { KeptAudio, UnnamedAudio } from '../storage/keptAudio.ts';
import type { StagedAudio } from '../storage/stagedAudio.ts';
import type { Transcription } from '../transcription/transcriber.ts';
import type { UsageCounters } from 'offline-audio-sync-contract';
import type { UsageStore } from '../usage/usage.ts';
import { chunkDoc } from './chunkDoc.ts';
import { keptSpans } from './keepAudio.ts';
import type { FileWork } from './fileWork.ts';
import { prepareWords } from './prepareWords.ts';
import type { Chunk, WordsDeps } from './prepareWords.ts';
import type { ChunkWords } from './transcribe.ts';

export interface RecorderDeps extends Omit<WordsDeps, 'coverage'> {
  readonly files: FileStore;
  readonly registry: RecordingRegistry;
  readonly usage: UsageStore;
  readonly audio: Pick<StagedAudio, 'delete'>;
  readonly keptAudio: KeptAudio;
}

/** Pause between tries to write a result, milliseconds. Firestore's client itself retries for some seconds first. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

/** Recordings that are done become final after this long, if no further result comes before, milliseconds. */
const FINALIZE_AFTER_MS = 3000;

/** Recordings of one transaction: far fewer than a transaction may write. */
const MOST_AT_ONCE = 100;

/** What a transaction decides. */
interface Decision {
  /** Recordings that become final. */
  readonly final: readonly JobFile[];
  /** Null leaves the job as it is. */
  readonly change: JobChange | null;
}

/** Recordings that become final in a transaction. */
interface Finalized extends Decision {
  readonly change: JobChange;
  /** @param counters other usage to count. */
  readonly write: (counters?: Partial<UsageCounters>) => void;
}

/** Written with all progress: only attempts and deferrals in a row are counted. */
const PROGRESS = { attempts: 1, deferrals: 0 };

export class Recorder {
  readonly #deps: RecorderDeps;
  readonly #lease: Lease;
  readonly #work: FileWork;
  readonly #coverage: Coverage;
  readonly #deletions = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: RecorderDeps, lease: Lease, work: FileWork, coverage: Coverage) {
    this.#deps = deps;
    this.#lease = lease;
    this.#work = work;
    this.#coverage = coverage;
  }

  /**
   * Stores the result of a chunk in one transaction: words, segments, conversations, coverage and usage, and the final state of each
   * recording for which this was the last result. The result is paid for, so failures of Firestore are retried as long as the lease
   * lasts.
   */
  async recordTranscription(
    chunk: Chunk,
    result: Transcription,
    words: ChunkWords,
    change: JobChange,
    audio: UnnamedAudio | null = null,
  ): Promise<void> {
    await this.#persistently(chunk, () => this.#recordTranscription(chunk, result, words, change, audio));
  }

  async #recordTranscription(
    chunk: Chunk,
    result: Transcription,
    words: ChunkWords,
    change: JobChange,
    audio: UnnamedAudio | null,
  ): Promise<void> {
    const { id, plan } = chunk;
    const names = this.#work.done(id);
    let apply = (): void => undefined;
    await this.#update(async (job, tx) => {
      const ref = chunksOf(this.#deps.db, this.#lease.jobId).doc(id);
      // An earlier transaction, whose answer was lost, has written it. Its recordings are final, or become so later.
      if ((await tx.get(ref)).exists) return { final: [], change: null };
      const spans = [...plan.context.spans, ...plan.spans];
      const files = await this.#open(tx, job, [...names, ...spans.map(({ fileName }) => fileName)]);
      const { recordings, voices, covered, speech } = await prepareWords(
        tx,
        { job, jobId: this.#lease.jobId, chunk, files, transcriber: result.transcriber, words },
        { ...this.#deps, coverage: this.#coverage },
      );

      for (const { fileName, durationMs } of plan.spans) {
        const file = files.get(fileName);
        if (file !== undefined) files.set({ ...file, speechSeconds: file.speechSeconds + durationMs / 1000 });
      }
      const finalized = await this.#finalize(tx, job, files, names);
      const { billedSeconds } = result;
      const conversationIds = speech.write();
      voices.write();
      const stored = { recordings, words: speech.words, context: voices.context, conversationIds };
      tx.create(ref, chunkDoc(job, chunk, result, stored));
      // If all words were there before, their audio was kept then, or was not to be kept.
      if (audio !== null && speech.words.length > 0) {
        this.#deps.keptAudio.name(tx, audio, keptSpans(plan, recordings), plan.durationMs);
      }
      covered.write();
      finalized.write({ requests: 1, billedSeconds, speechSeconds: plan.durationMs / 1000 });
      apply = covered.apply;
      const also = {
        conversationIds: [...new Set([...job.conversationIds, ...conversationIds])],
        usage: { requests: job.usage.requests + 1, billedSeconds: job.usage.billedSeconds + billedSeconds },
      };
      return { final: finalized.final, change: { ...change, ...PROGRESS, ...finalized.change, ...also } };
    });
    apply();
  }

  /** Stores that the transcriber refused a chunk: its recordings fail, and the chunk is not sent again. */
  async recordRefusal(chunk: Chunk, error: Failure, change: JobChange): Promise<void> {
    await this.#persistently(chunk, async () => {
      const { id, plan } = chunk;
      const names = this.#work.done(id);
      await this.#update(async (job, tx) => {
        const files = await this.#open(tx, job, [...names, ...plan.spans.map(({ fileName }) => fileName)]);
        for (const { fileName, firstFrame, endFrame, durationMs } of plan.spans) {
          const file = files.get(fileName);
          if (file === undefined || file.refused.some((range) => range.firstFrame === firstFrame)) continue;
          files.set({
            ...file,
            failedSeconds: file.failedSeconds + durationMs / 1000,
            refused: [...file.refused, { firstFrame, endFrame }],
            error: file.error ?? { ...error, file: file.name },
          });
        }
        const finalized = await this.#finalize(tx, job, files, names);
        finalized.write();
        return { final: finalized.final, change: { ...change, ...PROGRESS, ...finalized.change } };
      });
    });
  }

  /** Writes a change of the job, and the final state of recordings that wait for no further result. */
  async save(change: JobChange = {}): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    let rest = change;
    for (let names = this.#work.done(); names.length > 0 || !isEmpty(rest); names = this.#work.done()) {
      const group = names.slice(0, MOST_AT_ONCE);
      const also = rest;
      await this.#update(async (job, tx) => {
        const files = await this.#open(tx, job, group);
        const finalized = await this.#finalize(tx, job, files, group);
        finalized.write();
        const all = { ...also, ...finalized.change };
        return { final: finalized.final, change: isEmpty(all) ? null : all };
      });
      this.#work.noteFinal(group);
      rest = {};
    }
  }

  /** Makes recordings that are done final within some seconds, even if no further result comes. */
  finalizeSoon(): void {
    if (this.#timer !== null || this.#work.done().length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // The next write tries the same again, and reports its failure.
      this.save().catch(() => undefined);
    }, FINALIZE_AFTER_MS);
  }

  /** Writes that a recording has failed. It need not have been read. */
  async failRecording(name: string, code: ErrorCode): Promise<void> {
    await this.#update(async (job, tx) => {
      const files = await this.#open(tx, job, [name]);
      const finalized = await this.#become(tx, job, files, [name], (file) => failedFile(file, code));
      finalized.write();
      return { final: finalized.final, change: { ...finalized.change, reading: null } };
    });
  }

  /** Waits for deletions that are under way. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all(this.#deletions);
  }

  /** Changes the job, then deletes the objects of recordings that became final. */
  async #update(decide: (job: Job, tx: Transaction) => Promise<Decision>): Promise<void> {
    let final: readonly JobFile[] = [];
    await this.#lease.update(async (job, tx) => {
      const decision = await decide(job, tx);
      final = decision.final;
      return decision.change;
    });
    this.#noteFinal(final);
  }

  #open(tx: Transaction, job: Job, names: readonly string[]): Promise<OpenFiles> {
    return this.#deps.files.read(this.#lease.jobId, job, { names, tx });
  }

  #finalize(tx: Transaction, job: Job, files: OpenFiles, names: readonly string[]): Promise<Finalized> {
    return this.#become(tx, job, files, names, (file) => finalFile(file, this.#work.readOf(file.name)));
  }

  /** Prepares to make recordings final: reads now; `write` writes their pages, their entries in the registry, and usage. */
  async #become(
    tx: Transaction,
    job: Job,
    files: OpenFiles,
    names: readonly string[],
    end: (file: JobFile) => JobFile,
  ): Promise<Finalized> {
    const before = names.flatMap((name) => files.get(name) ?? []).filter(({ state }) => state === 'staged');
    const final = before.map(end);
    for (const file of final) files.set(file);
    const writeEntries = await this.#deps.registry.prepareFinal(tx, this.#lease.jobId, job.uid, final);
    return {
      final,
      change: final.length === 0 ? {} : { ...PROGRESS, ...withFinal(job, before, final) },
      write: (counters = {}) => {
        files.write(tx);
        writeEntries();
        const audioSeconds = (counters.speechSeconds ?? 0) + silenceOf(final);
        if (audioSeconds > 0) this.#deps.usage.add(tx, job.uid, { ...counters, audioSeconds });
      },
    };
  }

  /** Deletes the objects of recordings that are done. wrapUp deletes those that could not be deleted now. */
  #noteFinal(final: readonly JobFile[]): void {
    this.#work.noteFinal(final.map(({ name }) => name));
    const paths = final.filter(({ state }) => state !== 'failed').map(({ path }) => path);
    if (paths.length === 0) return;
    const deletion = this.#deps.audio.delete(paths).catch(() => undefined);
    this.#deletions.add(deletion);
    void deletion.then(() => this.#deletions.delete(deletion));
  }

  async #persistently({ id }: Chunk, write: () => Promise<void>): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await write();
        this.#work.noteResult(id);
        this.finalizeSoon();
        return;
      } catch (error) {
        if (error instanceof DeletionUnderWayError) {
          await this.#deps.conversations.finishDeletion(error.uid, error.conversationId);
        } else {
          if (!isTransient(error) || !this.#lease.isInTime) throw error;
          await sleep(pauseMs, undefined, { signal: this.#lease.signal });
        }
      }
    }
  }
}

function isEmpty(change: JobChange): boolean {
  return Object.keys(change).length === 0;
}
