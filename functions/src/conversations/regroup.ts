/**
 * Divides the stored speech of a device into conversations again, within a transaction: after a split, a merge or an undo, or when a
 * correction of dates moves a split. The result is the same as if the speech had arrived with these boundaries in place.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentSnapshot, Firestore, Transaction } from 'firebase-admin/firestore';
import type { Interval } from './interval.ts';
import { AppError } from '../errors.ts';
import { DeviceAxis, intervalOf, reachOf } from './axis.ts';
import { boundariesOf, connect, extendOverBridges } from './boundaries.ts';
import type { Boundaries, Component } from './boundaries.ts';
import { conversationsOf, mergedInto } from './collections.ts';
import { writeConversationFields } from './customData.ts';
import { NO_SUMMARY } from './conversation.ts';
import type { Conversation, TimedSegment } from './conversation.ts';
import type { StoredEdit } from './edits.ts';
import { cutPages, partsBySegment, readPages, separatePages } from './storedPages.ts';
import type { StoredPage } from './storedPages.ts';
import { addTallies, tallyOf } from './tally.ts';

export interface Regrouping {
  readonly uid: string;
  readonly deviceId: string;
  /** The stretches whose boundaries change. Unix milliseconds. */
  readonly around: readonly Interval[];
  /** Gives the future splits and merges from the stored ones. */
  readonly change: (edits: readonly StoredEdit[]) => readonly StoredEdit[];
  readonly gapMs: number;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** The most words that the conversations around may have together. */
  readonly mostWords: number;
}

/** A live conversation with its pages. */
interface Open {
  readonly id: string;
  readonly conversation: Conversation;
  readonly pages: readonly StoredPage[];
}

/**
 * Reads what the division depends on. The returned function writes, and gives the ids of the conversations that have the stretches now
 * or have changed, in order of time. If nothing changes, it writes nothing.
 *
 * Cost: reads every page of the conversations less than the gap away from the stretches.
 * @throws DeletionUnderWayError; AppError `invalid_request` where these have more than `mostWords`.
 */
export async function prepareRegroup(tx: Transaction, db: Firestore, regrouping: Regrouping): Promise<() => string[]> {
  const { uid, deviceId, around, gapMs, nowMs, mostWords } = regrouping;
  const axis = new DeviceAxis(db, uid, deviceId);
  const { found, boundaries } = await surroundings(tx, axis, regrouping);
  const words = found.reduce((sum, { conversation }) => sum + conversation.wordCount, 0);
  if (words > mostWords) {
    const message = `At most ${String(mostWords)} words can be split or merged at once; these conversations have more.`;
    throw new AppError('invalid_request', { message });
  }
  const open = await Promise.all(
    found.map(async ({ id, conversation }): Promise<Open> => {
      const pages = await readPages(tx, db, uid, conversation);
      return { id, conversation, pages: cutPages(pages, boundaries.cuts) };
    }),
  );
  const parts = connect(
    open.flatMap(({ pages }) => pages.flatMap(({ segments }) => segments)),
    gapMs,
    boundaries,
  );
  const partOf = partsBySegment(parts);
  const owners = ownersOf(parts, partOf, open);
  const kept = keepIds(owners);
  const revived = await reviveIds(tx, db, uid, parts, kept, open);

  return () => {
    const taken = new Set(kept);
    const ids = parts.map((part, i) => {
      const id = kept[i] ?? revived[i]?.id ?? conversationsOf(db, uid).doc().id;
      const owner = owners[i]?.[0];
      if (owner === undefined) return { id, isNews: false };
      const before = owner.id === id ? owner.conversation : (revived[i]?.data() ?? startOf(owner.conversation, nowMs));
      const next = conversationOf(part, before);
      const isNews = owner.id !== id || !isSame(before, next);
      const updatedAt = Timestamp.fromMillis(nowMs);
      if (isNews) {
        const written = { ...next, revision: before.revision + 1, updatedAt };
        writeConversationFields(tx, conversationsOf(db, uid).doc(id), written);
      }
      return { id, isNews };
    });
    for (const { id, conversation, pages } of open) {
      separatePages(tx, axis, pages, partOf);
      const first = pages[0]?.segments[0];
      const into = first === undefined ? undefined : partOf.get(first);
      const survivor = into === undefined ? undefined : ids[into]?.id;
      if (!taken.has(id) && survivor !== undefined) axis.writeMerged(tx, id, conversation, survivor, nowMs);
    }
    return ids.flatMap(({ id, isNews }, i) => (isNews || around.some((each) => meet(each, parts[i])) ? id : []));
  };
}

/** The conversations around the stretches, and all boundaries in these: distant boundaries may also connect them. */
async function surroundings(tx: Transaction, axis: DeviceAxis, { around, change, gapMs }: Regrouping) {
  const found = new Map<string, Conversation>();
  const edits = new Map<string, StoredEdit>();
  for (const { startMs, endMs } of around) {
    let span = { startMs: startMs - gapMs, endMs: endMs + gapMs };
    for (;;) {
      const near = await axis.neighbours(tx, span.startMs, span.endMs);
      const held = near.map((doc) => intervalOf(doc.data().startedAt, doc.data().finishedAt));
      const read = await axis.boundaries(tx, reachOf([span, ...held]) ?? span);
      const wide = extendOverBridges(span, boundariesOf(change(read)), gapMs);
      if (wide.startMs < span.startMs || wide.endMs > span.endMs) {
        span = wide;
        continue;
      }
      for (const doc of near) found.set(doc.id, doc.data());
      for (const edit of read) edits.set(edit.id, edit);
      break;
    }
  }
  const boundaries: Boundaries = boundariesOf(change([...edits.values()]));
  return { found: [...found].map(([id, conversation]) => ({ id, conversation })), boundaries };
}

type Part = Component<TimedSegment>;

/** The conversations that each part was in, the earliest first. */
function ownersOf(
  parts: readonly Part[],
  partOf: ReadonlyMap<TimedSegment, number>,
  open: readonly Open[],
): readonly (readonly Open[])[] {
  const owners = parts.map(() => new Set<Open>());
  for (const each of open) {
    for (const { segments } of each.pages) {
      for (const segment of segments) owners[partOf.get(segment) ?? -1]?.add(each);
    }
  }
  return owners.map((own) =>
    [...own].sort((a, b) => byStart(a.conversation, b.conversation) || (a.id < b.id ? -1 : 1)),
  );
}

function byStart(a: Conversation, b: Conversation): number {
  return a.startedAt.toMillis() - b.startedAt.toMillis();
}

/** The id that each part keeps: that of the earliest conversation it was in whose id no part before it keeps; null if there is none. */
function keepIds(owners: readonly (readonly Open[])[]): (string | null)[] {
  const taken = new Set<string>();
  return owners.map((own) => {
    const id = own.find((owner) => !taken.has(owner.id))?.id ?? null;
    if (id !== null) taken.add(id);
    return id;
  });
}

/** A part that was a conversation of its own before a merge gets its old id again, so that links lead to it. */
async function reviveIds(
  tx: Transaction,
  db: Firestore,
  uid: string,
  parts: readonly Part[],
  kept: readonly (string | null)[],
  open: readonly Open[],
): Promise<(DocumentSnapshot<Conversation> | null)[]> {
  if (!kept.includes(null)) return parts.map(() => null);
  const found = await Promise.all(open.map(({ id }) => tx.get(mergedInto(conversationsOf(db, uid).doc(id)))));
  const left = found
    .flatMap(({ docs }) => docs)
    .filter((doc) => doc.data().state === 'merged')
    .sort((a, b) => byStart(a.data(), b.data()) || (a.id < b.id ? -1 : 1));
  return parts.map(({ startMs, endMs }, i) => {
    if (kept[i] !== null) return null;
    const at = left.findIndex((doc) => {
      const atMs = doc.data().startedAt.toMillis();
      return atMs >= startMs && atMs <= endMs;
    });
    return at === -1 ? null : (left.splice(at, 1)[0] ?? null);
  });
}

/** A conversation that begins with a part of another one. */
function startOf(whole: Conversation, nowMs: number): Conversation {
  return { ...whole, ...NO_SUMMARY, revision: 0, createdAt: Timestamp.fromMillis(nowMs) };
}

function conversationOf({ items, startMs, endMs }: Part, before: Conversation): Conversation {
  return {
    ...before,
    ...addTallies([tallyOf(items)]),
    state: 'live',
    startedAt: Timestamp.fromMillis(startMs),
    finishedAt: Timestamp.fromMillis(endMs),
    mergedInto: null,
    deletedAt: null,
  };
}

/** Whether two versions of a conversation have the same interval and counts, and so the same words. */
function isSame(a: Conversation, b: Conversation): boolean {
  return (
    a.startedAt.isEqual(b.startedAt) &&
    a.finishedAt.isEqual(b.finishedAt) &&
    a.segmentCount === b.segmentCount &&
    a.wordCount === b.wordCount
  );
}

function meet(a: Interval, b: Interval | undefined): boolean {
  return b !== undefined && a.startMs <= b.endMs && b.startMs <= a.endMs;
}
