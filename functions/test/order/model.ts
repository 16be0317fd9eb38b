/**
 * What is said, recorded and done in one case of the order suite, and the expected result. Times are milliseconds from
 * {@link DAY_MS}.
 */

import { showEdit } from './edits.ts';
import type { EditPlan } from './edits.ts';

export const GAP_MS = 120_000;

/** The shortest pause between two words of a device. */
export const SHORTEST_PAUSE_MS = 60;

/** Where the cases lie on the real time axis, Unix milliseconds. */
export const DAY_MS = Date.UTC(2025, 5, 1, 8);

export interface SpokenWord {
  /** Counts from 1 in its case. Also the value of the samples of its sound. */
  readonly id: number;
  readonly device: string;
  readonly text: string;
  /** Who says it; absent if speakers are not distinguished. */
  readonly speaker?: string;
  readonly language: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface RecordingPlan {
  readonly device: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface JobPlan {
  readonly recordings: readonly RecordingPlan[];
  /** How far the clock of its recordings is behind. */
  readonly clockOffsetMs: number;
  /** The upload names the conversation with this word, if there is one by then. */
  readonly target: number | null;
}

export interface Delivery {
  readonly job: number;
  /** The number of the step at which the worker dies; null if it does not die. */
  readonly diesAt: number | null;
  /** The number of the request that the transcription service refuses permanently; null if it accepts all. */
  readonly refusedAt: number | null;
}

/** Events that happen at the same time. */
export interface Moment {
  readonly deliveries: readonly Delivery[];
  /** The user deletes the conversation with this word, if there is one. */
  readonly deletes: number | null;
  /** The caller dies after the deletion has begun, so another caller must finish it. */
  readonly deletionDies: boolean;
  /** The user cancels this job, and sends its recordings again. */
  readonly cancels: number | null;
  /** Whether the audio that is sent again is cut into other recordings. */
  readonly recuts: boolean;
  /** The edits of the user. */
  readonly edits: readonly EditPlan[];
}

export interface Plan {
  readonly words: readonly SpokenWord[];
  readonly jobs: readonly JobPlan[];
  /** The longest chunk, which is no shorter than the longest region. */
  readonly maxChunkMs: number;
  /** In order. After the last one, all unfinished jobs are delivered at the same time until they end. */
  readonly moments: readonly Moment[];
}

/** Where the user has split conversations, and which stretches are merged. */
export interface Boundaries {
  readonly cuts: readonly { readonly device: string; readonly atMs: number }[];
  readonly merges: readonly { readonly device: string; readonly fromMs: number; readonly toMs: number }[];
}

/** The expected conversations: a new one begins after each pause of at least the gap, unless the user has split or merged there. */
export function conversationsIn(
  words: readonly SpokenWord[],
  { cuts, merges }: Boundaries = { cuts: [], merges: [] },
): SpokenWord[][] {
  const conversations: SpokenWord[][] = [];
  const reached = new Map<string, { words: SpokenWord[]; endMs: number }>();
  const joinsWith = (last: { words: SpokenWord[]; endMs: number }, { device, startMs }: SpokenWord): boolean => {
    const before = last.words.at(-1)!.startMs;
    if (cuts.some((cut) => cut.device === device && cut.atMs > before && cut.atMs <= startMs)) return false;
    const isMerged = merges.some((merge) => merge.device === device && merge.fromMs <= before && startMs <= merge.toMs);
    return isMerged || startMs - last.endMs < GAP_MS;
  };
  for (const word of words.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = reached.get(word.device);
    const joins = last !== undefined && joinsWith(last, word);
    if (!joins) conversations.push([]);
    const conversation = joins ? last.words : conversations.at(-1)!;
    conversation.push(word);
    reached.set(word.device, { words: conversation, endMs: Math.max(word.endMs, joins ? last.endMs : 0) });
  }
  return conversations;
}

/**
 * How far a word's times may be off: if a recording begins or ends within the word, and its neighbour is in another job, only a part of
 * the word is transcribed.
 */
export function toleranceMs({ device, startMs, endMs }: SpokenWord, jobs: readonly JobPlan[]): number {
  const edges = jobs
    .flatMap(({ recordings }) => recordings.filter((recording) => recording.device === device))
    .flatMap((recording) => [recording.startMs, recording.endMs])
    .filter((edge) => edge > startMs && edge < endMs);
  return Math.max(0, ...edges.map((edge) => Math.min(edge - startMs, endMs - edge)));
}

/** The same audio in other recordings: each with several words is cut after its first word. */
export function recut(recordings: readonly RecordingPlan[], words: readonly SpokenWord[]): RecordingPlan[] {
  const starts = new Set(recordings.map(({ device, startMs }) => `${device} ${startMs}`));
  return recordings.flatMap((recording) => {
    const { device, startMs, endMs } = recording;
    const own = words.filter((word) => word.device === device && word.startMs >= startMs && word.endMs <= endMs);
    const [first, second] = own.sort((a, b) => a.startMs - b.startMs);
    const cutMs = (first?.endMs ?? 0) + SHORTEST_PAUSE_MS / 2;
    if (second === undefined || starts.has(`${device} ${cutMs}`)) return [recording];
    starts.add(`${device} ${cutMs}`); // Two recordings of a job must not have one name.
    return [
      { device, startMs, endMs: cutMs },
      { device, startMs: cutMs, endMs },
    ];
  });
}

/** Describes a case, for people who read a counter-example. */
export function show({ words, jobs, maxChunkMs, moments }: Plan): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const span = (each: { startMs: number; endMs: number }): string => `${seconds(each.startMs)}–${seconds(each.endMs)}`;
  return [
    '',
    ...conversationsIn(words).map(
      (conversation) =>
        `  said      ${conversation[0]!.device}: ${conversation.map((word) => `#${word.id} "${word.text}" ${span(word)}`).join(', ')}`,
    ),
    ...jobs.map(
      ({ recordings, clockOffsetMs, target }, job) =>
        `  job ${job}     ${recordings.map((recording) => `${recording.device} ${span(recording)}`).join(', ')}` +
        (clockOffsetMs === 0 ? '' : `, clock behind by ${clockOffsetMs} ms`) +
        (target === null ? '' : `, for the conversation of #${target}`),
    ),
    `  chunks    of ${seconds(maxChunkMs)} s at most`,
    ...moments.map(
      ({ deliveries, deletes, deletionDies, cancels, recuts, edits }) =>
        `  then      ${[
          ...deliveries.map(
            ({ job, diesAt, refusedAt }) =>
              `job ${job}` +
              (diesAt === null ? '' : ` (dies at step ${diesAt})`) +
              (refusedAt === null ? '' : ` (request ${refusedAt} is refused)`),
          ),
          ...(deletes === null ? [] : [`the conversation of #${deletes} is deleted${deletionDies ? ', half' : ''}`]),
          ...(cancels === null ? [] : [`job ${cancels} is cancelled and sent again${recuts ? ', cut otherwise' : ''}`]),
          ...edits.map(showEdit),
        ].join(' ∥ ')}`,
    ),
    '  then      everything to its end',
    '',
  ].join('\n');
}
