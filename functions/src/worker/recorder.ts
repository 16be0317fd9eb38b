/** What a worker makes durable, each step in one transaction that first checks its lease. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import { failedFile, finalFile, silenceOf } from '../completion/outcome.ts';
import { DeletionUnderWayError } from '../conversations/axis.ts';
import type { PlacedRecording, RecordedWord } from '../conversations/conversation.ts';
import type { ConversationStore } from '../conversations/store.ts';
import { prepareVoices } from '../conversations/voices.ts';
import type { ErrorCode } from '../errors.ts';
import { chunkInterval, chunkRecordings, chunksOf, chunkWords } from '../jobs/chunk.ts';
import type { ChunkRecording } from '../jobs/chunk.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { FileStore, OpenFiles } from '../jobs/files.ts';
import { isPassing } from '../jobs/passing.ts';
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
import { keptSpans } from './keepAudio.ts';
import type { FileWork } from './fileWork.ts';
import type { ScanSettings } from './scanEvent.ts';
import type { ChunkWords, PlacedWord } from './transcribe.ts';

export interface RecorderDeps {
  readonly db: Firestore;
  readonly files: FileStore;
  readonly registry: RecordingRegistry;
  readonly conversations: ConversationStore;
  /** Where chunks have no context, none are linked by their voices. */
  readonly scan: Pick<ScanSettings, 'contextMs'>;
  readonly usage: UsageStore;
  readonly audio: Pick<StagedAudio, 'delete'>;
  readonly keptAudio: KeptAudio;
}

/** A chunk on its way to transcription. */
export interface Chunk {
  readonly id: string;
  readonly deviceId: string;
  readonly plan: PlannedChunk;
}

/** Between tries to write a result, milliseconds; Firestore's client has tried for some seconds before. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

/** How long the final state of recordings that no result waits for may take to be written, milliseconds. */
const FINALIZE_AFTER_MS = 3000;

/** Recordings of one transaction: far below what a transaction may write. */
const MOST_AT_ONCE = 100;

/** What a transaction makes of the job. */
interface Decision {
  /** Recordings that become final. */
  readonly final: readonly JobFile[];
  /** Null changes nothing. */
  readonly change: JobChange | null;
}

/** Recordings that become final in a transaction. */
interface Finalized extends Decision {
  readonly change: JobChange;
  /** @param counters what else is used. */
  readonly write: (counters?: Partial<UsageCounters>) => void;
}

/** Written with everything that moves the job on: attempts and deferrals are counted in a row. */
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
   * Writes what the transcriber heard: words, segments, conversations, coverage and usage, with the final state of each
   * recording that waited for this alone; or nothing of it. It is paid for, so what Firestore fails at is tried again as long
   * as the lease lasts.
   */
  async recordTranscription(
    chunk: Chunk,
    result: Transcription,
    heard: ChunkWords,
    change: JobChange,
    kept: UnnamedAudio | null = null,
  ): Promise<void> {
    await this.#persistently(chunk, () => this.#recordTranscription(chunk, result, heard, change, kept));
  }

  async #recordTranscription(
    chunk: Chunk,
    result: Transcription,
    heard: ChunkWords,
    change: JobChange,
    kept: UnnamedAudio | null,
  ): Promise<void> {
    const { id, deviceId, plan } = chunk;
    const names = this.#work.done(id);
    let apply = (): void => undefined;
    await this.#update(async (job, tx) => {
      const ref = chunksOf(this.#deps.db, this.#lease.jobId).doc(id);
      // A transaction whose answer did not come has written it: its recordings are final already, or become so later.
      if ((await tx.get(ref)).exists) return { final: [], change: null };
      const spans = [...plan.context.spans, ...plan.spans];
      const files = await this.#open(tx, job, [...names, ...spans.map(({ fileName }) => fileName)]);
      const recordings = chunkRecordings(job.uid, plan.spans, files);
      const before = placesOf(chunkRecordings(job.uid, plan.context.spans, files));
      const places = { context: before, words: placesOf(recordings) };
      const { voices, covered, speech } = await this.#prepareWords(tx, job, chunk, result.transcriber, heard, places);

      for (const { fileName, durationMs } of plan.spans) {
        const file = files.get(fileName);
        if (file !== undefined) files.set({ ...file, speechSeconds: file.speechSeconds + durationMs / 1000 });
      }
      const finalized = await this.#finalize(tx, job, files, names);
      const { billedSeconds, language, requestId, transcriber } = result;
      const conversationIds = speech.write();
      voices.write();
      tx.create(ref, {
        uid: job.uid,
        deviceId,
        spans: plan.spans,
        recordings,
        durationMs: plan.durationMs,
        ...chunkInterval(plan.startMs, plan.endMs),
        words: chunkWords(speech.words, recordings),
        context: voices.context,
        language,
        requestId,
        transcriber,
        billedSeconds,
        conversationIds,
        expiresAt: job.expiresAt,
      });
      // Of words that were there before, the audio is kept already, or was not to be.
      if (kept !== null && speech.words.length > 0) {
        this.#deps.keptAudio.name(tx, kept, keptSpans(plan, recordings), plan.durationMs);
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

  /** Reads what the words of a chunk meet: the voices, what covers its audio, the conversations around it. Each of the three writes. */
  async #prepareWords(
    tx: Transaction,
    { uid, conversationId }: Job,
    { id: chunkId, deviceId, plan }: Chunk,
    transcriber: string,
    heard: ChunkWords,
    places: Readonly<Record<keyof ChunkWords, Places>>,
  ) {
    const { db, conversations, scan } = this.#deps;
    const { jobId } = this.#lease;
    const stored = await conversations.pagesAround(tx, { uid, deviceId }, [...heard.context, ...heard.words]);
    const source = { uid, deviceId, jobId, chunkId, stored };
    const voices = await prepareVoices(tx, db, {
      ...source,
      context: inRecordings(heard.context, places.context),
      words: inRecordings(heard.words, places.words),
      endMs: plan.endMs,
      gapMs: conversations.gapMs,
      areLinked: (scan.contextMs ?? 0) > 0,
    });
    const { spans, frames } = plan;
    const covered = await this.#coverage.prepare(tx, { deviceId, spans, frames, places: places.words });
    const { words } = voices;
    const speech = { ...source, transcriber, targetId: conversationId, words, sounds: covered.sounds };
    return { voices, covered, speech: await conversations.prepare(tx, speech) };
  }

  /** Records that the transcriber refused a chunk: its recordings fail, and the chunk is not sent again. */
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

  /**
   * Writes a change of the job, and with it the final state of recordings that no result waits for: those without speech that is not
   * stored.
   */
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
      // What fails here is done again with the next write, which tells of its failure.
      this.save().catch(() => undefined);
    }, FINALIZE_AFTER_MS);
  }

  /** Writes that a recording has failed, without reading it. */
  async failRecording(name: string, code: ErrorCode): Promise<void> {
    await this.#update(async (job, tx) => {
      const files = await this.#open(tx, job, [name]);
      const finalized = await this.#become(tx, job, files, [name], (file) => failedFile(file, code));
      finalized.write();
      return { final: finalized.final, change: { ...finalized.change, reading: null } };
    });
  }

  /** Waits for what goes on beside the attempt. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all(this.#deletions);
  }

  /** Changes the job. What becomes final in that needs its object no more. */
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

  /** Reads what it takes for recordings to become final; writes their pages, their entries in the registry, and usage. */
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

  /** The objects of recordings that are done are needed no more. One that stays is deleted when the job is wrapped up. */
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
          if (!isPassing(error) || !this.#lease.isInTime) throw error;
          await sleep(pauseMs, undefined, { signal: this.#lease.signal });
        }
      }
    }
  }
}

function isEmpty(change: JobChange): boolean {
  return Object.keys(change).length === 0;
}

type Places = ReadonlyMap<string, PlacedRecording>;

function placesOf(recordings: readonly ChunkRecording[]): Places {
  return new Map(
    recordings.map(({ fileName, recordingId, startedAt }) => [
      fileName,
      { recordingId, startedAtMs: startedAt.toMillis() },
    ]),
  );
}

function inRecordings(words: readonly PlacedWord[], places: Places): RecordedWord[] {
  return words.flatMap(({ fileName, ...word }) => {
    const recording = places.get(fileName);
    return recording === undefined ? [] : [{ ...word, recording }];
  });
}
