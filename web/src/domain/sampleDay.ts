/** Moves the sample recordings, which are from many days, to one day, so that the first day has something in it. */

export interface SampleScenario {
  readonly scenario: string;
  readonly deviceId: string;
  readonly recordings: readonly { readonly name: string; readonly startedAtMs: number; readonly durationMs: number }[];
}

/** The device of each scenario, and when it begins: minutes after nine. Devices overlap, as when a person wears several. */
const SCENES: Readonly<Record<string, readonly [device: string, minute: number]>> = {
  night: ['pendant', 0],
  kitchen: ['pendant', 1.5],
  train: ['pendant', 5],
  garden: ['pendant', 8.5],
  walk: ['pendant', 18],
  harbour: ['pendant', 22],
  workshop: ['glasses', 3],
  market: ['glasses', 13],
  letter: ['phone', 6],
  errand: ['phone', 11],
  memo: ['phone', 20],
};
const NINE_MS = 9 * 3_600_000;

export interface MovedSample {
  /** Name of the file among the samples. */
  readonly original: string;
  /** The same name with the new capture time. */
  readonly name: string;
  readonly deviceId: string;
  readonly startedAt: number;
}

/**
 * @param midnight beginning of the day to which they are moved, Unix milliseconds. Recordings of one scenario keep their distance from each
 * other.
 */
export function moveToDay(scenarios: readonly SampleScenario[], midnight: number): MovedSample[] {
  return scenarios.flatMap(({ scenario, recordings }, index) => {
    const first = Math.min(...recordings.map(({ startedAtMs }) => startedAtMs));
    const [deviceId, minute] = SCENES[scenario] ?? ['pendant', 30 + index * 5];
    const begins = midnight + NINE_MS + minute * 60_000;
    return recordings.map(({ name, startedAtMs }) => {
      const startedAt = begins + (startedAtMs - first);
      const moved = name
        .replace(/_\d+(\.\w+)$/, `_${Math.round(startedAt)}$1`)
        .replace(/^audio_[^_]+/, `audio_${deviceId}`);
      return { original: name, name: moved, deviceId, startedAt };
    });
  });
}
