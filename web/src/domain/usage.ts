import type { UsageDay } from '../data/model.ts';

/** The last days up to today, oldest first, as the server counts them: `yyyy-mm-dd` in UTC. */
export function daysOfUsage(now: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    new Date(now - (count - 1 - i) * 86_400_000).toISOString().slice(0, 10),
  );
}

export function sumUsage(days: readonly UsageDay[]): Omit<UsageDay, 'day'> {
  const sum = (key: keyof Omit<UsageDay, 'day'>): number => days.reduce((total, day) => total + day[key], 0);
  return {
    audioSeconds: sum('audioSeconds'),
    speechSeconds: sum('speechSeconds'),
    billedSeconds: sum('billedSeconds'),
    requests: sum('requests'),
  };
}
