/**
 * Conversations that their owner shares by a link. The token in the link is not stored, only its hash, which is the id of the share. A
 * link shows the speech in the interval that the conversation had when it was shared: with corrections, and without what was deleted.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Query } from 'firebase-admin/firestore';
import {
  editedConversation,
  editedSegments,
  MAX_SHARED_AUDIO_BYTES,
  SHARE_LIMITS,
  SHARES,
} from 'offline-audio-sync-contract';
import type { EditedSegment, ShareDoc } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import { keptAudioOf } from '../storage/keptAudio.ts';
import type { KeptAudioEntry } from '../storage/keptAudio.ts';
import { conversationsOf, segmentPagesOf, transcriptOf } from './collections.ts';
import { segmentsIn } from './conversation.ts';
import type { Conversation, Segment } from './conversation.ts';
import { editsBetween, namedVoices, storedEdit } from './edits.ts';
import type { ConversationStore } from './store.ts';

export type Share = ShareDoc<Timestamp>;

/** Pages of one answer: at five minutes of speech each, more than a working day and some megabytes. */
const SHOWN_PAGES = 100;

/** Segments of one answer: three or four times as many as such a day has. Each is compared with the corrections. */
const SHOWN_SEGMENTS = 10_000;

/** Corrections that are read for one answer. Anyone may open a link any number of times, and each read is billed. */
const SHOWN_EDITS = 1000;

/** Bytes of a token: 2^256 tokens cannot be guessed. */
const TOKEN_BYTES = 32;

export interface SharingDeps {
  readonly db: Firestore;
  readonly conversations: Pick<ConversationStore, 'resolve'>;
  /** Whether the operator allows sharing. */
  readonly isOn: () => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface NewShareRequest {
  readonly uid: string;
  readonly conversationId: string;
  readonly hours: number;
  readonly withAudio: boolean;
}

export interface NewShare {
  readonly id: string;
  readonly token: string;
  readonly expiresAtMs: number;
}

/** @throws AppError `sharing_off`; `conversation_not_found`; `conversation_merged`; `too_many_shares`. */
export async function share(
  { uid, conversationId, hours, withAudio }: NewShareRequest,
  { db, isOn, now }: SharingDeps,
): Promise<NewShare> {
  if (!isOn()) throw new AppError('sharing_off');
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const id = shareId(token);
  const [createdAtMs, expiresAtMs] = [now(), now() + hours * 3600_000];
  await db.runTransaction(async (tx) => {
    const conversation = (await tx.get(conversationsOf(db, uid).doc(conversationId))).data();
    const shared = await tx.get(workingSharesOf(db, uid, createdAtMs).limit(SHARE_LIMITS.maxShares).select());
    if (conversation?.state === 'merged') throw new AppError('conversation_merged');
    if (conversation?.state !== 'live') throw new AppError('conversation_not_found');
    if (shared.size === SHARE_LIMITS.maxShares) throw new AppError('too_many_shares');
    const { startedAt, finishedAt } = conversation;
    tx.create(sharesIn(db).doc(id), {
      uid,
      conversationId,
      startedAt,
      finishedAt,
      withAudio,
      createdAt: Timestamp.fromMillis(createdAtMs),
      expiresAt: Timestamp.fromMillis(expiresAtMs),
    });
  });
  return { id, token, expiresAtMs };
}

/** Ends a share of the user. Does nothing if there is no such share, or it belongs to another user. */
export async function withdraw(uid: string, id: string, { db }: Pick<SharingDeps, 'db'>): Promise<void> {
  const ref = sharesIn(db).doc(id);
  await db.runTransaction(async (tx) => {
    if ((await tx.get(ref)).data()?.uid === uid) tx.delete(ref);
  });
}

export interface SharedConversation {
  readonly conversation: Conversation;
  readonly title: string | null;
  readonly segments: readonly EditedSegment<Segment>[];
  /** Whether more was said than is shown. */
  readonly isCut: boolean;
  readonly expiresAtMs: number;
  /** Ids of the chunks whose audio the link plays. */
  readonly audible: ReadonlySet<string>;
}

/** A share that works. */
export interface OpenShare {
  readonly uid: string;
  readonly withAudio: boolean;
  readonly expiresAtMs: number;
  /** The conversation with the interval that was shared. */
  readonly shown: Conversation;
}

/** Finds the share of a token. @throws AppError `share_not_found`, also while sharing is switched off. */
export async function openShare(token: string, { db, conversations, isOn, now }: SharingDeps): Promise<OpenShare> {
  const shared = isOn() ? (await sharesIn(db).doc(shareId(token)).get()).data() : undefined;
  if (shared === undefined || shared.expiresAt.toMillis() <= now()) throw new AppError('share_not_found');
  const { uid, conversationId } = shared;
  const [current] = (await conversations.resolve(uid, [conversationId])).values();
  if (current === undefined) throw new AppError('share_not_found');
  const shown = { ...current, startedAt: shared.startedAt, finishedAt: shared.finishedAt };
  return { uid, withAudio: shared.withAudio, expiresAtMs: shared.expiresAt.toMillis(), shown };
}

/** Reads what the link with this token shows. @throws AppError `share_not_found` */
export async function readShared(token: string, deps: SharingDeps): Promise<SharedConversation> {
  const { db } = deps;
  const { uid, shown, withAudio, expiresAtMs } = await openShare(token, deps);
  const { docs } = await transcriptOf(segmentPagesOf(db, uid), shown)
    .limit(SHOWN_PAGES + 1)
    .get();
  const interval = { startMs: shown.startedAt.toMillis(), endMs: shown.finishedAt.toMillis() };
  const [corrections, names] = await Promise.all([
    editsBetween(db, { uid, deviceId: shown.deviceId, ...interval })
      .limit(SHOWN_EDITS + 1)
      .get(),
    namedVoices(db, uid).get(),
  ]);
  // Speech whose corrections were not read is not shown: it may be what its owner has corrected away.
  const endMs = corrections.docs[SHOWN_EDITS]?.data().startedAt.toMillis() ?? Infinity;
  const said = segmentsIn(docs.slice(0, SHOWN_PAGES).map((doc) => doc.data()));
  const segments = said.slice(0, SHOWN_SEGMENTS).filter(({ startedAt }) => startedAt.toMillis() < endMs);
  if (segments.length === 0) throw new AppError('share_not_found');
  const read = [...corrections.docs.slice(0, SHOWN_EDITS), ...names.docs];
  const edits = [...new Map(read.map((doc) => [doc.id, storedEdit(doc)])).values()];
  return {
    conversation: shown,
    title: editedConversation(shown, edits).title,
    segments: editedSegments(segments, shown, edits),
    isCut: docs.length > SHOWN_PAGES || segments.length < said.length,
    expiresAtMs,
    audible: withAudio ? await audibleChunks(uid, segments, deps) : new Set(),
  };
}

async function audibleChunks(
  uid: string,
  segments: readonly Pick<Segment, 'chunkId'>[],
  { db, now }: SharingDeps,
): Promise<ReadonlySet<string>> {
  const refs = [...new Set(segments.map(({ chunkId }) => chunkId))].map((id) => keptAudioOf(db, uid).doc(id));
  const docs = await db.getAll(...refs, { fieldMask: ['bytes', 'expiresAt'] });
  return new Set(docs.flatMap((doc) => (isAudible(doc.data() as KeptAudioEntry | undefined, now()) ? doc.id : [])));
}

/** Whether a link may play this audio: it exists, has not expired and fits an answer. @param nowMs Unix milliseconds */
export function isAudible(
  kept: Pick<KeptAudioEntry, 'bytes' | 'expiresAt'> | undefined,
  nowMs: number,
): kept is KeptAudioEntry {
  return kept !== undefined && kept.expiresAt.toMillis() > nowMs && kept.bytes <= MAX_SHARED_AUDIO_BYTES;
}

/** The shares of a user. */
export function sharesOf(db: Firestore, uid: string): Query<Share> {
  return sharesIn(db).where('uid', '==', uid);
}

/** The shares that have not expired: Firestore may take days to delete an expired one. @param nowMs Unix milliseconds */
export function workingSharesOf(db: Firestore, uid: string, nowMs: number): Query<Share> {
  return sharesOf(db, uid).where('expiresAt', '>', Timestamp.fromMillis(nowMs));
}

function sharesIn(db: Firestore): CollectionReference<Share> {
  return db.collection(SHARES) as CollectionReference<Share>;
}

function shareId(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
