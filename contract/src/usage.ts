/** What a user used and may use. `Time`: see job.ts. */
import type { Instant } from './time.ts';

/** What is counted. Each counter is absent before its first count. */
export interface UsageCounters {
  /** Seconds of audio that came through, silence included. Speech that comes again, in whatever cut, counts no second time. */
  readonly audioSeconds: number;
  /** Seconds sent to transcription. */
  readonly speechSeconds: number;
  /** Seconds the transcription service billed. */
  readonly billedSeconds: number;
  /** Successful transcription requests. */
  readonly requests: number;
}

/** One day, in UTC: `users/{uid}/usage/{yyyy-mm-dd}`. */
export interface UsageDoc<Time = Instant> extends Partial<UsageCounters> {
  /** `yyyy-mm-dd`. */
  readonly day: string;
  readonly expiresAt: Time;
}

/**
 * - `none`: the limits that hold for everybody.
 * - `throttled`: a smaller budget of speech a day.
 * - `restricted`: no new uploads; what was accepted goes on.
 */
export const FAIR_USE_STAGES = ['none', 'throttled', 'restricted'] as const;
export type FairUseStage = (typeof FAIR_USE_STAGES)[number];

/** `users/{uid}.fairUse`, which only the operator writes (see firestore.rules). */
export interface FairUseEntry<Time = Instant> {
  readonly stage: FairUseStage;
  /** When the stage ends by itself; null where only the operator ends it. */
  readonly until: Time | null;
  /** For the operator, and for the user, who can read it. */
  readonly reason: string | null;
}

/** What a user prefers: `users/{uid}.preferences`, written by the app. Each is optional there. */
export interface Preferences {
  /** A BCP-47 tag, or `multi`; null where the user has no preference. */
  readonly language: string | null;
  /** Nothing but this language is spoken: its own model is the better one. */
  readonly singleLanguage: boolean;
  /** Names and terms to listen for, most important first. */
  readonly vocabulary: readonly string[];
  /** Whether audio is kept to be played, where the operator keeps it (KEEP_AUDIO_DAYS); it is unless the user says no. */
  readonly keepAudio: boolean;
  /** Whether devices get a push when a job has ended; they do unless the user says no. */
  readonly notify: boolean;
}
