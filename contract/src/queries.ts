/**
 * The queries of an app, one for each screen, as data. Every Firebase SDK runs them with its own `where`, `orderBy` and `limit`, and
 * the tests check exactly these against the indexes and the security rules. The next page starts after the last document of the page
 * before (`startAfter`). See docs/api.md, "Reading from an app".
 */
import type { ConversationDoc } from './conversation.ts';
import {
  conversationsPath,
  editsPath,
  JOB_FILES,
  jobFilesPath,
  JOBS,
  segmentsPath,
  SHARES,
  usagePath,
} from './paths.ts';
import type { Instant } from './time.ts';

export interface ReadQuery {
  /** Path of the collection, or id of the collection group. */
  readonly collection: string;
  readonly isGroup?: boolean;
  readonly where: readonly (readonly [
    field: string,
    op: '==' | '>=' | '>' | '<=' | '<' | 'in',
    /** A list is for `in` only. */
    value: string | Date | null | readonly string[],
  ])[];
  readonly orderBy: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
  /** Documents of one page. */
  readonly limit: number;
}

/** The largest limit that Firestore allows, for lists that must be complete. Documents that do not exist cost nothing. */
export const NO_LIMIT = 2 ** 31 - 1;

/** The jobs of a user, newest first. They are kept for a while after their end: see `expiresAt`. */
export function newestJobs(uid: string, limit = 30): ReadQuery {
  return { collection: JOBS, where: [['uid', '==', uid]], orderBy: [['createdAt', 'desc']], limit };
}

/** The jobs of a user that were created since a moment, newest first. All recordings from then on are in one of these. */
export function jobsSince(uid: string, since: Date, limit = 100): ReadQuery {
  const newest = newestJobs(uid, limit);
  return { ...newest, where: [...newest.where, ['createdAt', '>=', since]] };
}

/** The user's jobs that have not ended, in no order. */
export function unfinishedJobs(uid: string, limit = 100): ReadQuery {
  return {
    collection: JOBS,
    where: [
      ['uid', '==', uid],
      ['finishedAt', '==', null],
    ],
    orderBy: [],
    limit,
  };
}

/** The most values that Firestore allows in one `in`. */
export const MAX_JOBS_OF_A_QUERY = 30;

/**
 * The recordings of the user's jobs, in pages.
 * @param jobs one job, up to {@link MAX_JOBS_OF_A_QUERY} of them, or null for all.
 */
export function filesOfJobs(uid: string, jobs: string | readonly string[] | null, limit = 500): ReadQuery {
  const own = { where: [['uid', '==', uid] as const], orderBy: [], limit };
  if (typeof jobs === 'string') return { ...own, collection: jobFilesPath(jobs) };
  const all = { ...own, collection: JOB_FILES, isGroup: true };
  return jobs === null ? all : { ...all, where: [...own.where, ['jobId', 'in', jobs]] };
}

/** The usage of each day since a day (`yyyy-mm-dd`, UTC), oldest first. */
export function usageSince(uid: string, day: string, limit = 366): ReadQuery {
  return { collection: usagePath(uid), where: [['day', '>=', day]], orderBy: [['day', 'asc']], limit };
}

/** The user's jobs that have ended and that no app has acknowledged yet, in the order in which they ended. */
export function unacknowledgedJobs(uid: string, limit = 50): ReadQuery {
  return {
    collection: JOBS,
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
    collection: conversationsPath(uid),
    where: [['state', '==', 'live']],
    orderBy: [['startedAt', 'desc']],
    limit,
  };
}

/**
 * The conversations that began on a day, newest first. {@link conversationsDuring} also finds those that began the day before.
 * @param from the day's midnight where the user is; @param to the next one.
 */
export function conversationsOfDay(uid: string, from: Date, to: Date, limit = 50): ReadQuery {
  const live = newestConversations(uid, limit);
  return { ...live, where: [...live.where, ['startedAt', '>=', from], ['startedAt', '<', to]] };
}

/**
 * The same, for the server to count and to add up (`getAggregateFromServer`). In this order, the query has an index with
 * `speechSeconds`.
 */
export function totalOfDay(uid: string, from: Date, to: Date): ReadQuery {
  const orderBy = [['startedAt', 'asc'] as const, ['speechSeconds', 'asc'] as const];
  return { ...conversationsOfDay(uid, from, to, NO_LIMIT), orderBy };
}

/** Longer than any conversation without a pause, milliseconds: limits how far back {@link conversationsDuring} looks. */
const LONGEST_CONVERSATION_MS = 3 * 24 * 3600_000;

/** The conversations that were held on a day, newest first: those that began on it, and those that began before and reach into it. */
export function conversationsDuring(uid: string, from: Date, to: Date, limit = 50): ReadQuery {
  const live = conversationsOfDay(uid, new Date(from.getTime() - LONGEST_CONVERSATION_MS), to, limit);
  return {
    ...live,
    where: [...live.where, ['finishedAt', '>', from]],
    orderBy: [...live.orderBy, ['finishedAt', 'desc']],
  };
}

/** The last conversation that began before a moment. */
export function conversationBefore(uid: string, at: Date): ReadQuery {
  const live = newestConversations(uid, 1);
  return { ...live, where: [...live.where, ['startedAt', '<', at]] };
}

/** The first conversation that began at a moment or after it. */
export function conversationFrom(uid: string, at: Date): ReadQuery {
  const live = newestConversations(uid, 1);
  return { ...live, where: [...live.where, ['startedAt', '>=', at]], orderBy: [['startedAt', 'asc']] };
}

/** The transcript of a conversation, from its beginning, in pages of segments. */
export function transcriptOf(
  uid: string,
  { deviceId, startedAt, finishedAt }: Pick<ConversationDoc, 'deviceId' | 'startedAt' | 'finishedAt'>,
  limit = 50,
): ReadQuery {
  return {
    collection: segmentsPath(uid),
    where: [
      ['deviceId', '==', deviceId],
      ['startedAt', '>=', new Date(startedAt.toMillis())],
      ['startedAt', '<=', new Date(finishedAt.toMillis())],
    ],
    orderBy: [['startedAt', 'asc']],
    limit,
  };
}

/** All speech of a day, of all devices, from its beginning, in pages of segments: to draw it on the day's time axis. */
export function speechOfDay(uid: string, from: Date, to: Date, limit = 100): ReadQuery {
  return {
    collection: segmentsPath(uid),
    where: [
      ['startedAt', '>=', from],
      ['startedAt', '<', to],
    ],
    orderBy: [['startedAt', 'asc']],
    limit,
  };
}

/**
 * A change carries the time at which its transaction was about to commit, and may show up after a later one. So a query
 * for changes starts this long before the last one seen, milliseconds.
 */
const OVERLAP_MS = 2 * 60_000;

/**
 * What changed since a moment, oldest change first: new, longer, merged and deleted conversations. A change that was seen before may
 * come again; the client library's `applyChanges` ignores it then.
 * @param since `updatedAt` of the last change that was applied; null to read all conversations.
 */
export function conversationChanges(uid: string, since: Instant | null, limit = 200): ReadQuery {
  return {
    collection: conversationsPath(uid),
    where: since === null ? [] : [['updatedAt', '>', new Date(since.toMillis() - OVERLAP_MS)]],
    orderBy: [['updatedAt', 'asc']],
    limit,
  };
}

/**
 * The edits of speech in a stretch of time, of all devices. For the conversations of a day: from the start of the first to the end of
 * the last. See `editedConversation` and `editedSegments`.
 */
export function editsBetween(uid: string, from: Date, to: Date, limit = 500): ReadQuery {
  return {
    collection: editsPath(uid),
    where: [
      ['startedAt', '>=', from],
      ['startedAt', '<=', to],
    ],
    orderBy: [['startedAt', 'asc']],
    limit,
  };
}

/** The voices that have a name everywhere. */
export function namedVoices(uid: string, limit = 500): ReadQuery {
  return { collection: editsPath(uid), where: [['scope', '==', 'everywhere']], orderBy: [], limit };
}

/** Edits that were made, undone or moved since a moment, oldest change first. @param since as of {@link conversationChanges} */
export function editChanges(uid: string, since: Instant | null, limit = 200): ReadQuery {
  return { ...conversationChanges(uid, since, limit), collection: editsPath(uid) };
}

/** The user's shares, newest first. */
export function sharesOf(uid: string, limit = 100): ReadQuery {
  return { collection: SHARES, where: [['uid', '==', uid]], orderBy: [['createdAt', 'desc']], limit };
}
