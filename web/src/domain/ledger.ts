/** Where every second went, as shares of a bar. */
import { LEDGER_PARTS } from 'offline-audio-sync-contract';
import type { AudioLedger, LedgerPart } from 'offline-audio-sync-contract';

/** The label of each part of the ledger. */
const NAMES = {
  speechSeconds: 'speech',
  silentSeconds: 'silence',
  duplicateSeconds: 'duplicate',
  failedSeconds: 'failed',
} as const satisfies Record<LedgerPart, string>;

/** A part of the bar; `open` is audio that is not accounted for yet. */
export type SharePart = (typeof NAMES)[LedgerPart] | 'open';

export interface LedgerShare {
  readonly part: SharePart;
  readonly seconds: number;
  /** 0 to 1. */
  readonly share: number;
}

export const LEDGER_LABELS: Readonly<Record<SharePart, string>> = {
  speech: 'speech',
  silence: 'silence, not billed',
  duplicate: 'duplicate',
  failed: 'failed',
  open: 'not yet known',
};

/** Smaller differences are rounding errors, seconds. */
const NEGLIGIBLE_SECONDS = 0.001;

/** The parts that are not empty, in a fixed order; `open` is audio that is not accounted for yet. */
export function ledgerShares(ledger: AudioLedger): LedgerShare[] {
  const known = LEDGER_PARTS.reduce((sum, part) => sum + ledger[part], 0);
  const total = Math.max(ledger.audioSeconds, known);
  if (total <= 0) return [];
  const open = total - known;
  const parts: { readonly part: SharePart; readonly seconds: number }[] = [
    ...LEDGER_PARTS.map((part) => ({ part: NAMES[part], seconds: ledger[part] })),
    { part: 'open', seconds: open > NEGLIGIBLE_SECONDS ? open : 0 },
  ];
  return parts
    .filter(({ seconds }) => seconds > 0)
    .map(({ part, seconds }) => ({ part, seconds, share: seconds / total }));
}
