/** Recordings on this device, on their way to the server. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { userAuth } from '../firebase/auth.ts';

export interface NewRecording {
  readonly name: string;
  readonly audio: Blob;
  /** For names that carry no device; this browser where it is left out. */
  readonly deviceId?: string;
}

export interface LocalRecording {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly state: 'waiting' | 'uploading' | 'uploaded' | 'processing' | 'synced' | 'failed';
  readonly jobId: string | null;
  readonly failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
}

export interface Outbox {
  readonly recordings: ReadonlySignal<readonly LocalRecording[]>;
  add(recordings: readonly NewRecording[]): Promise<void>;
  retry(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}

export function openOutbox(deviceId: string): Outbox {
  const recordings = signal<readonly LocalRecording[]>([]);
  const set = (ids: readonly string[], change: Partial<LocalRecording>): void => {
    recordings.value = recordings.value.map((one) => (ids.includes(one.id) ? { ...one, ...change } : one));
  };
  return {
    recordings,
    add: async (added) => {
      const docs = added.map(({ name, audio }) => {
        return {
          id: crypto.randomUUID(),
          name,
          size: audio.size,
          state: 'uploading',
          jobId: null,
          failure: null,
        } as const;
      });
      recordings.value = [...recordings.value, ...docs];
      const ids = docs.map(({ id }) => id);
      const form = new FormData();
      form.set('device_id', deviceId);
      for (const { name, audio } of added) form.append('files', audio, name);
      const token = await (await userAuth()).currentUser?.getIdToken();
      const response = await fetch('/v2/sync/upload', {
        method: 'POST',
        headers: { authorization: `Bearer ${token ?? ''}`, 'idempotency-key': crypto.randomUUID() },
        body: form,
      });
      const answer = (await response.json()) as { job_id?: string; error?: { code: string; message: string } };
      if (answer.job_id !== undefined) set(ids, { state: 'uploaded', jobId: answer.job_id });
      else set(ids, { state: 'failed', failure: { code: '', message: '', ...answer.error, retryable: false } });
    },
    retry: () => Promise.resolve(),
    remove: (id) => {
      recordings.value = recordings.value.filter((one) => one.id !== id);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
