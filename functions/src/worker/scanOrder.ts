/** In which order a job's recordings are scanned, and how far they are. Pure. */
import type { JobFile, ResumePoint } from '../jobs/job.ts';

/** The order in which recordings are laid on the time axis: device, then capture start, then name. */
export function inTimeOrder(files: readonly JobFile[]): JobFile[] {
  return files.toSorted(
    (a, b) =>
      compare(a.deviceId, b.deviceId) || a.startedAt.toMillis() - b.startedAt.toMillis() || compare(a.name, b.name),
  );
}

/**
 * The files of a job with what a scan has planned of them. Never takes anything back: writes may overtake each other.
 * @param scanned names of the recordings of the scan, in its order.
 */
export function notePlanned(
  files: readonly JobFile[],
  scanned: readonly string[],
  { file: reached, sample }: ResumePoint,
): JobFile[] {
  const behind = new Set(scanned.slice(0, scanned.indexOf(reached)));
  return files.map((file) => {
    if (file.unplannedFrom === null) return file;
    if (behind.has(file.name)) return { ...file, unplannedFrom: null };
    return file.name === reached ? { ...file, unplannedFrom: Math.max(file.unplannedFrom, sample) } : file;
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
