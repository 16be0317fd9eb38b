/** The totals of a job's recordings: counts, ledger and the first failures. Pure. */
import { EMPTY_LEDGER } from 'offline-audio-sync-contract';
import { isFinal, MAX_LISTED_FAILURES } from './job.ts';
import type { AudioLedger, JobFile, JobTotals } from './job.ts';

const NOTHING: JobTotals = {
  fileCounts: { expected: 0, staged: 0, transcribed: 0, silent: 0, duplicate: 0, failed: 0 },
  ledger: EMPTY_LEDGER,
  failures: [],
};

export function totalsOf(files: readonly JobFile[]): JobTotals {
  const fileCounts = { ...NOTHING.fileCounts };
  for (const file of files) if (!isFinal(file)) fileCounts[file.state]++;
  return withFinal({ ...NOTHING, fileCounts }, [], files.filter(isFinal));
}

/** The totals after recordings became final. @param before the same recordings as they were. */
export function withFinal(totals: JobTotals, before: readonly JobFile[], after: readonly JobFile[]): JobTotals {
  const fileCounts = { ...totals.fileCounts };
  for (const { state } of before) fileCounts[state]--;
  for (const { state } of after) fileCounts[state]++;
  return {
    fileCounts,
    ledger: after.map(ledgerOf).reduce(sumOf, totals.ledger),
    failures: [...totals.failures, ...after.flatMap(({ error }) => error ?? [])].slice(0, MAX_LISTED_FAILURES),
  };
}

/** The ledger of a final recording. Seconds that are not speech, duplicate or failed are proven silence. */
export function ledgerOf(file: JobFile): AudioLedger {
  // In whole milliseconds, so that the parts add up to the sum and no float's tail reaches a reader.
  const [audio, speech, duplicate, failed] = [
    file.durationSeconds ?? 0,
    file.speechSeconds,
    file.duplicateSeconds,
    file.failedSeconds,
  ].map((seconds) => Math.round(1000 * seconds)) as [number, number, number, number];
  const rest = Math.max(0, audio - speech - duplicate - failed);
  return {
    audioSeconds: (speech + duplicate + failed + rest) / 1000,
    speechSeconds: speech / 1000,
    silentSeconds: rest / 1000,
    duplicateSeconds: duplicate / 1000,
    failedSeconds: failed / 1000,
  };
}

function sumOf(a: AudioLedger, b: AudioLedger): AudioLedger {
  const sum = (field: keyof AudioLedger): number => Math.round(1000 * (a[field] + b[field])) / 1000;
  return {
    audioSeconds: sum('audioSeconds'),
    speechSeconds: sum('speechSeconds'),
    silentSeconds: sum('silentSeconds'),
    duplicateSeconds: sum('duplicateSeconds'),
    failedSeconds: sum('failedSeconds'),
  };
}
