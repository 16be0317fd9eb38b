/** Timing on a machine that also runs other programs: contestants take turns, and the median of several rounds counts. */

export interface Contestant {
  readonly name: string;
  /** The audio of one turn, seconds. */
  readonly seconds: number;
  /** True if it is so slow that it gets one turn and no warm-up. */
  readonly slow?: boolean;
  readonly run: () => Promise<unknown>;
}

export interface Speed {
  readonly name: string;
  /** Seconds of audio a second of the clock: the median of the rounds, and all of them. */
  readonly timesRealTime: number;
  readonly rounds: readonly number[];
  /**
   * Processor time of this process and its threads for an hour of audio, seconds. Other programs disturb it less than the
   * clock.
   */
  readonly cpuSecondsPerHour: number;
}

/** Gives each contestant one turn to warm up, then `rounds` turns. */
export async function race(contestants: readonly Contestant[], rounds: number): Promise<Speed[]> {
  const clock = new Map<string, number[]>();
  const cpu = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const { name, seconds, slow, run } of contestants) {
      if (slow && round !== 0) continue;
      const cpuBefore = process.cpuUsage();
      const began = performance.now();
      await run();
      const elapsed = (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(cpuBefore);
      if (round < 0) continue;
      clock.set(name, [...(clock.get(name) ?? []), seconds / elapsed]);
      cpu.set(name, [...(cpu.get(name) ?? []), ((user + system) / 1e6 / seconds) * 3600]);
    }
  }
  return contestants.map(({ name }) => ({
    name,
    timesRealTime: round1(median(clock.get(name) ?? [])),
    rounds: (clock.get(name) ?? []).map(round1),
    cpuSecondsPerHour: round1(median(cpu.get(name) ?? [])),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The speed of several steps one after the other, each at so many times real time. */
export function harmonic(...steps: readonly number[]): number {
  return 1 / steps.reduce((sum, step) => sum + 1 / step, 0);
}

export function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
