/** How fast somebody listens on this device, and whether pauses are left out: the same in each conversation. */
export interface Listening {
  readonly rate: number;
  readonly skipsPauses: boolean;
}

export const RATES: readonly number[] = [0.75, 1, 1.25, 1.5, 2, 3];

/** Of `localStorage`. */
const KEY = 'listening';

/** As they did last. */
export function listeningHere(): Listening {
  const known = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Listening>;
  const { rate = 1, skipsPauses = false } = known;
  return { rate: RATES.includes(rate) ? rate : 1, skipsPauses };
}

export function keepListening({ rate, skipsPauses }: Listening): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ rate, skipsPauses }));
  } catch {
    // There is no room: it counts until the page is closed.
  }
}
