/**
 * Stores in memory with the guarantees of the real ones (atomic create and update, generations, one task for each id). They call a hook
 * before each call, in which a test can delay, fail or kill the caller.
 */
import type { Conversation } from '../../src/conversations/conversation.ts';
import type { ConversationStore } from '../../src/conversations/store.ts';
import type { JobStore } from '../../src/jobs/store.ts';
import type { FileStore } from '../../src/jobs/files.ts';
import { OpenFiles } from '../../src/jobs/files.ts';
import type { NewJob } from '../../src/jobs/store.ts';
import type { Original } from '../../src/jobs/recordingEntry.ts';
import type { RecordingRegistry } from '../../src/jobs/registry.ts';
import type { Job, JobFile, JobStatus, TaskPayload } from '../../src/jobs/job.ts';
import { taskId } from '../../src/jobs/queue.ts';
import type { TaskQueue } from '../../src/jobs/queue.ts';
import { assertTransition } from '../../src/jobs/stateMachine.ts';
import type { ObjectToStage, StagedObject, Staging } from '../../src/storage/staging.ts';

/** Awaited before each call of a store. If it throws, the call fails. */
export type BeforeCall = (call: string) => Promise<void>;

const atOnce: BeforeCall = () => Promise.resolve();

export class MemoryJobs implements Pick<JobStore, 'newId' | 'create' | 'replace' | 'get' | 'update' | 'discard'> {
  readonly byId = new Map<string, Job>();
  readonly files = new MemoryFiles();
  readonly #before: BeforeCall;
  #ids = 0;

  constructor(before: BeforeCall = atOnce) {
    this.#before = before;
  }

  newId(): string {
    this.#ids += 1;
    return `job${String(this.#ids)}`;
  }

  async create(jobId: string, { job, files }: NewJob): Promise<boolean> {
    await this.#before('create');
    if (this.byId.has(jobId)) return false;
    this.byId.set(jobId, job);
    this.files.byJob.set(jobId, files);
    return true;
  }

  replace(jobId: string, _ended: Job, { job, files }: NewJob): Promise<Job | null> {
    this.byId.set(jobId, job);
    this.files.byJob.set(jobId, files);
    return Promise.resolve(job);
  }

  async get(jobId: string): Promise<Job | null> {
    await this.#before('get');
    return this.byId.get(jobId) ?? null;
  }

  async update(jobId: string, decide: Parameters<JobStore['update']>[1]): Promise<Job | null> {
    await this.#before('update');
    const job = this.byId.get(jobId);
    if (job === undefined) return null;
    const change = await decide(job, null as never);
    if (change === null) return job;
    if (change.status !== undefined) assertTransition(job.status, change.status);
    const changed: Job = { ...job, ...change };
    this.byId.set(jobId, changed);
    return changed;
  }

  async discard(jobId: string, createdAt: Job['createdAt']): Promise<boolean> {
    await this.#before('discard');
    const job = this.byId.get(jobId);
    if (job === undefined) return true;
    if (job.status !== 'uploading' || !job.createdAt.isEqual(createdAt)) return false;
    return this.byId.delete(jobId);
  }

  /** Changes a job behind everybody's back. */
  setStatus(jobId: string, status: JobStatus): void {
    this.byId.set(jobId, { ...this.byId.get(jobId)!, status });
  }
}

/** One page for each job, of any length; written when the change of the job is. */
export class MemoryFiles implements Pick<FileStore, 'read'> {
  readonly byJob = new Map<string, readonly JobFile[]>();

  read(jobId: string): Promise<OpenFiles> {
    const data = () => ({ files: this.byJob.get(jobId) ?? [] });
    const open = new OpenFiles([{ exists: true, data, ref: null } as never]);
    open.write = () => {
      this.byJob.set(jobId, open.all);
    };
    return Promise.resolve(open);
  }
}

/** Knows what it is told: files that are done, by name. */
export class MemoryRegistry implements Pick<RecordingRegistry, 'findDone'> {
  readonly done = new Map<string, Original>();

  findDone(_uid: string, files: readonly Pick<JobFile, 'name'>[]): Promise<Map<string, Original>> {
    const known = files.flatMap(({ name }): [string, Original][] => {
      const original = this.done.get(name);
      return original === undefined ? [] : [[name, original]];
    });
    return Promise.resolve(new Map(known));
  }
}

/** Every id is a live conversation of one device, but for those that are gone. */
export class MemoryConversations implements Pick<ConversationStore, 'resolve'> {
  deviceId = 'omi';
  readonly gone = new Set<string>();

  resolve(_uid: string, ids: readonly string[]): Promise<Map<string, Conversation>> {
    const { deviceId } = this;
    const live = ids.filter((id) => !this.gone.has(id));
    return Promise.resolve(new Map(live.map((id) => [id, { state: 'live', deviceId } as Conversation])));
  }
}

export class MemoryStaging implements Staging {
  readonly objects = new Map<string, { bytes: Uint8Array; generation: string }>();
  readonly #before: BeforeCall;
  #generation = 0;

  constructor(before: BeforeCall = atOnce) {
    this.#before = before;
  }

  async put({ path, bytes }: ObjectToStage): Promise<StagedObject> {
    await this.#before('put');
    this.#generation += 1;
    const generation = String(this.#generation);
    this.objects.set(path, { bytes, generation });
    return { path, generation };
  }

  async remove({ path, generation }: StagedObject): Promise<void> {
    await this.#before('remove');
    if (this.objects.get(path)?.generation === generation) this.objects.delete(path);
  }
}

export class MemoryQueue implements TaskQueue {
  readonly tasks = new Map<string, TaskPayload>();
  readonly #before: BeforeCall;

  constructor(before: BeforeCall = atOnce) {
    this.#before = before;
  }

  async enqueue(payload: TaskPayload): Promise<void> {
    await this.#before('enqueue');
    this.tasks.set(taskId(payload), payload);
  }
}
