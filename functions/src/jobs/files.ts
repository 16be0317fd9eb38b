/**
 * The state of each recording of a job, in pages of {@link FILES_PER_PAGE}, in the order of file names:
 * `offline_sync_jobs/{jobId}/job_files/{page}`. They are apart from the job's document, so that its listeners get a small one. They are
 * in pages, because recordings that follow one another become final together, and one write covers them all.
 *
 * Pages are written only in transactions that read the job: by the worker that holds its lease, or where no worker can.
 */
import type { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, DocumentSnapshot, Firestore, Transaction } from 'firebase-admin/firestore';
import { jobFilesPath } from 'offline-audio-sync-contract';
import type * as contract from 'offline-audio-sync-contract';
import type { Job, JobFile } from './job.ts';

/** About 30 KB a page, 100 KB with the longest names and errors. */
const FILES_PER_PAGE = 50;

/** A page, as it is stored. */
export type FilePage = contract.FilePageDoc<Timestamp>;

/** The field of a job that finds its pages. */
export type PagedJob = Pick<Job, 'filePages'>;

export function filesOf(db: Firestore, jobId: string): CollectionReference<FilePage> {
  return db.collection(jobFilesPath(jobId)) as CollectionReference<FilePage>;
}

/** Divides recordings into pages. @returns the pages, and the field of the job that finds them. */
export function paged(files: readonly JobFile[]): { filePages: string[]; pages: JobFile[][] } {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const pages: JobFile[][] = [];
  for (let from = 0; from < sorted.length; from += FILES_PER_PAGE)
    pages.push(sorted.slice(from, from + FILES_PER_PAGE));
  return { filePages: pages.map(([first]) => first?.name ?? ''), pages };
}

/** Ids of the pages in which these names are, or would be. */
function pageIdsOf({ filePages }: PagedJob, names: Iterable<string>): string[] {
  const pageOf = (name: string): number => filePages.findLastIndex((first) => first <= name);
  const ids = new Set(Array.from(names, (name) => Math.max(0, pageOf(name))));
  return [...ids].sort((a, b) => a - b).map(String);
}

export class FileStore {
  readonly #db: Firestore;

  constructor(db: Firestore) {
    this.#db = db;
  }

  /** All recordings of a job, or those of the pages that hold these names. */
  async read(
    jobId: string,
    job: PagedJob,
    { names, tx }: { readonly names?: Iterable<string>; readonly tx?: Transaction } = {},
  ): Promise<OpenFiles> {
    const ids = names === undefined ? job.filePages.map((_, i) => String(i)) : pageIdsOf(job, names);
    const refs = ids.map((id) => filesOf(this.#db, jobId).doc(id));
    if (refs.length === 0) return new OpenFiles([]);
    const docs = await (tx === undefined ? this.#db.getAll(...refs) : tx.getAll(...refs));
    return new OpenFiles(docs as DocumentSnapshot<FilePage>[]);
  }

  /** A job's recordings, one page in memory at a time. */
  async *pages(jobId: string, { filePages }: PagedJob): AsyncGenerator<readonly JobFile[]> {
    for (const id of filePages.keys()) {
      const page = await filesOf(this.#db, jobId).doc(String(id)).get();
      yield page.data()?.files ?? [];
    }
  }
}

/** Pages that were read, with changes that are not written yet. */
export class OpenFiles {
  readonly #pages: readonly { readonly doc: DocumentSnapshot<FilePage>; readonly files: Map<string, JobFile> }[];
  readonly #changed = new Set<Map<string, JobFile>>();

  constructor(docs: readonly DocumentSnapshot<FilePage>[]) {
    this.#pages = docs.map((doc) => ({ doc, files: new Map(doc.data()?.files.map((file) => [file.name, file])) }));
  }

  get all(): JobFile[] {
    return this.#pages.flatMap(({ files }) => [...files.values()]);
  }

  get(name: string): JobFile | undefined {
    return this.#pages.find(({ files }) => files.has(name))?.files.get(name);
  }

  set(file: JobFile): void {
    const page = this.#pages.find(({ files }) => files.has(file.name));
    if (page === undefined || page.files.get(file.name) === file) return;
    page.files.set(file.name, file);
    this.#changed.add(page.files);
  }

  /** Replaces each recording by what `change` makes of it. */
  map(change: (file: JobFile) => JobFile): void {
    for (const file of this.all) this.set(change(file));
  }

  /** Writes the pages that changed. @param expiresAt writes all pages with this time, if the job's expiry changes. */
  write(tx: Transaction, expiresAt?: Timestamp): void {
    for (const { doc, files } of this.#pages) {
      const isChanged = this.#changed.has(files);
      if (!doc.exists || !(isChanged || expiresAt !== undefined)) continue;
      tx.update(doc.ref, {
        ...(isChanged ? { files: [...files.values()] } : {}),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
    }
  }
}
