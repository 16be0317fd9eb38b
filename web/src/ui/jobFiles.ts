import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Job } from '../data/model.ts';
import type { KnownFiles } from '../firebase/jobFiles.ts';
import { useApp } from './app.ts';
import { useAgain } from './live.ts';
import { tellProblem } from './toast.tsx';

const NONE: KnownFiles = { files: new Map(), isKept: false };

/**
 * Adds to each job its recordings, as far as they were read. Recordings from this device's cache are read again once the service answers.
 */
export function useJobFiles(jobs: readonly Job[]): { readonly jobs: readonly Job[]; readonly isWhole: boolean } {
  const { jobFiles, newest } = useApp();
  const [{ files, isKept }, setKnown] = useState(NONE);
  const [again] = useAgain(isKept && newest.kind === 'ready' && !newest.fromCache);
  const key = jobs.map(({ id, status, finishedAt }) => `${id}/${finishedAt ?? status}`).join();
  useEffect(() => (jobs.length === 0 ? undefined : jobFiles.watch(jobs, setKnown, tellProblem)), [key, again]);
  return useMemo(
    () => ({
      jobs: jobs.map((job) => ({ ...job, files: files.get(job.id) ?? [] })),
      isWhole: jobs.every(({ id }) => files.has(id)),
    }),
    [jobs, files],
  );
}
