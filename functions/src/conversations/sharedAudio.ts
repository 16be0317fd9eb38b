/**
 * Selects the kept audio that a link plays: the sentences that were shared, with the pauses between them. A chunk may also have audio
 * of other conversations, or of one that is deleted by now. That is cut out, and not a byte of it is sent.
 */
import type { KeptSpan } from 'offline-audio-sync-contract';
import { cutAudio, TOLERANCE_MS } from '../audio/chunk/cutAudio.ts';
import type { ChunkAudio, Stretch } from '../audio/chunk/cutAudio.ts';
import { AppError } from '../errors.ts';
import { keptAudioOf } from '../storage/keptAudio.ts';
import { pagesWithChunkId } from './collections.ts';
import { segmentsIn } from './conversation.ts';
import type { Segment } from './conversation.ts';
import { deletedStretches } from './deletion.ts';
import type { Interval } from './interval.ts';
import { isAudible, openShare } from './sharing.ts';
import type { OpenShare, SharingDeps } from './sharing.ts';

/**
 * How much of a pause is played before and after a sentence, milliseconds: enough to sound natural, and not enough to reveal speech in
 * a longer pause that was not transcribed.
 */
export const MARGIN_MS = 500;

/** Pages of a chunk that are read: more than ten minutes of audio have. Audio of further pages is not played. */
const MAX_PAGES = 300;

export interface SharedAudioDeps extends SharingDeps {
  /** The bytes of an object; null if it is deleted. */
  readonly read: (path: string) => Promise<Uint8Array | null>;
  /** Counts bytes in the daily budget. @throws AppError if the budget is used up */
  readonly spend: (uid: string, bytes: number) => Promise<unknown>;
}

/** A stretch of audio without cuts. Milliseconds. */
export interface SharedSpan {
  /** From the start of the shared conversation. */
  readonly fromMs: number;
  /** From the start of the audio. */
  readonly audioMs: number;
  readonly durationMs: number;
}

export interface SharedAudio extends ChunkAudio {
  readonly durationMs: number;
  readonly spans: readonly SharedSpan[];
}

/**
 * The audio of a chunk that the link with this token plays.
 * @throws AppError `share_not_found`; `audio_not_found`; `daily_budget_used`; `project_budget_used`.
 */
export async function readSharedAudio(token: string, chunkId: string, deps: SharedAudioDeps): Promise<SharedAudio> {
  const { db, now } = deps;
  const open = await openShare(token, deps);
  const kept = open.withAudio ? (await keptAudioOf(db, open.uid).doc(chunkId).get()).data() : undefined;
  if (!isAudible(kept, now())) throw new AppError('audio_not_found');
  const said = await saidIn(chunkId, open, deps);
  const placed = placedSpans(kept.spans, said);
  const stretches = audibleStretches(placed, await audibleTimes(said, open, deps));
  if (stretches.length === 0) throw new AppError('audio_not_found');
  await deps.spend(open.uid, kept.bytes);
  const bytes = await deps.read(kept.path);
  const cut = bytes === null ? null : await cutAudio({ contentType: kept.contentType, bytes }, stretches);
  if (cut === null) throw new AppError('audio_not_found');
  return {
    contentType: cut.contentType,
    bytes: cut.bytes,
    durationMs: cut.stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
    spans: timeMap(placed, cut.stretches, open.shown.startedAt.toMillis()),
  };
}

/** The shared segments of a chunk. */
async function saidIn(chunkId: string, { uid, shown }: OpenShare, { db }: SharedAudioDeps): Promise<Segment[]> {
  const { docs } = await pagesWithChunkId(db, uid, chunkId).limit(MAX_PAGES).get();
  return segmentsIn(docs.map((doc) => doc.data())).filter(
    ({ deviceId, startedAt }) =>
      deviceId === shown.deviceId && startedAt >= shown.startedAt && startedAt <= shown.finishedAt,
  );
}

/** The times of these sentences with the pauses around them, without deleted speech. In order of time. */
async function audibleTimes(
  said: readonly Segment[],
  { uid, shown }: OpenShare,
  { db }: SharedAudioDeps,
): Promise<Interval[]> {
  const [first, last] = [shown.startedAt.toMillis(), shown.finishedAt.toMillis()];
  const sentences = said.map(({ startedAt, endedAt }) => ({
    startMs: Math.max(first, startedAt.toMillis() - MARGIN_MS),
    endMs: Math.min(last, endedAt.toMillis() + MARGIN_MS),
  }));
  const joined = join(sentences);
  const [startMs, endMs] = [joined[0]?.startMs, joined.at(-1)?.endMs];
  if (startMs === undefined || endMs === undefined) return [];
  const { deviceId } = shown;
  return without(joined, await deletedStretches(db, { uid, deviceId, startMs, endMs }));
}

/** Joins intervals that touch or overlap. @param intervals in order of their starts */
function join(intervals: readonly Interval[]): Interval[] {
  const joined: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of intervals) {
    const last = joined.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else joined.push({ startMs, endMs });
  }
  return joined;
}

function without(intervals: readonly Interval[], holes: readonly Interval[]): Interval[] {
  let left = [...intervals];
  for (const hole of holes) {
    left = left.flatMap(({ startMs, endMs }) =>
      [
        { startMs, endMs: Math.min(endMs, hole.startMs) },
        { startMs: Math.max(startMs, hole.endMs), endMs },
      ].filter((piece) => piece.startMs < piece.endMs),
    );
  }
  return left;
}

/** A stretch of a chunk's audio, with its time. Unix milliseconds, and milliseconds from the start of the audio. */
export interface PlacedSpan {
  readonly startMs: number;
  readonly audioMs: number;
  readonly durationMs: number;
}

/**
 * Places spans by the sentences of their recordings, because the date of a recording may have been corrected. Spans without a sentence
 * are left out.
 */
export function placedSpans(
  spans: readonly KeptSpan[],
  said: readonly Pick<Segment, 'recordingId' | 'recordingStartedAt'>[],
): PlacedSpan[] {
  const starts = new Map(said.map((segment) => [segment.recordingId, segment.recordingStartedAt.toMillis()]));
  return spans.flatMap(({ recordingId, fromMs, audioMs, durationMs }) => {
    const startedAtMs = starts.get(recordingId);
    return startedAtMs === undefined ? [] : [{ startMs: startedAtMs + fromMs, audioMs, durationMs }];
  });
}

/** Where in the audio these times are, in the order of the audio. @param times in order, none overlaps another */
export function audibleStretches(spans: readonly PlacedSpan[], times: readonly Interval[]): Stretch[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (const { startMs, audioMs, durationMs } of spans) {
    for (const time of times) {
      const fromMs = audioMs + Math.max(0, time.startMs - startMs);
      const toMs = audioMs + Math.min(durationMs, time.endMs - startMs);
      if (fromMs >= toMs) continue;
      const last = stretches.at(-1);
      if (last !== undefined && fromMs - last.toMs < TOLERANCE_MS) last.toMs = toMs;
      else stretches.push({ fromMs, toMs });
    }
  }
  return stretches;
}

/** The time map of the audio that was cut. @param originMs Unix milliseconds from which its times count */
export function timeMap(spans: readonly PlacedSpan[], stretches: readonly Stretch[], originMs: number): SharedSpan[] {
  let passedMs = 0;
  return stretches.flatMap(({ fromMs, toMs }) => {
    const shiftMs = passedMs - fromMs;
    passedMs += toMs - fromMs;
    return spans.flatMap(({ startMs, audioMs, durationMs }) => {
      const [from, to] = [Math.max(fromMs, audioMs), Math.min(toMs, audioMs + durationMs)];
      if (from >= to) return [];
      return [{ fromMs: startMs + from - audioMs - originMs, audioMs: from + shiftMs, durationMs: to - from }];
    });
  });
}
