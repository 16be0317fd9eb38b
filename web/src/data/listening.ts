/** The speed of playback and whether pauses are skipped, on this device and for every conversation. */
export interface Listening {
  readonly rate: number;
  readonly skipsPauses: boolean;
}

export const RATES: readonly number[] = [0.75, 1, 1.25, 1.5, 2, 3];

/** The key in `localStorage`. */
const KEY = 'listening';

/** The settings that were used last. */
export function listeningHere(): Listening {
  const known = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Listening>;
  const { rate = 1, skipsPauses = false } = known;
  return { rate: RATES.includes(rate) ? rate : 1, skipsPauses };
}

export function keepListening({ rate, skipsPauses }: Listening): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ rate, skipsPauses }));
  } catch {
    // There is no room, so the settings apply only until the page is closed.
  }
}
