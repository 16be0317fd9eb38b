/** Where every second went, as shares of a bar. */
import type { Ledger } from '../data/model.ts';

export type LedgerPart = 'speech' | 'silence' | 'duplicate' | 'failed' | 'open';

export interface LedgerShare {
  readonly part: LedgerPart;
  readonly seconds: number;
  /** 0 to 1. */
  readonly share: number;
}

export const LEDGER_LABELS: Readonly<Record<LedgerPart, string>> = {
  speech: 'speech',
  silence: 'silence, not billed',
  duplicate: 'heard before',
  failed: 'failed',
  open: 'not yet known',
};

/** The parts that there are, in a fixed order; `open` is what is not accounted for yet. */
export function ledgerShares(ledger: Ledger): LedgerShare[] {
  const { audioSeconds, speechSeconds, silentSeconds, duplicateSeconds, failedSeconds } = ledger;
  const known = speechSeconds + silentSeconds + duplicateSeconds + failedSeconds;
  const total = Math.max(audioSeconds, known);
  if (total <= 0) return [];
  const open = total - known;
  const parts: [LedgerPart, number][] = [
    ['speech', speechSeconds],
    ['silence', silentSeconds],
    ['duplicate', duplicateSeconds],
    ['failed', failedSeconds],
    ['open', open > 0.001 ? open : 0],
  ];
  return parts
    .filter(([, seconds]) => seconds > 0)
    .map(([part, seconds]) => ({ part, seconds, share: seconds / total }));
}

export function sumLedgers(ledgers: readonly Ledger[]): Ledger {
  const sum = (key: keyof Ledger): number => ledgers.reduce((total, ledger) => total + ledger[key], 0);
  return {
    audioSeconds: sum('audioSeconds'),
    speechSeconds: sum('speechSeconds'),
    silentSeconds: sum('silentSeconds'),
    duplicateSeconds: sum('duplicateSeconds'),
    failedSeconds: sum('failedSeconds'),
  };
}
