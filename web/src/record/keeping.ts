/** Checks whether this device can keep a recording. The result is shown before recording begins. */
import { OLD_PAGE } from '../domain/sentence.ts';
import { within } from '../within.ts';
import { canEncodeOpus } from './encoder.ts';
import type { Journal } from './journal.ts';

export interface Keeping {
  /** Why nothing can be recorded, as a sentence; null if it can. */
  readonly obstacle: string | null;
  /** What the user should know before recording, as a sentence; null if there is nothing. */
  readonly warning: string | null;
}

export interface KeepingOptions {
  readonly journal: Pick<Journal, 'probe'>;
  /** Missing on some pages. */
  readonly storage: Pick<StorageManager, 'estimate'> | undefined;
  readonly opusIsThere?: () => Promise<boolean>;
}

/** Storage for one second of recording, bytes: Opus with its frame lengths, and PCM at 48 kHz, the highest usual rate. */
const OPUS_BYTES_PER_SECOND = 4500;
const PCM_BYTES_PER_SECOND = 100_000;
/**
 * Recording does not begin with less room than this, seconds. A complete minute is stored twice for a moment, in the journal and in the
 * outbox.
 */
const LEAST_ROOM_SECONDS = 120;
/** With less room than this, a warning is shown, seconds. */
const ENOUGH_ROOM_SECONDS = 3600;
/** Time limit for an answer of the browser's storage, milliseconds. */
const ANSWER_LIMIT_MS = 10_000;

const NO_ANSWER =
  'The storage of this browser does not answer, so nothing can be recorded. Close the other tabs of the console, or restart the browser.';
const NO_ROOM = 'There is no room left on this device: free some space, then record.';
const KEEPS_NOTHING =
  'This browser stores nothing for this page, so nothing can be recorded. If this is a private window, open the console in an ordinary one.';
const DAMAGED =
  'What this browser has stored for this page cannot be opened, so nothing can be recorded. Restart the browser; if that does not help, its storage is damaged.';
const KEEPS_UNTIL_CLOSED =
  'This looks like a private window: what is recorded here is lost when the window is closed before it was sent.';

export async function checkKeeping({ journal, storage, opusIsThere }: KeepingOptions): Promise<Keeping> {
  let keepsBlobs: boolean;
  try {
    keepsBlobs = await within(journal.probe(), ANSWER_LIMIT_MS, NO_ANSWER);
  } catch (error) {
    return { obstacle: obstacleOf(error), warning: null };
  }
  const seconds = await roomSeconds(storage, opusIsThere);
  if (seconds !== null && seconds < LEAST_ROOM_SECONDS) return { obstacle: NO_ROOM, warning: null };
  if (!keepsBlobs) return { obstacle: null, warning: KEEPS_UNTIL_CLOSED };
  const isScarce = seconds !== null && seconds < ENOUGH_ROOM_SECONDS;
  return {
    obstacle: null,
    warning: isScarce ? `This browser has room for about ${Math.floor(seconds / 60)} minutes of recording.` : null,
  };
}

/** Sentences by the name of the error. */
const OBSTACLES: Readonly<Record<string, string>> = {
  QuotaExceededError: NO_ROOM,
  TimeLimitError: NO_ANSWER,
  VersionError: OLD_PAGE,
  UnknownError: DAMAGED,
};

function obstacleOf(error: unknown): string {
  if (!(error instanceof Error)) return KEEPS_NOTHING;
  return error.message === NO_ANSWER ? NO_ANSWER : (OBSTACLES[error.name] ?? KEEPS_NOTHING);
}

/** How many seconds of recording there is room for; null if the browser does not say. */
async function roomSeconds(
  storage: KeepingOptions['storage'],
  opusIsThere: () => Promise<boolean> = () => canEncodeOpus(16_000),
): Promise<number | null> {
  if (storage === undefined) return null;
  try {
    const { quota, usage } = await within(storage.estimate(), ANSWER_LIMIT_MS);
    if (quota === undefined || usage === undefined) return null;
    return (quota - usage) / ((await opusIsThere()) ? OPUS_BYTES_PER_SECOND : PCM_BYTES_PER_SECOND);
  } catch {
    return null; // The estimate is only a hint: a write that fails is reported when it happens.
  }
}
