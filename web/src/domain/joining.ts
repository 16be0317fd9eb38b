/** Two conversations that may become one. */
import { EDIT_LIMITS } from 'offline-audio-sync-contract';
import type { Conversation } from '../data/model.ts';
import { clock, dayOf, shortDay } from './time.ts';

type Place = Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>;

/** The last one of the same device before it, where the service may join the two; null where there is none. @param before newest first */
export function joinable<Earlier extends Place>(conversation: Place, before: readonly Earlier[]): Earlier | null {
  const last = before.find(({ deviceId }) => deviceId === conversation.deviceId);
  return last !== undefined && conversation.startedAt - last.finishedAt < EDIT_LIMITS.maxMergeMs ? last : null;
}

/** When it began, for a person who looks at another one: with the day, unless it is the same. */
export function beganAt({ startedAt }: Place, seenFrom: Place): string {
  const time = clock(startedAt);
  return dayOf(startedAt) === dayOf(seenFrom.startedAt) ? time : `${shortDay(startedAt)}, ${time}`;
}
