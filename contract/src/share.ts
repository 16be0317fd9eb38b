/** Conversations that their owner shares by a link. `Time`: see job.ts. */
import type { Instant } from './time.ts';

/**
 * A share has the interval that the conversation had when it was shared, so that speech that is added later is not shown. Only its
 * owner may read the document. With the token, anyone gets the text by `GET /v2/sync/shared` and the audio by
 * `GET /v2/sync/shared/audio`. `shared_conversations/{shareId}`
 */
export interface ShareDoc<Time = Instant> {
  readonly uid: string;
  readonly conversationId: string;
  readonly startedAt: Time;
  readonly finishedAt: Time;
  readonly createdAt: Time;
  readonly expiresAt: Time;
  /** Whether its kept audio may also be played. */
  readonly withAudio: boolean;
}

export const SHARE_LIMITS = { defaultHours: 7 * 24, maxHours: 365 * 24, maxShares: 500 } as const;

/** The most bytes of kept audio of one chunk that a link plays. As base64 they fit the platform's largest answer, 32 MiB. */
export const MAX_SHARED_AUDIO_BYTES = 20_000_000;
