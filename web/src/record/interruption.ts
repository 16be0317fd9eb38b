/** Times during a recording in which nothing is recorded. */

/**
 * Why nothing is recorded:
 * - `paused`: the user has paused the recording. The microphone is closed.
 * - `suspended`: the platform has stopped the audio clock: a call, an assistant, a page in the background.
 * - `muted`: the platform delivers silence instead of what the microphone captures.
 * - `ended`: the microphone was unplugged or taken away.
 * - `changed`: the microphone delivers another sample rate than the one it was opened with, or is another device.
 * - `no_frames`: nothing arrives, and no other reason is known.
 * - `frozen`: the browser has frozen this page.
 * - `unavailable`: no microphone can be opened.
 * - `encoder`: the browser's Opus encoder failed.
 */
export type InterruptionReason =
  | 'paused'
  | 'suspended'
  | 'muted'
  | 'ended'
  | 'changed'
  | 'no_frames'
  | 'frozen'
  | 'unavailable'
  | 'encoder';

export interface Interruption {
  readonly reason: InterruptionReason;
  /** The platform's message, as a sentence; null if there is none. */
  readonly detail: string | null;
}

/**
 * An interruption that is over. A new recording with its own time follows it. Two further reasons are found only afterwards:
 * - `lost`: frames were lost between the microphone and the page.
 * - `clock`: the wall clock has jumped: it was set, or the device slept.
 */
export interface Missed {
  readonly reason: InterruptionReason | 'lost' | 'clock';
  /** When it began, Unix milliseconds. */
  readonly at: number;
  readonly lengthMs: number;
}
