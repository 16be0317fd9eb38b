/** Combines the jobs and conversations of a day: what was recorded, by which device, and what became of it. */
import { EMPTY_LEDGER, isFinal } from 'offline-audio-sync-contract';
import type { AudioLedger } from 'offline-audio-sync-contract';
import type { Conversation, DayFigures, Job, JobFile } from '../data/model.ts';
import type { Span } from './timeline.ts';

export interface DayRecording extends Span {
  readonly name: string;
  readonly deviceId: string;
  readonly state: JobFile['state'];
}

export interface Lane {
  readonly deviceId: string;
  readonly recordings: readonly DayRecording[];
  readonly conversations: readonly Conversation[];
}

/** Files that began in a period, each once. If two jobs have a file of the same name, the newer job counts. */
export function filesBetween(jobs: readonly Job[], { from, to }: Span): JobFile[] {
  const byName = new Map<string, JobFile>();
  for (const { files } of [...jobs].sort((a, b) => a.createdAt - b.createdAt)) {
    for (const file of files) {
      if (file.startedAt < from || file.startedAt >= to) continue;
      const before = byName.get(file.name);
      // If a file was sent again and is a duplicate of itself, the first time says more.
      if (file.state !== 'duplicate' || before === undefined) byName.set(file.name, file);
    }
  }
  return [...byName.values()].sort((a, b) => a.startedAt - b.startedAt);
}

/** Files that were recorded in a period, each once, including those that began before it. */
export function filesAcross(jobs: readonly Job[], { from, to }: Span): JobFile[] {
  const began = filesBetween(jobs, { from: Number.NEGATIVE_INFINITY, to });
  return began.filter(
    ({ startedAt, durationSeconds }) => startedAt >= from || startedAt + (durationSeconds ?? 0) * 1000 > from,
  );
}

export function recordingsOf(files: readonly JobFile[]): DayRecording[] {
  return files.flatMap(({ name, deviceId, state, startedAt, durationSeconds }) =>
    durationSeconds === null
      ? []
      : [{ name, deviceId, state, from: startedAt, to: startedAt + durationSeconds * 1000 }],
  );
}

export function figuresOf(jobs: readonly Job[], span: Span): DayFigures {
  const files = filesBetween(jobs, span);
  const names = new Set(files.map(({ name }) => name));
  const billed = jobs.map(({ files: all, billedSeconds }) => {
    const speech = (some: readonly JobFile[]): number => some.reduce((sum, file) => sum + file.speechSeconds, 0);
    const total = speech(all);
    return total === 0 ? 0 : (billedSeconds * speech(all.filter(({ name }) => names.has(name)))) / total;
  });
  return { ledger: ledgerOf(files), billedSeconds: billed.reduce((sum, seconds) => sum + seconds, 0) };
}

function ledgerOf(files: readonly JobFile[]): AudioLedger {
  const ledger = { ...EMPTY_LEDGER };
  for (const file of files) {
    const audio = file.durationSeconds ?? 0;
    ledger.audioSeconds += audio;
    if (!isFinal(file.state)) continue;
    const { speechSeconds, duplicateSeconds, failedSeconds } = file;
    ledger.speechSeconds += speechSeconds;
    ledger.duplicateSeconds += duplicateSeconds;
    ledger.failedSeconds += failedSeconds;
    ledger.silentSeconds += Math.max(0, audio - speechSeconds - duplicateSeconds - failedSeconds);
  }
  return ledger;
}

/** One lane for each device. The device that was used first that day is on top. */
export function lanesOf(recordings: readonly DayRecording[], conversations: readonly Conversation[]): Lane[] {
  const begins = new Map<string, number>();
  const note = (deviceId: string, at: number): void => {
    begins.set(deviceId, Math.min(begins.get(deviceId) ?? at, at));
  };
  for (const { deviceId, from } of recordings) note(deviceId, from);
  for (const { deviceId, startedAt } of conversations) note(deviceId, startedAt);
  const of = <T extends { readonly deviceId: string }>(all: readonly T[], deviceId: string): T[] =>
    all.filter((one) => one.deviceId === deviceId);
  return [...begins]
    .sort(([, a], [, b]) => a - b)
    .map(([deviceId]) => ({
      deviceId,
      recordings: of(recordings, deviceId),
      conversations: of(conversations, deviceId),
    }));
}
