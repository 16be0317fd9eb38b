/** Carries out a plan on the emulators of Firestore and Storage, with workers that run at the same time and may die. */
import { cancelJob } from '../../src/completion/cancel.ts';
import { retryJob } from '../../src/completion/retry.ts';
import { segmentsIn } from '../../src/conversations/conversation.ts';
import type { Conversation, DeletedSpeech, Segment } from '../../src/conversations/conversation.ts';
import { deletedSpeechOf, transcriptOf } from '../../src/conversations/collections.ts';
import { beginDeletion } from '../../src/conversations/deletion.ts';
import { AppError } from '../../src/errors.ts';
import { isFinished } from '../../src/jobs/stateMachine.ts';
import { processJob } from '../../src/worker/processJob.ts';
import { loadUserData } from '../invariants/userData.ts';
import type { UserData } from '../invariants/userData.ts';
import { isContention } from '../support/errors.ts';
import { changed, TestWorld } from '../support/worker.ts';
import { Editor } from './edits.ts';
import type { EditFact, EditPlan, HeardWord } from './edits.ts';
import { DAY_MS, recut } from './model.ts';
import type { Delivery, JobPlan, Moment, Plan, RecordingPlan, SpokenWord } from './model.ts';
import { listenWith } from '../../src/audio/detect/listener.ts';
import { Life, mortal, refusing } from './mortal.ts';
import { ExactTranscriber, exactVad, record } from './sound.ts';

/** Longer than a lease, and than a job waits for another job. */
const ROUND_MS = 150_000;

/** Rounds of deliveries in which every case must end. Conflicting transactions may fail, and are repeated in the next round. */
const MOST_ROUNDS = 30;
/** Most retries of one job by its user. */
const MOST_RETRIES = 3;
const RETENTION_MS = 37 * 24 * 3600_000;

export interface Deletion {
  readonly conversationId: string;
  /** Ids of the words that were in it just before the deletion. */
  readonly words: readonly number[];
}

export interface Outcome {
  readonly data: UserData;
  readonly deletedSpeech: readonly DeletedSpeech[];
  readonly deletions: readonly Deletion[];
  /** The conversations that uploads named, and the words by which these were chosen. */
  readonly targets: readonly { readonly conversationId: string; readonly word: number }[];
  /** The edits that were made, in no order. */
  readonly facts: readonly EditFact[];
  /** The time by the clock of the case, Unix milliseconds. */
  readonly nowMs: number;
  /** Jobs that did not end. */
  readonly unfinished: readonly string[];
}

/** Runs one case after another; each lane has its own world. */
export class OrderWorld {
  readonly #transcriber = new ExactTranscriber();
  readonly #world = new TestWorld({
    listener: () => Promise.resolve(listenWith(exactVad)),
    transcriber: this.#transcriber,
    summaries: { refresh: () => Promise.resolve(0) },
  });

  close(): Promise<void> {
    return this.#world.close();
  }

  async run(plan: Plan): Promise<Outcome> {
    const world = this.#world;
    world.becomeSomebodyElse();
    this.#transcriber.listenTo(plan.words);
    const run = new Run(plan, world);
    for (const moment of plan.moments) await run.happen(moment);
    const unfinished = await run.finish();
    return {
      data: await loadUserData(world.db, world.bucket(), world.uid),
      deletedSpeech: (await deletedSpeechOf(world.db, world.uid).get()).docs.map((doc) => doc.data()),
      deletions: run.deletions,
      targets: run.targets,
      facts: run.facts,
      nowMs: world.deps.now(),
      unfinished,
    };
  }
}

class Run {
  readonly deletions: Deletion[] = [];
  readonly targets: { conversationId: string; word: number }[] = [];
  readonly #plan: Plan;
  readonly #world: TestWorld;
  readonly #jobIds = new Map<number, string>();
  readonly #editor: Editor;

  constructor(plan: Plan, world: TestWorld) {
    this.#plan = plan;
    this.#world = world;
    this.#editor = new Editor(world.uid, { ...world.deps, summaries: { refresh: () => Promise.resolve(0) } });
  }

  get facts(): readonly EditFact[] {
    return this.#editor.facts;
  }

  async happen({ deliveries, deletes, deletionDies, cancels, recuts, edits }: Moment): Promise<void> {
    for (const job of [...deliveries.map(({ job }) => job), ...(cancels === null ? [] : [cancels])])
      await this.#upload(job);
    // Which words a deletion removes is known only if no conversation is split or merged meanwhile.
    const divides = edits.filter(({ kind }) => deletes !== null && ['split', 'merge', 'undo'].includes(kind));
    for (const edit of divides) await this.#edit(edit);
    const doomed = deletes === null ? null : await this.#conversationOf(deletes);
    if (doomed !== null) this.deletions.push(doomed);
    await Promise.all([
      ...deliveries.map((delivery) => this.#deliver(delivery)),
      ...(doomed === null ? [] : [this.#delete(doomed.conversationId, deletionDies)]),
      ...(cancels === null ? [] : [this.#sendAgain(cancels, recuts)]),
      ...edits.filter((edit) => !divides.includes(edit)).map((edit) => this.#edit(edit)),
    ]);
    this.#world.aheadMs += ROUND_MS;
  }

  /** Delivers and retries until all jobs have ended. @returns the jobs that never end. */
  async finish(): Promise<string[]> {
    const jobs = this.#plan.jobs.map((_, job) => job);
    for (const job of jobs) await this.#upload(job);
    let open = await this.#drain(jobs);
    for (let tries = 0; tries < MOST_RETRIES && open.length === 0; tries++) {
      const retried = await this.#retry(jobs);
      if (retried.length === 0) break;
      open = await this.#drain(retried);
    }
    const { conversations } = this.#world.deps;
    const begun = await conversations.conversations(this.#world.uid).where('state', '==', 'deleting').get();
    for (const { id } of begun.docs) await conversations.finishDeletion(this.#world.uid, id);
    return open.map((job) => `job ${job} (${this.#jobId(job)})`);
  }

  /** Delivers until the jobs have ended. @returns the jobs that never end. */
  async #drain(jobs: readonly number[]): Promise<number[]> {
    let open = await this.#notWrappedUp(jobs);
    for (let round = 0; round < MOST_ROUNDS && open.length > 0; round++) {
      await Promise.all(open.map((job) => this.#deliver({ job, diesAt: null, refusedAt: null })));
      this.#world.aheadMs += ROUND_MS;
      open = await this.#notWrappedUp(open);
    }
    return open;
  }

  /** The user retries the failed jobs. @returns the jobs that begin again. */
  async #retry(jobs: readonly number[]): Promise<number[]> {
    const stored = await Promise.all(jobs.map((job) => this.#world.job(this.#jobId(job))));
    const failed = jobs.filter((_, i) => stored[i]!.status !== 'completed');
    const { uid, deps } = this.#world;
    for (const job of failed) await retryJob(uid, this.#jobId(job), { ...deps, unfinishedRetentionMs: RETENTION_MS });
    return failed;
  }

  async #notWrappedUp(jobs: readonly number[]): Promise<number[]> {
    const stored = await Promise.all(jobs.map((job) => this.#world.job(this.#jobId(job))));
    return jobs.filter((_, i) => !isFinished(stored[i]!.status) || stored[i]!.notifiedAt === null);
  }

  #jobId(job: number): string {
    return this.#jobIds.get(job)!;
  }

  async #upload(job: number): Promise<void> {
    if (this.#jobIds.has(job)) return;
    const { recordings, target } = this.#plan.jobs[job]!;
    const named = target === null ? null : await this.#targetOf(target, this.#plan.jobs[job]!);
    this.#jobIds.set(job, await this.#accept(job, recordings, named));
  }

  async #accept(job: number, recordings: readonly RecordingPlan[], conversationId: string | null): Promise<string> {
    const { clockOffsetMs } = this.#plan.jobs[job]!;
    const files = recordings.map((recording) => ({
      filename: `audio_${recording.device}_pcm16_16000_1_fs160_${DAY_MS + recording.startMs - clockOffsetMs}.bin`,
      bytes: record(recording, this.#plan.words),
    }));
    return this.#world.accept(files, null, { conversationId, clockOffsetMs });
  }

  /** The user cancels a job in any state, and sends its recordings again, even if the job had ended. */
  async #sendAgain(job: number, recuts: boolean): Promise<void> {
    const { uid, deps } = this.#world;
    const cancelled = await cancelJob(uid, this.#jobId(job), deps).catch((error: unknown) => {
      if (!isContention(error)) throw error;
      return null;
    });
    if (cancelled === null) return;
    const { recordings } = this.#plan.jobs[job]!;
    this.#jobIds.set(job, await this.#accept(job, recuts ? recut(recordings, this.#plan.words) : recordings, null));
  }

  async #targetOf(word: number, { recordings }: JobPlan): Promise<string | null> {
    const device = this.#word(word).device;
    if (recordings.every((recording) => recording.device !== device)) return null;
    const target = await this.#conversationOf(word);
    if (target !== null) this.targets.push({ conversationId: target.conversationId, word });
    return target?.conversationId ?? null;
  }

  async #deliver({ job, diesAt, refusedAt }: Delivery): Promise<void> {
    const { uid, deps } = this.#world;
    const jobId = this.#jobId(job);
    const { epoch } = await this.#world.job(jobId);
    const life = new Life(diesAt);
    const { maxChunkMs } = this.#plan;
    const worker = changed(mortal(refusing(deps, refusedAt), life), { maxChunkMs });
    await processJob({ jobId, uid, epoch }, worker).catch(() => undefined);
  }

  /** Deletes a conversation as an app does. @param dies whether the caller dies after the deletion has begun */
  async #delete(conversationId: string, dies: boolean): Promise<void> {
    const { db, now, conversations } = this.#world.deps;
    const deletion = dies
      ? beginDeletion(db, this.#world.uid, conversationId, now())
      : conversations.delete(this.#world.uid, conversationId);
    await deletion.catch((error: unknown) => {
      const isMerged = error instanceof AppError && error.code === 'conversation_merged';
      if (!isMerged && !isContention(error)) throw error;
    });
  }

  #edit(edit: EditPlan): Promise<void> {
    return this.#editor.make(edit, (word) => this.#heardWord(word));
  }

  async #heardWord(wordId: number): Promise<HeardWord | null> {
    const found = await this.#liveConversation(wordId);
    for (const segment of found?.segments ?? []) {
      const index = this.#wordsOf(segment).indexOf(wordId);
      if (found !== null && index !== -1) return { conversationId: found.id, segment, index };
    }
    return null;
  }

  /** The live conversation with a word; null if the word is not stored. */
  async #conversationOf(wordId: number): Promise<Deletion | null> {
    const found = await this.#liveConversation(wordId);
    const words = (found?.segments ?? []).flatMap((segment) => this.#wordsOf(segment));
    return found !== null && words.includes(wordId) ? { conversationId: found.id, words } : null;
  }

  async #liveConversation(wordId: number): Promise<{ readonly id: string; readonly segments: Segment[] } | null> {
    const word = this.#word(wordId);
    const at = middleOf(word);
    const { conversations } = this.#world.deps;
    const live = await conversations.conversations(this.#world.uid).where('state', '==', 'live').get();
    const found = live.docs.find((doc) => holds(doc.data(), word.device, at));
    if (found === undefined) return null;
    const pages = await transcriptOf(conversations.segmentPages(this.#world.uid), found.data()).get();
    return { id: found.id, segments: segmentsIn(pages.docs.map((doc) => doc.data())) };
  }

  #word(id: number): SpokenWord {
    return this.#plan.words.find((word) => word.id === id)!;
  }

  #wordsOf({ deviceId, startedAt, words }: Segment): number[] {
    return words.map(({ fromMs, toMs }) => {
      const at = startedAt.toMillis() + (fromMs + toMs) / 2;
      return this.#plan.words.find(
        (word) => word.device === deviceId && at >= DAY_MS + word.startMs && at <= DAY_MS + word.endMs,
      )!.id;
    });
  }
}

function holds({ deviceId, startedAt, finishedAt }: Conversation, device: string, atMs: number): boolean {
  return deviceId === device && startedAt.toMillis() <= atMs && finishedAt.toMillis() >= atMs;
}

/** Unix milliseconds. */
export function middleOf({ startMs, endMs }: Pick<SpokenWord, 'startMs' | 'endMs'>): number {
  return DAY_MS + (startMs + endMs) / 2;
}
