/** The state of a recording in words. */
import type { FileState } from 'offline-audio-sync-contract';
import type { RecordingState } from 'offline-audio-sync-client';

/** The state in a job on the server. */
export const FILE_STATES: Readonly<Record<FileState, string>> = {
  expected: 'not uploaded yet',
  staged: 'not processed yet',
  transcribed: 'transcribed',
  silent: 'silence',
  duplicate: 'duplicate',
  failed: 'failed',
};

/** Whether the recording still has to be sent, in whole or in part. */
export const isToSend = ({ state }: { readonly state: RecordingState }): boolean =>
  state === 'waiting' || state === 'uploading';

/** The state on this device. */
export const LOCAL_STATES: Readonly<Record<RecordingState, string>> = {
  waiting: 'waits to be sent',
  uploading: 'sending',
  uploaded: 'sent, queued',
  processing: 'being processed',
  synced: 'done, deleted here',
  failed: 'stopped',
};
