/** Conversations that their owner shares by a link. `Time`: see job.ts. */
import type { Instant } from './time.ts';

/**
 * What was shared: the conversation as far as it reached then, so that what is added to it later is not shown. Only its owner may read
 * the document. A caller that has the token is shown the text through `GET /v2/sync/shared`, and
 * plays the audio through `GET /v2/sync/shared/audio`. `shared_conversations/{shareId}`
 */
export interface ShareDoc<Time = Instant> {
  readonly uid: string;
  readonly conversationId: string;
  readonly startedAt: Time;
  readonly finishedAt: Time;
  readonly createdAt: Time;
  readonly expiresAt: Time;
  /** Whether its kept audio may be played, too. */
  readonly withAudio: boolean;
}

export const SHARE_LIMITS = { defaultHours: 7 * 24, maxHours: 365 * 24, maxShares: 500 } as const;

/** Bytes of kept audio of one chunk that a link plays at most: as base64 it is within what the platform answers, 32 MiB. */
export const MAX_SHARED_AUDIO_BYTES = 20_000_000;
