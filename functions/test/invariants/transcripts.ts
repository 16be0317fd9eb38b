/** Promises 2 and 3, nothing twice and order does not matter: transcripts and conversations follow from the chunks alone. */
import { isDeepStrictEqual } from 'node:util';
import { Timestamp } from 'firebase-admin/firestore';
import { IMPORTED } from 'offline-audio-sync-contract';
import { segmentPage } from '../../src/conversations/axis.ts';
import { boundariesOf } from '../../src/conversations/boundaries.ts';
import type { Boundaries } from '../../src/conversations/boundaries.ts';
import { segmentsIn } from '../../src/conversations/conversation.ts';
import type { Conversation, Segment } from '../../src/conversations/conversation.ts';
import { segmentWords } from '../../src/conversations/segments.ts';
import { recordedWords } from '../../src/jobs/chunk.ts';
import { doneChunks, hasWholeHistory, isClose, sumOf } from './invariant.ts';
import type { Invariant } from './invariant.ts';
import { byContent } from './userData.ts';
import type { UserData } from './userData.ts';

/** A segment with its times as Unix milliseconds. */
type PlainSegment = Omit<Segment, 'startedAt' | 'endedAt'> & { readonly startMs: number; readonly endMs: number };

/**
 * The segments are exactly those that follow from the words of the chunks. Exceptions: while a conversation is being deleted, its
 * chunks and segments lose their words at different moments; segments outlive their jobs; and imported segments come from no chunk. A
 * split may have divided a segment, so single words are compared if there are splits.
 */
export const segmentsMatchChunks: Invariant = (stored) => {
  const hasSplits = stored.edits.some(({ kind }) => kind === 'split');
  return compareSegments(
    hasSplits ? { ...stored, segments: byContent([...stored.segments.values()].flatMap(wordByWord)) } : stored,
    hasSplits ? wordByWord : (segment) => [segment],
  );
};

type Divide = (segment: Segment) => Segment[];

/** Each word as a segment. The confidence is stored for whole segments only, so it is left out. */
function wordByWord(segment: Segment): Segment[] {
  return segment.words.map(({ text, fromMs, toMs, language = segment.language }) => ({
    ...segment,
    startedAt: Timestamp.fromMillis(at(segment.startedAt) + fromMs),
    endedAt: Timestamp.fromMillis(at(segment.startedAt) + toMs),
    text,
    language,
    confidence: 1,
    words: [{ text, fromMs: 0, toMs: toMs - fromMs }],
  }));
}

function compareSegments(data: UserData, divide: Divide): string[] {
  const expected = expectedSegments(data, divide);
  const missing = [...expected].flatMap(([id, candidates]) => {
    const stored = data.segments.get(id);
    if (stored !== undefined) {
      return candidates.some((candidate) => isDeepStrictEqual(candidate, stored))
        ? []
        : [`segment ${id} is not what chunk ${stored.chunkId} says`];
    }
    return candidates.every((candidate) => isBeingDeleted(plain(candidate), data))
      ? []
      : [`segment ${id} of chunk ${candidates.map(({ chunkId }) => chunkId).join(', ')} is missing`];
  });

  const known = new Set(data.chunks.map(({ jobId, id }) => `${jobId}/${id}`));
  const mayHaveExpired = !hasWholeHistory(data);
  const extra = [...data.segments].filter(
    ([id, segment]) =>
      !expected.has(id) &&
      !segment.jobId.startsWith(IMPORTED) &&
      (known.has(`${segment.jobId}/${segment.chunkId}`) || !mayHaveExpired) &&
      !isBeingDeleted(plain(segment), data),
  );
  return [...missing, ...extra.map(([id, { chunkId }]) => `segment ${id} does not come from chunk ${chunkId}`)];
}

/** The segments that may have an id, by id. */
function expectedSegments(data: UserData, divide: Divide): Map<string, Segment[]> {
  const expected = new Map<string, Segment[]>();
  for (const { id: chunkId, jobId, chunk } of doneChunks(data)) {
    for (const segment of segmentWords(recordedWords(chunk))) {
      const page = segmentPage(chunk.deviceId, { jobId, chunkId, transcriber: chunk.transcriber }, [segment]);
      for (const [id, candidate] of byContent(segmentsIn([page]).flatMap(divide))) {
        expected.set(id, [...(expected.get(id) ?? []), candidate]);
      }
    }
  }
  return expected;
}

function plain({ startedAt, endedAt, ...rest }: Segment): PlainSegment {
  return { ...rest, startMs: startedAt.toMillis(), endMs: endedAt.toMillis() };
}

function isBeingDeleted(segment: PlainSegment, { conversations }: UserData): boolean {
  return [...conversations.values()].some(
    ({ state, deviceId, startedAt, finishedAt }) =>
      state === 'deleting' &&
      deviceId === segment.deviceId &&
      startedAt.toMillis() <= segment.startMs &&
      segment.endMs <= finishedAt.toMillis(),
  );
}

interface Component {
  readonly segments: readonly PlainSegment[];
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The live conversations of each device are the connected components of its segments, as the user has split and merged them, and their
 * sums are those of their segments.
 */
export const conversationsAreConnectedComponents: Invariant = (data, { gapMs }) => {
  const segments = [...data.segments.values()].map(plain).filter((segment) => !isBeingDeleted(segment, data));
  const live = [...data.conversations].filter(([, { state }]) => state === 'live');
  const devices = new Set([...segments, ...live.map(([, conversation]) => conversation)].map((each) => each.deviceId));
  return [...devices].flatMap((deviceId) => {
    const components = connected(
      segments.filter((segment) => segment.deviceId === deviceId),
      gapMs,
      boundariesOf(data.edits.filter((edit) => edit.deviceId === deviceId)),
    );
    const open = live.filter(([, conversation]) => conversation.deviceId === deviceId);
    const complaints = components.flatMap((component) => {
      const at = open.findIndex(([, { startedAt }]) => startedAt.toMillis() === component.startMs);
      const [found] = at === -1 ? [] : open.splice(at, 1);
      if (found === undefined) return [`no conversation of ${deviceId} begins at ${iso(component.startMs)}`];
      return miscounted(component, found[1]).map((complaint) => `conversation ${found[0]} ${complaint}`);
    });
    return [...complaints, ...open.map(([id]) => `conversation ${id} is not one component of the speech`)];
  });
};

/** Segments are connected if they are closer than the gap or a bridge covers both, unless a cut lies between them. */
function connected(segments: readonly PlainSegment[], gapMs: number, { cuts, bridges }: Boundaries): Component[] {
  const components: { segments: PlainSegment[]; startMs: number; endMs: number }[] = [];
  for (const segment of segments.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = components.at(-1);
    const lastStartMs = last?.segments.at(-1)?.startMs ?? -Infinity;
    const isNear = last !== undefined && segment.startMs - last.endMs < gapMs;
    const isBridged = bridges.some(({ startMs, endMs }) => startMs <= lastStartMs && segment.startMs <= endMs);
    const cut = cuts.find((each) => each > lastStartMs && each <= segment.startMs);
    if (last !== undefined && (isNear || isBridged) && cut === undefined) {
      last.segments.push(segment);
      last.endMs = Math.max(last.endMs, segment.endMs);
    } else {
      if (last !== undefined && cut !== undefined) last.endMs = Math.min(last.endMs, cut - 1);
      components.push({ segments: [segment], startMs: segment.startMs, endMs: segment.endMs });
    }
  }
  return components;
}

function miscounted({ segments, endMs }: Component, conversation: Conversation): string[] {
  const { finishedAt, segmentCount, wordCount, speechSeconds } = conversation;
  const words = segments.flatMap((segment) => segment.words);
  const spoken = sumOf(words, ({ fromMs, toMs }) => (toMs - fromMs) / 1000);
  return [
    ...(finishedAt.toMillis() === endMs
      ? []
      : [`ends at ${iso(finishedAt.toMillis())} and its speech at ${iso(endMs)}`]),
    ...(segmentCount === segments.length ? [] : [`counts ${segmentCount} segments and has ${segments.length}`]),
    ...(wordCount === words.length ? [] : [`counts ${wordCount} words and has ${words.length}`]),
    ...(isClose(speechSeconds, spoken)
      ? []
      : [`counts ${speechSeconds.toFixed(3)} s of speech and has ${spoken.toFixed(3)} s`]),
  ];
}

function at(time: Timestamp): number {
  return time.toMillis();
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Every conversation id in a job, a chunk or a merged conversation leads to a conversation that is live or was deleted. */
export const conversationIdsResolve: Invariant = ({ jobs, chunks, conversations }) => {
  const named = new Map<string, string>();
  for (const [id, { newConversationIds, updatedConversationIds }] of jobs) {
    for (const each of [...newConversationIds, ...updatedConversationIds]) named.set(each, `job ${id}`);
  }
  for (const { id, chunk } of chunks) {
    for (const each of chunk.conversationIds) named.set(each, `chunk ${id}`);
  }
  for (const [id, { mergedInto }] of conversations)
    if (mergedInto !== null) named.set(mergedInto, `conversation ${id}`);
  return [...named].flatMap(([id, by]) =>
    resolves(id, conversations) ? [] : [`${by} names ${id}, which leads nowhere`],
  );
};

function resolves(id: string, conversations: ReadonlyMap<string, Conversation>): boolean {
  const seen = new Set<string>();
  for (let at: string | null = id; at !== null && !seen.has(at);) {
    seen.add(at);
    const conversation = conversations.get(at);
    if (conversation !== undefined && conversation.state !== 'merged') return true;
    at = conversation?.mergedInto ?? null;
  }
  return false;
}
