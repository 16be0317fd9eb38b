/** Accounts for every second: `audio = speech + silent + duplicate + failed`, to the millisecond, once the job has ended. */
export interface AudioLedger {
  readonly audioSeconds: number;
  readonly speechSeconds: number;
  readonly silentSeconds: number;
  readonly duplicateSeconds: number;
  readonly failedSeconds: number;
}

export const EMPTY_LEDGER: AudioLedger = {
  audioSeconds: 0,
  speechSeconds: 0,
  silentSeconds: 0,
  duplicateSeconds: 0,
  failedSeconds: 0,
};

/** The parts of the audio, in the order in which they are shown. */
export const LEDGER_PARTS = [
  'speechSeconds',
  'silentSeconds',
  'duplicateSeconds',
  'failedSeconds',
] as const satisfies readonly (keyof AudioLedger)[];

export type LedgerPart = (typeof LEDGER_PARTS)[number];
