/** What the uploader waits for. */
import type { Deadline } from './time.ts';

/** What the uploader waits for, and the latest end of the wait, Unix milliseconds; null if that is not known. */
export interface UploaderStatus {
  readonly state: 'uploading' | 'idle' | 'offline' | 'metered' | 'cooling_down' | 'backing_off' | 'signed_out';
  /** A code of the server or of this library; null if there is none. */
  readonly reason: string | null;
  /** The sentence of the server or of this library; absent if there is only a code. */
  readonly message?: string;
  readonly until: number | null;
}

/** Why nothing is sent now, and for how long, milliseconds. */
export interface Blocked {
  readonly status: UploaderStatus;
  readonly forMs: number;
}

export function blocked(
  state: UploaderStatus['state'],
  until: Deadline | null,
  why: Pick<UploaderStatus, 'reason' | 'message'> = { reason: null },
): Blocked {
  return { status: { state, ...why, until: until?.at ?? null }, forMs: until?.remainingMs ?? Infinity };
}
