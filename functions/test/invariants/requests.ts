/** Checks requests by the log of the stand-in, and words by the samples' sidecars. */
import type { LogEntry } from '../../../dev/deepgram/protocol.ts';
import { compareWords } from '../../../dev/demo/compare.ts';
import { doneChunks, sumOf } from './invariant.ts';
import type { UserData } from './userData.ts';

/**
 * Once a chunk's result is stored, no worker sends the same audio again.
 * @param excused ids of requests that a worker had begun before it was frozen.
 */
export function noStoredChunkAskedAgain(
  data: UserData,
  log: readonly LogEntry[],
  excused: ReadonlySet<string> = new Set(),
): string[] {
  const asked = new Map(log.map((entry) => [entry.requestId, entry]));
  return doneChunks(data).flatMap(({ id, chunk, writtenAtMs }) => {
    const answer = asked.get(chunk.requestId);
    if (answer === undefined) return [`chunk ${id} names request ${chunk.requestId}, which was never made`];
    return log
      .filter(({ requestId }) => !excused.has(requestId))
      .filter(({ sha256, startedAt }) => sha256 === answer.sha256 && Date.parse(startedAt) > writtenAtMs)
      .map(({ nth }) => `chunk ${id} was stored, and its audio was sent again in request ${nth}`);
  });
}

export function isPaid({ status, billedSeconds }: LogEntry): boolean {
  return status === 200 && billedSeconds > 0;
}

/**
 * Each request that was paid for became a chunk, unless its answer was spoiled or it was in flight when its worker died.
 * @param excused how many such requests there can be.
 */
export function successfulRequestsBounded(data: UserData, log: readonly LogEntry[], excused: number): string[] {
  const paid = log.filter(isPaid).length;
  const chunks = doneChunks(data).length;
  return paid <= chunks + excused ? [] : [`${paid} requests were paid for: ${chunks} chunks, and ${excused} excused`];
}

/** A word as it was spoken; times in Unix milliseconds. */
export interface SpokenWord {
  readonly deviceId: string;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** How far a word may be from its place, milliseconds. */
const MAX_ERROR_MS = 40;

/**
 * Chunks and segments have every spoken word once, in its place, and no others. For words of samples, which are known.
 * @param toleranceMs how far a word may be from its place.
 */
export function everyWordOnce(
  data: UserData,
  spoken: readonly SpokenWord[],
  toleranceMs: number = MAX_ERROR_MS,
): string[] {
  const devices = new Set([...spoken, ...data.segments.values()].map(({ deviceId }) => deviceId));
  return [...devices].flatMap((deviceId) => {
    const expected = spoken.filter((word) => word.deviceId === deviceId);
    const heard = doneChunks(data).flatMap(({ chunk }) => (chunk.deviceId === deviceId ? chunk.words : []));
    const { missing, invented, maxErrorMs } = compareWords(expected, heard);
    const written = sumOf(data.segments.values(), (segment) =>
      segment.deviceId === deviceId ? segment.text.split(' ').length : 0,
    );
    return [
      ...(missing.length > 0 ? [`${deviceId}: ${missing.length} words are missing, first ${quote(missing)}`] : []),
      ...(invented.length > 0 ? [`${deviceId}: ${invented.length} words too many, first ${quote(invented)}`] : []),
      ...(maxErrorMs > toleranceMs ? [`${deviceId}: a word is ${maxErrorMs.toFixed(0)} ms off`] : []),
      ...(written === expected.length ? [] : [`${deviceId}: segments have ${written} of ${expected.length} words`]),
    ];
  });
}

function quote([word]: readonly { readonly text: string; readonly startMs: number }[]): string {
  return word === undefined ? '' : `"${word.text}" at ${new Date(word.startMs).toISOString()}`;
}
