/** Reads stored pages of segments, and divides them by conversation. */
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import type { DeviceAxis } from './axis.ts';
import { segmentPagesOf, transcriptOf } from './collections.ts';
import { segmentsIn } from './conversation.ts';
import type { Conversation, PlacedRecording, Segment, SegmentPage, TimedSegment } from './conversation.ts';
import { cutSegment } from './segments.ts';

/** A stored page with its segments on the time axis. */
export interface StoredPage {
  readonly ref: DocumentReference<SegmentPage>;
  readonly source: SegmentPage;
  readonly segments: readonly TimedSegment[];
}

/** All pages of a conversation. */
export async function readPages(
  tx: Transaction,
  db: Firestore,
  uid: string,
  conversation: Conversation,
): Promise<StoredPage[]> {
  const { docs } = await tx.get(transcriptOf(segmentPagesOf(db, uid), conversation));
  return docs.map((doc) => ({ ref: doc.ref, source: doc.data(), segments: timedSegments([doc.data()]) }));
}

/** Cuts the segments of pages, so that each segment is of one conversation. */
export function cutPages(pages: readonly StoredPage[], cuts: readonly number[]): StoredPage[] {
  return pages.map((page) => ({ ...page, segments: page.segments.flatMap((segment) => cutSegment(segment, cuts)) }));
}

/** The part that each segment is in. */
export function partsBySegment(
  parts: readonly { readonly items: readonly TimedSegment[] }[],
): ReadonlyMap<TimedSegment, number> {
  return new Map(parts.flatMap(({ items }, part) => items.map((segment) => [segment, part] as const)));
}

/**
 * Splits pages that have segments of several parts, because the pages of a conversation are found by their start.
 * @param partOf as {@link partsBySegment} gives it: a conversation may have thousands of parts
 */
export function separatePages(
  tx: Transaction,
  axis: DeviceAxis,
  pages: readonly StoredPage[],
  partOf: ReadonlyMap<TimedSegment, number>,
): void {
  for (const { ref, source, segments } of pages) {
    const shares = new Map<number, TimedSegment[]>();
    for (const segment of segments) {
      const part = partOf.get(segment);
      if (part === undefined) continue;
      const share = shares.get(part);
      if (share === undefined) shares.set(part, [segment]);
      else share.push(segment);
    }
    if (shares.size < 2) continue;
    tx.delete(ref);
    for (const share of shares.values()) axis.writeSegments(tx, source, share);
  }
}

export function placeOf({
  recordingId,
  recordingStartedAt,
}: Pick<SegmentPage, 'recordingId' | 'recordingStartedAt'>): PlacedRecording {
  return { recordingId, startedAtMs: recordingStartedAt.toMillis() };
}

export function timedSegments(pages: readonly SegmentPage[]): TimedSegment[] {
  return segmentsIn(pages).map(timedSegment);
}

/** A stored segment on the time axis. Its words get the segment's confidence, because only that is stored. */
function timedSegment(segment: Segment): TimedSegment {
  const { startedAt, endedAt, text, speaker, confidence, language } = segment;
  const startMs = startedAt.toMillis();
  return {
    recording: placeOf(segment),
    startMs,
    endMs: endedAt.toMillis(),
    text,
    speaker,
    confidence,
    language,
    words: segment.words.map((word) => ({
      text: word.text,
      startMs: startMs + word.fromMs,
      endMs: startMs + word.toMs,
      confidence,
      speaker,
      language: word.language === undefined ? language : word.language,
    })),
  };
}
