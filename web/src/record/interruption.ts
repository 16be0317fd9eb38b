/** Times in which a recording goes on and nothing is recorded. */

/**
 * Why nothing is recorded:
 * - `paused`: the person who records wants it so. The microphone is closed.
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
  /** What the platform said of it: a sentence, or null. */
  readonly detail: string | null;
}

/**
 * One that is over. What follows it is a recording of its own, at its own time. Found afterwards:
 * - `lost`: frames were dropped on their way from the microphone.
 * - `clock`: the wall clock has jumped: it was set, or the device slept.
 */
export interface Missed {
  readonly reason: InterruptionReason | 'lost' | 'clock';
  /** When it began, Unix milliseconds. */
  readonly at: number;
  readonly lengthMs: number;
}
