/** The invariants that hold for any user's data at any moment. Others, about requests and words, need what only a test knows. */
import { everyJobHasAWayForward, ledgerAddsUp, neededAudioIsThere, noOrphanedObject, registryAgrees } from './audio.ts';
import type { Context, Invariant } from './invariant.ts';
import { conversationIdsResolve, conversationsAreConnectedComponents, segmentsMatchChunks } from './transcripts.ts';
import { audioUsageEqualsRecordings, usageEqualsChunks } from './usage.ts';
import type { UserData } from './userData.ts';

export const INVARIANTS = {
  ledgerAddsUp,
  neededAudioIsThere,
  noOrphanedObject,
  everyJobHasAWayForward,
  registryAgrees,
  segmentsMatchChunks,
  conversationsAreConnectedComponents,
  conversationIdsResolve,
  usageEqualsChunks,
  audioUsageEqualsRecordings,
} satisfies Record<string, Invariant>;

export interface Violation {
  readonly invariant: string;
  readonly uid: string;
  /** A sentence. */
  readonly complaint: string;
}

export function checkUser(data: UserData, context: Context): Violation[] {
  return Object.entries(INVARIANTS).flatMap(([invariant, check]) =>
    check(data, context).map((complaint) => ({ invariant, uid: data.uid, complaint })),
  );
}
