/** In which order a job's recordings are scanned. Pure. */
import type { JobFile } from '../jobs/job.ts';

/** The order in which recordings are laid on the time axis: device, then capture start, then name. */
export function inTimeOrder(files: readonly JobFile[]): JobFile[] {
  return files.toSorted(
    (a, b) =>
      compare(a.deviceId, b.deviceId) || a.startedAt.toMillis() - b.startedAt.toMillis() || compare(a.name, b.name),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
