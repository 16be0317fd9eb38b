/** Says why nothing is sent. */
import type { SyncStatus } from 'offline-audio-sync-client';
import { sentenceEnd } from './sentence.ts';

/** Replaces sentences of the server that are written for developers of apps. */
const PLAIN: Readonly<Record<string, string>> = {
  fair_use_restricted: 'This service accepts no more recordings from you for now.',
  too_many_jobs:
    'Many of your recordings are still being transcribed. The next ones follow when some of them are done.',
  daily_budget_used: 'You have reached your limit for today. Everything is kept, and goes on after midnight UTC.',
  project_budget_used:
    'This service has reached its limit for today. Everything is kept, and goes on after midnight UTC.',
  unavailable: 'The service is busy.',
  internal: 'Something went wrong.',
  unauthenticated: 'The service does not accept your sign-in. Sign out, and in again.',
  app_check_failed: 'The service does not accept this console: its operator has to set up App Check for it.',
};

/** Only the first failures in a row are followed by so short a wait, milliseconds: see `backOffMs` of the client library. */
const SHORT_WAIT_MS = 4000;
/** Failures that are normal in any network. */
const UNREACHED: ReadonlySet<string> = new Set(['network', 'timeout', 'no_token', 'not_ours']);

/**
 * Whether the failure has probably passed before the user has read it, such as one failed request. @param nowMs when the status was shown
 */
export function isPassing({ reason, until }: SyncStatus, nowMs: number): boolean {
  return reason !== null && until !== null && UNREACHED.has(reason) && until - nowMs < SHORT_WAIT_MS;
}

/** Null if there is nothing to say. */
export function statusText({ state, reason, message }: SyncStatus): string | null {
  if (state === 'standby') return 'Another tab of the console sends the recordings.';
  if (reason === null) return null;
  return PLAIN[reason] ?? (message === undefined ? `The server answered ${reason}.` : sentenceEnd(message));
}
