/** How large a job's document can become. */
import { Timestamp } from 'firebase-admin/firestore';
import { CATALOGUE } from '../errors.ts';
import type { Failure, Job, JobFile } from './job.ts';

/** Firestore's limit of one document, less what its own name takes. */
export const MAX_DOCUMENT_BYTES = 1_048_576 - 4096;

/** Longer than any sentence that is written about a recording. */
const MESSAGE_BYTES = Math.max(...Object.values(CATALOGUE).map(({ message }) => Buffer.byteLength(message)));

/** Id of a conversation, and what an array adds. */
const CONVERSATION_BYTES = 40;

/** Bytes of the job's document when it is as large as it can become: every recording failed, each with its own reason. */
export function mostBytes(job: Job): number {
  const failures = job.files.map(({ name }) => failureOf(name));
  const files = job.files.map((file, i): JobFile => ({ ...worst(file), error: failures[i] ?? null }));
  const conversations = job.files.length * CONVERSATION_BYTES;
  return valueBytes({ ...job, files, failures }) + conversations;
}

function worst(file: JobFile): JobFile {
  const known = { durationSeconds: 0, lostSeconds: 0, speechSeconds: 0, failedSeconds: 0, unplannedFrom: 0 };
  return { ...file, ...known, md5: file.md5 ?? 'x'.repeat(24), state: 'transcribed' };
}

function failureOf(file: string): Failure {
  return { file, code: 'transcription_not_configured', message: 'x'.repeat(MESSAGE_BYTES), retryable: true };
}

/** https://firebase.google.com/docs/firestore/storage-size */
function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 1;
  if (typeof value === 'number' || value instanceof Timestamp) return 8;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + valueBytes(item), 0);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce((sum, [name, field]) => sum + name.length + 1 + valueBytes(field), 0);
}
