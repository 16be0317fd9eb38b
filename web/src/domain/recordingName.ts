/** Names for recordings that the user adds. The name carries the capture time, which nothing else does. */

import { captureTimeMs, FRAMED_EXTENSION, LIMITS, RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';

export type Named =
  /** The file can be sent as it is. */
  | { readonly kind: 'ready'; readonly startedAt: number }
  /** An ordinary audio file whose name does not say when it began. */
  | { readonly kind: 'undated' }
  | { readonly kind: 'refused'; readonly reason: string };

export function readName(name: string, now: number): Named {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (!RECORDING_EXTENSIONS.some((known) => known === extension)) {
    return {
      kind: 'refused',
      reason: `Only ${RECORDING_EXTENSIONS.map((known) => `.${known}`).join(', ')} files are accepted.`,
    };
  }
  const digits = /_(\d{9,16})\.[^.]+$/.exec(name)?.[1];
  if (digits === undefined) {
    if (extension !== FRAMED_EXTENSION) return { kind: 'undated' };
    return {
      kind: 'refused',
      reason: 'The name of a .bin recording has to end with its capture time: …_1760000000.bin.',
    };
  }
  const startedAt = captureTimeMs(Number(digits));
  if (startedAt >= LIMITS.minCaptureMs && startedAt <= now + LIMITS.maxClockAheadMs)
    return { kind: 'ready', startedAt };
  if (extension !== FRAMED_EXTENSION) return { kind: 'undated' };
  return { kind: 'refused', reason: 'Its capture time is before 2024 or in the future.' };
}

/** A name that the server accepts, with the capture time in it. */
export function datedName(name: string, startedAt: number): string {
  const [, stem = '', extension = ''] = /^(.*)\.([^.]+)$/s.exec(name) ?? [];
  const safe = stem
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  return `${safe === '' ? 'recording' : safe}_${Math.round(startedAt)}.${extension.toLowerCase()}`;
}

/**
 * Guesses when a file began if its name does not say so: it was last changed when the recording ended.
 * @param lastModified Unix milliseconds
 * @param seconds length of the recording; null if unknown
 * @returns Unix milliseconds
 */
export function guessedStart(lastModified: number, seconds: number | null): number {
  return Math.max(LIMITS.minCaptureMs, lastModified - (seconds ?? 0) * 1000);
}
