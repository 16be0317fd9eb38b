/** What has become of a recording, in words. */
import type { FileState } from 'offline-audio-sync-contract';
import type { RecordingState } from 'offline-audio-sync-client';

/** As the server sees it, in a job. */
export const FILE_STATES: Readonly<Record<FileState, string>> = {
  expected: 'not uploaded yet',
  staged: 'not processed yet',
  transcribed: 'transcribed',
  silent: 'silence',
  duplicate: 'heard before',
  failed: 'failed',
};

/** Whether the server does not have all of it yet, and is to get it. */
export const isToSend = ({ state }: { readonly state: RecordingState }): boolean =>
  state === 'waiting' || state === 'uploading';

/** As this device sees it. */
export const LOCAL_STATES: Readonly<Record<RecordingState, string>> = {
  waiting: 'waits to be sent',
  uploading: 'sending',
  uploaded: 'sent, queued',
  processing: 'being processed',
  synced: 'done, deleted here',
  failed: 'stopped',
};
