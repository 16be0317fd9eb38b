/**
 * What an app reads, one query for each screen, as data: every Firebase SDK runs them with its own `where`, `orderBy` and
 * `limit`, and the tests hold exactly these against the indexes and the security rules. Pages go on behind the last document
 * of the page before (`startAfter`). See docs/api.md, "Reading from an app".
 */

/** Milliseconds since 1970: Firestore's Timestamps have it in every SDK. */
interface Time {
  toMillis(): number;
}

/** `users/{uid}/conversations/{id}`: what an app needs of it. */
export interface ConversationDoc {
  readonly deviceId: string;
  readonly state: 'live' | 'merged' | 'deleting' | 'deleted';
  readonly startedAt: Time;
  readonly finishedAt: Time;
  readonly updatedAt: Time;
  readonly mergedInto: string | null;
  /** Rises with every change. */
  readonly revision: number;
}

/** `users/{uid}/segments/{id}`: what an app needs of it. */
export interface SegmentDoc {
  readonly chunkId: string;
  /** Number within the chunk; null where speakers were not told apart. */
  readonly speaker: number | null;
}

export interface ReadQuery {
  /** Path of the collection. */
  readonly collection: string;
  readonly where: readonly (readonly [
    field: string,
    op: '==' | '>=' | '>' | '<=' | '<',
    value: string | Date | null,
  ])[];
  readonly orderBy: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
  /** Documents of one page. */
  readonly limit: number;
}

/** The jobs of a user, newest first. They are kept for a while after their end: see `expiresAt`. */
export function newestJobs(uid: string, limit = 30): ReadQuery {
  return { collection: 'offline_sync_jobs', where: [['uid', '==', uid]], orderBy: [['createdAt', 'desc']], limit };
}

/** What was counted on each day, from a day on: `yyyy-mm-dd`, UTC, oldest first. */
export function usageSince(uid: string, day: string, limit = 366): ReadQuery {
  return { collection: `users/${uid}/usage`, where: [['day', '>=', day]], orderBy: [['day', 'asc']], limit };
}

/** The user's jobs that have ended and that no app has acknowledged yet, in the order in which they ended. */
export function unacknowledgedJobs(uid: string, limit = 50): ReadQuery {
  return {
    collection: 'offline_sync_jobs',
    where: [
      ['uid', '==', uid],
      ['acknowledgedAt', '==', null],
      ['finishedAt', '>', new Date(0)], // One that has not ended has none.
    ],
    orderBy: [['finishedAt', 'asc']],
    limit,
  };
}

/** A list of conversations, newest first. */
export function newestConversations(uid: string, limit = 50): ReadQuery {
  return {
    collection: `users/${uid}/conversations`,
    where: [['state', '==', 'live']],
    orderBy: [['startedAt', 'desc']],
    limit,
  };
}

/**
 * The conversations of a day, newest first. One that runs past midnight belongs to the day it began.
 * @param from the day's midnight where the user is; @param to the next one.
 */
export function conversationsOfDay(uid: string, from: Date, to: Date, limit = 50): ReadQuery {
  const live = newestConversations(uid, limit);
  return { ...live, where: [...live.where, ['startedAt', '>=', from], ['startedAt', '<', to]] };
}

/** The transcript of a conversation, from its beginning. */
export function transcriptOf(
  uid: string,
  { deviceId, startedAt, finishedAt }: Pick<ConversationDoc, 'deviceId' | 'startedAt' | 'finishedAt'>,
  limit = 200,
): ReadQuery {
  return {
    collection: `users/${uid}/segments`,
    where: [
      ['deviceId', '==', deviceId],
      ['startedAt', '>=', new Date(startedAt.toMillis())],
      ['startedAt', '<=', new Date(finishedAt.toMillis())],
    ],
    orderBy: [['startedAt', 'asc']],
    limit,
  };
}

/** Everything that was said on a day, by whatever device, from its beginning: where speech lies on the day's axis. */
export function speechOfDay(uid: string, from: Date, to: Date, limit = 500): ReadQuery {
  return {
    collection: `users/${uid}/segments`,
    where: [
      ['startedAt', '>=', from],
      ['startedAt', '<', to],
    ],
    orderBy: [['startedAt', 'asc']],
    limit,
  };
}

/**
 * A change carries the time at which its transaction was about to commit, and may show up after a later one. So whoever asks
 * for changes asks from a little before the last one seen, milliseconds.
 */
const OVERLAP_MS = 2 * 60_000;

/**
 * What changed since a moment, oldest change first: new, longer, merged and deleted conversations. A change that was seen
 * before may come again; {@link applyChanges} does not mind.
 * @param since `updatedAt` of the last change that was applied; null to read all there is.
 */
export function conversationChanges(uid: string, since: Time | null, limit = 200): ReadQuery {
  return {
    collection: `users/${uid}/conversations`,
    where: since === null ? [] : [['updatedAt', '>', new Date(since.toMillis() - OVERLAP_MS)]],
    orderBy: [['updatedAt', 'asc']],
    limit,
  };
}

/**
 * The live conversations after these changes, in whatever order and however often they come.
 * @param known by id; tombstones stay in it, or an older change that comes again would bring a conversation back.
 */
export function applyChanges<T extends ConversationDoc>(
  known: ReadonlyMap<string, T>,
  changes: Iterable<readonly [id: string, conversation: T]>,
): Map<string, T> {
  const next = new Map(known);
  for (const [id, conversation] of changes) {
    const before = next.get(id);
    if (before === undefined || before.revision < conversation.revision) next.set(id, conversation);
  }
  return next;
}

/**
 * Where a link to a conversation leads now: late audio may have merged it into another.
 * @param get reads one document; null where there is none.
 * @returns null when it was deleted, or never was.
 */
export async function followConversation<T extends ConversationDoc>(
  uid: string,
  id: string,
  get: (path: string) => Promise<T | null>,
): Promise<{ readonly id: string; readonly conversation: T } | null> {
  const conversation = await get(`users/${uid}/conversations/${id}`);
  if (conversation?.state === 'live') return { id, conversation };
  // It was live when the other was merged into it, and a tombstone never comes back: so this ends.
  const next = conversation?.state === 'merged' ? conversation.mergedInto : null;
  return next === null ? null : followConversation(uid, next, get);
}

/**
 * Numbers for speakers, from 1, in order of appearance in a transcript. Speakers are told apart within one chunk only: the
 * same person in two chunks gets two numbers, because nothing says that they are the same.
 * @param segments of one conversation, in order of time: all its pages up to the last one shown.
 * @returns a number for each segment; null where its speaker is not known.
 */
export function speakerNumbers(segments: readonly SegmentDoc[]): (number | null)[] {
  const numbers = new Map<string, number>();
  return segments.map(({ chunkId, speaker }) => {
    if (speaker === null) return null;
    const key = `${chunkId}/${speaker}`;
    const number = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, number);
    return number;
  });
}
