/**
 * The recordings and batches of a device, in memory as in the store. Every change is stored before it is visible, and every change of
 * state is checked against the table of transitions.
 */
import type { BatchDoc, Failure, RecordingDoc, RecordingState } from './recording.ts';
import { canTransition, localFailure } from './recording.ts';
import type { RecordingStore, StoredValue } from './store.ts';
import { Mutex } from './time.ts';
import { wishesIn } from './wishes.ts';

const RECORDING = 'recording/';
const BATCH = 'batch/';

export type RecordingChange = Partial<Omit<RecordingDoc, 'id' | 'name' | 'size' | 'addedAt' | 'changedAt' | 'target'>>;

export interface LibraryOptions {
  readonly store: RecordingStore;
  readonly now: () => number;
  /** A recording was added, or has changed. */
  readonly onChange: (recording: RecordingDoc) => void;
  /** A recording was removed. */
  readonly onRemove: (id: string) => void;
}

export class Library {
  readonly #store: RecordingStore;
  readonly #now: () => number;
  readonly #onChange: (recording: RecordingDoc) => void;
  readonly #onRemove: (id: string) => void;
  readonly #recordings = new Map<string, RecordingDoc>();
  /** Ids of the recordings in each state. */
  readonly #inState = new Map<RecordingState, Set<string>>();
  readonly #batches = new Map<string, BatchDoc>();
  /** Audio that could not be deleted yet, by id, with the entries to delete with it. Another process finds it by itself. */
  readonly #undeleted = new Map<string, readonly string[]>();
  readonly #writing = new Mutex();

  constructor({ store, now, onChange, onRemove }: LibraryOptions) {
    this.#store = store;
    this.#now = now;
    this.#onChange = onChange;
    this.#onRemove = onRemove;
  }

  /** In the order in which they were added. */
  get recordings(): readonly RecordingDoc[] {
    return [...this.#recordings.values()];
  }

  get batches(): readonly BatchDoc[] {
    return [...this.#batches.values()];
  }

  get(id: string): RecordingDoc | undefined {
    return this.#recordings.get(id);
  }

  /** In no order. */
  inState(...states: readonly RecordingState[]): RecordingDoc[] {
    return states.flatMap((state) =>
      [...(this.#inState.get(state) ?? [])].flatMap((id) => this.#recordings.get(id) ?? []),
    );
  }

  count(state: RecordingState): number {
    return this.#inState.get(state)?.size ?? 0;
  }

  /** The existing recordings of which the batch was made, even if they have failed, are done, or are in another batch. */
  membersOf({ localIds }: BatchDoc): RecordingDoc[] {
    return localIds.flatMap((id) => this.#recordings.get(id) ?? []);
  }

  /** The batch's recordings that are not uploaded yet. */
  uploadingOf(batch: BatchDoc): RecordingDoc[] {
    return this.membersOf(batch).filter(({ state, batchId }) => state === 'uploading' && batchId === batch.id);
  }

  /** Reads the store. @returns all entries, for the other parts that keep something there. */
  load(): Promise<ReadonlyMap<string, StoredValue>> {
    return this.#writing.run(async () => {
      const before = new Map(this.#recordings);
      const entries = await this.#store.entries();
      this.#recordings.clear();
      this.#inState.clear();
      this.#batches.clear();
      const recordings: RecordingDoc[] = [];
      for (const [key, value] of entries) {
        if (key.startsWith(RECORDING)) recordings.push(value as unknown as RecordingDoc);
        if (key.startsWith(BATCH)) this.#batches.set(value['id'] as string, value as unknown as BatchDoc);
      }
      for (const doc of recordings.sort(byTimeAdded)) this.#keep(doc);
      // This context has wished to delete them, so it does not show them any more.
      for (const { id, what } of wishesIn(entries).values()) {
        if (what === 'gone' && this.#isStill(id)) this.#forget(id);
      }
      for (const doc of this.#recordings.values()) if (before.get(doc.id)?.state !== doc.state) this.#onChange(doc);
      for (const id of before.keys()) if (!this.#recordings.has(id)) this.#onRemove(id);
      return entries;
    });
  }

  /** Adds recordings that another context has stored. @returns all entries of the store */
  loadNew(): Promise<ReadonlyMap<string, StoredValue>> {
    return this.#writing.run(async () => {
      const entries = await this.#store.entries();
      for (const [key, value] of entries) {
        const doc = value as unknown as RecordingDoc;
        if (!key.startsWith(RECORDING) || this.#recordings.has(doc.id) || doc.state !== 'waiting') continue;
        this.#keep(doc);
        this.#onChange(doc);
      }
      return entries;
    });
  }

  /**
   * Repairs what an earlier process left half-done. @param syncedBefore removes recordings that were synced before this, Unix
   * milliseconds.
   */
  async repair(syncedBefore: number): Promise<void> {
    await this.#repairBatches();
    await this.#repairAudio();
    const inBatch = new Set(this.batches.flatMap(({ localIds }) => localIds));
    const old = this.inState('synced').filter(({ id, changedAt }) => changedAt < syncedBefore && !inBatch.has(id));
    if (old.length === 0) return;
    await this.#writing.run(async () => {
      await this.#store.remove(old.map(({ id }) => RECORDING + id));
      for (const { id } of old) {
        this.#forget(id);
        this.#onRemove(id);
      }
    });
  }

  /** Makes recordings agree with their batches. A batch counts more, because it is written before its recordings. */
  async #repairBatches(): Promise<void> {
    const joined = this.batches.flatMap((batch) =>
      this.membersOf(batch)
        .filter(({ state }) => state === 'waiting')
        .map(({ id }): [string, RecordingChange] => [id, { state: 'uploading', batchId: batch.id, session: null }]),
    );
    await this.update(new Map(joined));
    // A write of this batch was reported as failed but took effect: its recordings have continued without it.
    for (const batch of this.batches) {
      if (batch.jobId === null && this.uploadingOf(batch).length === 0) await this.endBatch(batch);
    }
    const left = this.inState('uploading').filter(({ batchId }) => batchId === null || !this.#batches.has(batchId));
    await this.update(new Map(left.map(({ id }) => [id, backToWaiting])));
  }

  async #repairAudio(): Promise<void> {
    // Nothing may be added in between, because it would count as lost.
    await this.#writing.run(async () => {
      const audio = new Set(await this.#store.audioIds());
      const lost = this.inState('waiting', 'uploading').filter(({ id }) => !audio.has(id));
      const change: RecordingChange = { state: 'failed', batchId: null, failure: AUDIO_MISSING };
      await this.#write(lost.map((recording) => this.#apply(recording, change)));
      // Their audio was still to be deleted.
      const synced = this.inState('synced').filter(({ id }) => audio.has(id));
      await Promise.all(synced.map(({ id }) => this.#store.removeAudio(id, [])));
    });
  }

  /** Stores the audio and the recording together. If that fails, nothing of them stays. */
  async add(recording: Omit<RecordingDoc, 'changedAt'>, audio: Blob | Uint8Array<ArrayBuffer>): Promise<RecordingDoc> {
    const doc = { ...recording, changedAt: this.#now() };
    // Outside of the queue of writes: audio may be large, and no other write touches a new entry.
    try {
      await this.#store.putAudio(doc.id, audio, toEntries([doc]));
    } catch (error) {
      // The write may have taken effect in part. Delete it, because the caller will add the recording again.
      this.#undeleted.set(doc.id, [RECORDING + doc.id]);
      await this.#deleteAudio().catch(() => undefined);
      throw error;
    }
    await this.#writing.run(() => {
      // A read of the store meanwhile may have added it, and its state may have changed since.
      if (!this.#recordings.has(doc.id)) this.#see([doc]);
      return Promise.resolve();
    });
    return doc;
  }

  /**
   * Changes recordings. Synced recordings stay as they are, even if an old batch says otherwise.
   * @param from changes only recordings that are in this state.
   * @throws Error for a change that the table of transitions does not have: a bug.
   */
  async update(changes: ReadonlyMap<string, RecordingChange>, from?: RecordingState): Promise<void> {
    if (changes.size === 0) return;
    await this.#writing.run(async () => {
      const changed = [...changes].flatMap(([id, change]) => {
        const recording = this.#recordings.get(id);
        if (recording === undefined || recording.state === 'synced') return [];
        return (from ?? recording.state) === recording.state ? [this.#apply(recording, change)] : [];
      });
      await this.#write(changed);
    });
  }

  #apply(recording: RecordingDoc, change: RecordingChange): RecordingDoc {
    const { state = recording.state } = change;
    if (state === recording.state) return { ...recording, ...change };
    if (!canTransition(recording.state, state)) {
      throw new Error(`A recording cannot go from ${recording.state} to ${state}.`);
    }
    return { ...recording, failure: null, ...change, changedAt: this.#now() };
  }

  /** Marks recordings as synced, then deletes their audio. */
  async markSynced(ids: readonly string[]): Promise<void> {
    await this.update(new Map(ids.map((id) => [id, { state: 'synced', batchId: null, session: null }])));
    for (const id of ids) this.#undeleted.set(id, []);
    await this.#deleteAudio();
  }

  async #deleteAudio(): Promise<void> {
    const deletions = [...this.#undeleted].map(async ([id, keys]) => {
      // A recording whose write seemed to fail may have been read from the store since. Then it is uploaded like any other.
      const state = this.#recordings.get(id)?.state;
      if (state === undefined || state === 'synced') await this.#store.removeAudio(id, keys);
      this.#undeleted.delete(id);
    });
    await Promise.all(deletions);
  }

  /** Removes a recording with its audio, unless it is being uploaded or processed. */
  async remove(id: string): Promise<void> {
    await this.#writing.run(async () => {
      if (!this.#isStill(id)) return;
      await this.#store.removeAudio(id, [RECORDING + id]);
      this.#forget(id);
      this.#onRemove(id);
    });
  }

  /** Whether it is neither being uploaded nor processed. */
  #isStill(id: string): boolean {
    const state = this.#recordings.get(id)?.state;
    return state !== 'uploading' && state !== 'uploaded' && state !== 'processing';
  }

  /** Stores a new batch, or a change of one. */
  async putBatch(batch: BatchDoc): Promise<void> {
    await this.#store.put(new Map([[BATCH + batch.id, batch as unknown as StoredValue]]));
    this.#batches.set(batch.id, batch);
  }

  /** Ends a batch. Its recordings that are still `uploading` wait again. @param failures recordings that have failed instead, by id */
  async endBatch(batch: BatchDoc, failures: Iterable<readonly [string, Failure]> = []): Promise<void> {
    await this.update(
      new Map([...failures].map(([id, failure]) => [id, { state: 'failed', batchId: null, session: null, failure }])),
    );
    await this.#store.remove([BATCH + batch.id]);
    this.#batches.delete(batch.id);
    await this.update(new Map(this.uploadingOf(batch).map(({ id }) => [id, backToWaiting])));
  }

  async #write(recordings: readonly RecordingDoc[]): Promise<void> {
    if (recordings.length === 0) return;
    await this.#store.put(toEntries(recordings));
    this.#see(recordings);
  }

  #see(recordings: readonly RecordingDoc[]): void {
    const changed = recordings.filter((doc) => this.#recordings.get(doc.id)?.state !== doc.state);
    for (const doc of recordings) this.#keep(doc);
    for (const doc of changed) this.#onChange(doc);
  }

  #keep(doc: RecordingDoc): void {
    this.#forgetState(doc.id);
    this.#recordings.set(doc.id, doc);
    const ids = this.#inState.get(doc.state) ?? new Set();
    this.#inState.set(doc.state, ids.add(doc.id));
  }

  #forget(id: string): void {
    this.#forgetState(id);
    this.#recordings.delete(id);
  }

  #forgetState(id: string): void {
    const state = this.#recordings.get(id)?.state;
    if (state !== undefined) this.#inState.get(state)?.delete(id);
  }
}

function byTimeAdded(a: RecordingDoc, b: RecordingDoc): number {
  return a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1);
}

function toEntries(recordings: readonly RecordingDoc[]): ReadonlyMap<string, StoredValue> {
  return new Map(recordings.map((doc) => [RECORDING + doc.id, doc as unknown as StoredValue]));
}

export const backToWaiting: RecordingChange = { state: 'waiting', batchId: null, jobId: null, session: null };

export const AUDIO_MISSING = localFailure('audio_missing');
