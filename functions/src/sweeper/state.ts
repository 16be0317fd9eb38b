/** Where the sweeper stopped: `offline_sync_state/sweeper`. If it is lost, the sweeper only begins from the start. */
import type { DocumentReference, Firestore, Timestamp } from 'firebase-admin/firestore';

/** The last job that a step looked at. */
export interface JobCursor {
  readonly at: Timestamp;
  readonly jobId: string;
}

export interface ObjectCursor {
  /** Storage's token of the next page; null if the last pass is complete. */
  readonly pageToken: string | null;
  /** When the pass began. */
  readonly begunAt: Timestamp;
}

/** The two passes over objects in Storage. */
export type ObjectPass = 'objects' | 'keptAudio';

export interface SweeperState {
  /** By step; null or absent to begin from the start. */
  readonly jobs?: Readonly<Record<string, JobCursor | null>>;
  /** Staged recordings. */
  readonly objects?: ObjectCursor;
  readonly keptAudio?: ObjectCursor;
}

export class SweeperStateStore {
  readonly #ref: DocumentReference<SweeperState>;

  constructor(db: Firestore) {
    this.#ref = db.doc('offline_sync_state/sweeper');
  }

  async load(): Promise<SweeperState> {
    return (await this.#ref.get()).data() ?? {};
  }

  async saveJobCursor(step: string, cursor: JobCursor | null): Promise<void> {
    await this.#ref.set({ jobs: { [step]: cursor } }, { merge: true });
  }

  async saveObjectCursor(pass: ObjectPass, cursor: ObjectCursor): Promise<void> {
    await this.#ref.set({ [pass]: cursor }, { merge: true });
  }
}
