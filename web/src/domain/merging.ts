/** Which two conversations can be merged. */
import { EDIT_LIMITS } from 'offline-audio-sync-contract';
import type { Conversation } from '../data/model.ts';
import { clock, dayOf, shortDay } from './time.ts';

type Place = Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>;

/**
 * The previous conversation of the same device, if the service can merge the two; otherwise null. @param before earlier conversations,
 * newest first
 */
export function mergeable<Earlier extends Place>(conversation: Place, before: readonly Earlier[]): Earlier | null {
  const last = before.find(({ deviceId }) => deviceId === conversation.deviceId);
  return last !== undefined && conversation.startedAt - last.finishedAt < EDIT_LIMITS.maxMergeMs ? last : null;
}

/** When the conversation began, as seen from another one: the day is added only if it is a different one. */
export function beganAt({ startedAt }: Place, seenFrom: Place): string {
  const time = clock(startedAt);
  return dayOf(startedAt) === dayOf(seenFrom.startedAt) ? time : `${shortDay(startedAt)}, ${time}`;
}
