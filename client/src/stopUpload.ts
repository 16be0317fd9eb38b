/** Stops the upload of one recording. The others of its batch are uploaded without it. */
import type { Api } from './api.ts';
import type { Library } from './library.ts';
import { localFailure } from './recording.ts';
import type { Uploader } from './uploader.ts';

export interface UploadParts {
  readonly library: Library;
  readonly uploader: Uploader;
  readonly api: Api;
}

const UPLOAD_CANCELLED = localFailure('upload_cancelled');

/** Makes the recording `failed`, unless the server has it by then. @throws RequestError if its job cannot be cancelled. */
export async function stopUpload(
  id: string,
  { library, uploader, api }: UploadParts,
  signal: AbortSignal,
): Promise<void> {
  const batch = library.batches.find((each) => library.uploadingOf(each).some((recording) => recording.id === id));
  if (batch === undefined) {
    await library.update(new Map([[id, { state: 'failed', failure: UPLOAD_CANCELLED }]]), 'waiting');
    return;
  }
  await uploader.withoutSending(batch.id, async () => {
    const current = library.batches.find((each) => each.id === batch.id);
    if (current === undefined) return; // The server had it already.
    // The server waits for every recording of a direct upload, so without this one the job would wait for a day.
    if (current.way === 'direct' && current.jobId !== null) await api.cancel(current.jobId, signal);
    await library.endBatch(current, [[id, UPLOAD_CANCELLED]]);
  });
}
