import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Job } from '../data/model.ts';
import type { FilesByJob } from '../firebase/jobFiles.ts';
import { useApp } from './app.ts';
import { tellProblem } from './toast.tsx';

const NONE: FilesByJob = new Map();

/** Jobs with their recordings, as far as these were read. */
export function useJobFiles(jobs: readonly Job[]): { readonly jobs: readonly Job[]; readonly isWhole: boolean } {
  const { jobFiles } = useApp();
  const [files, setFiles] = useState(NONE);
  const key = jobs.map(({ id, status, finishedAt }) => `${id}/${finishedAt ?? status}`).join();
  useEffect(() => (jobs.length === 0 ? undefined : jobFiles.watch(jobs, setFiles, tellProblem)), [key]);
  return useMemo(
    () => ({
      jobs: jobs.map((job) => ({ ...job, files: files.get(job.id) ?? [] })),
      isWhole: jobs.every(({ id }) => files.has(id)),
    }),
    [jobs, files],
  );
}
