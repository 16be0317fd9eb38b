/** A user's usage, limits and preferences. `Time`: see job.ts. */
import type { Instant } from './time.ts';

/** The counters. Each is absent before its first count. */
export interface UsageCounters {
  /** Seconds of processed audio, silence included. Speech that is sent again, in any cut, is not counted twice. */
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
 * - `none`: the limits of all users.
 * - `throttled`: a smaller budget of speech a day.
 * - `restricted`: no new uploads; accepted jobs continue.
 */
export const FAIR_USE_STAGES = ['none', 'throttled', 'restricted'] as const;
export type FairUseStage = (typeof FAIR_USE_STAGES)[number];

/** `users/{uid}.fairUse`, which only the operator writes (see firestore.rules). */
export interface FairUseEntry<Time = Instant> {
  readonly stage: FairUseStage;
  /** When the stage ends by itself; null if only the operator ends it. */
  readonly until: Time | null;
  /** For the operator, and for the user, who can read it. */
  readonly reason: string | null;
}

/** A user's preferences: `users/{uid}.preferences`, written by the app. Each field is optional there. */
export interface Preferences {
  /** A BCP-47 tag, or `multi`; null if the user has no preference. */
  readonly language: string | null;
  /** Whether only this language is spoken: then its own model recognises it better. */
  readonly singleLanguage: boolean;
  /** Names and terms to listen for, most important first. */
  readonly vocabulary: readonly string[];
  /** Whether audio may be kept to be played, if the operator keeps it (KEEP_AUDIO_DAYS). The default is true. */
  readonly keepAudio: boolean;
  /** Whether devices get a push when a job has ended. The default is true. */
  readonly notify: boolean;
}
