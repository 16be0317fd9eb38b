import type { ScanDeps } from '../../src/worker/scanEvent.ts';

/** Nothing was transcribed before. */
export const noCoverage: Pick<ScanDeps, 'coverage' | 'jobId'> = {
  jobId: 'job',
  coverage: { load: () => Promise.resolve(), find: () => null },
};
