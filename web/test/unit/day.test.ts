import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FileState } from 'offline-audio-sync-contract';
import { EMPTY_LEDGER } from 'offline-audio-sync-contract';
import type { Failure } from 'offline-audio-sync-contract';
import type { Conversation, Job, JobFile } from '../../src/data/model.ts';
import { figuresOf, filesAcross, filesBetween, lanesOf, recordingsOf } from '../../src/domain/day.ts';
import { ledgerShares } from '../../src/domain/ledger.ts';
import { devicesOf, reasonsOf, retryOf } from '../../src/domain/jobText.ts';
import {
  addDays,
  addMonths,
  clock,
  clockRange,
  dayOf,
  daysOfMonth,
  duration,
  monthName,
  shortMonth,
  startOfDay,
  weekday,
  until,
} from '../../src/domain/time.ts';

const NOON = new Date(2026, 6, 3, 12).getTime();
const DAY = { from: startOfDay('2026-07-03') ?? 0, to: startOfDay('2026-07-04') ?? 0 };

const file = (change: Partial<JobFile> = {}): JobFile => ({
  name: 'a.bin',
  deviceId: 'pendant',
  startedAt: NOON,
  sizeBytes: 1,
  state: 'transcribed',
  durationSeconds: 60,
  speechSeconds: 20,
  duplicateSeconds: 0,
  failedSeconds: 0,
  duplicateOf: null,
  error: null,
  ...change,
});

const job = (change: Partial<Job> = {}): Job => ({
  id: 'j',
  deviceId: 'web1',
  status: 'completed',
  stage: 'done',
  percent: 100,
  fileCount: 1,
  files: [file()],
  ledger: EMPTY_LEDGER,
  billedSeconds: 22,
  waitingFor: null,
  failures: [],
  conversationIds: [],
  createdAt: NOON + 1000,
  finishedAt: NOON + 2000,
  expiresAt: NOON + 3000,
  ...change,
});

describe('A day', () => {
  it('has the recordings that began in it, each as it was first known', () => {
    const jobs = [
      job({
        files: [file({ state: 'duplicate' }), file({ name: 'b.bin', startedAt: DAY.to })],
        createdAt: NOON + 9000,
      }),
      job(),
    ];
    assert.deepEqual(
      filesBetween(jobs, DAY).map(({ name, state }) => [name, state]),
      [['a.bin', 'transcribed']],
    );
  });

  it('accounts for every second of its final recordings', () => {
    const seconds = fc.double({ min: 0, max: 5000, noNaN: true });
    const settled = fc
      .tuple(fc.constantFrom<FileState>('transcribed', 'silent', 'failed', 'duplicate'), seconds, seconds, seconds)
      .map(([state, speech, silence, failed]): JobFile => {
        const [speechSeconds, failedSeconds] = state === 'silent' ? [0, 0] : [speech, failed];
        return file({
          state,
          speechSeconds,
          failedSeconds,
          durationSeconds: speechSeconds + silence + failedSeconds,
        });
      });
    fc.assert(
      fc.property(fc.array(settled), (files) => {
        const named = files.map((each, i) => ({ ...each, name: String(i) }));
        const { ledger } = figuresOf([job({ files: named })], DAY);
        const { audioSeconds, speechSeconds, silentSeconds, duplicateSeconds, failedSeconds } = ledger;
        assert(Math.abs(audioSeconds - speechSeconds - silentSeconds - duplicateSeconds - failedSeconds) < 1e-6);
        const shares = ledgerShares(ledger);
        if (shares.length > 0) assert(Math.abs(shares.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
      }),
    );
  });

  it('is billed its share of a job that spans several days', () => {
    const files = [file({ speechSeconds: 10 }), file({ name: 'b', startedAt: DAY.to + 1, speechSeconds: 30 })];
    assert.equal(figuresOf([job({ files, billedSeconds: 44 })], DAY).billedSeconds, 11);
  });

  it('leaves open what is not known yet', () => {
    const files = [file({ state: 'staged', speechSeconds: 0 })];
    assert.deepEqual(
      ledgerShares(figuresOf([job({ files })], DAY).ledger).map(({ part, seconds }) => [part, seconds]),
      [['open', 60]],
    );
  });

  it('has one lane for each device, the earliest first, even if only its recordings or only its conversations are known', () => {
    const talk = { id: 'c', deviceId: 'glasses', startedAt: NOON - 5000, finishedAt: NOON } as Conversation;
    const lanes = lanesOf(recordingsOf([file()]), [talk]);
    assert.deepEqual(
      lanes.map(({ deviceId, recordings, conversations }) => [deviceId, recordings.length, conversations.length]),
      [
        ['glasses', 0, 1],
        ['pendant', 1, 0],
      ],
    );
  });

  it('shows recordings that began the day before and continue, and counts them there', () => {
    const overnight = file({ name: 'night', startedAt: DAY.from - 30_000, durationSeconds: 60 });
    const before = file({ name: 'before', startedAt: DAY.from - 90_000, durationSeconds: 60 });
    const jobs = [job({ files: [overnight, before, file()] })];
    assert.deepEqual(
      filesAcross(jobs, DAY).map(({ name }) => name),
      ['night', 'a.bin'],
    );
    assert.deepEqual(
      filesBetween(jobs, DAY).map(({ name }) => name),
      ['a.bin'],
    );
  });

  it('is one of the days of its month, and months continue over the end of a year', () => {
    assert.equal(daysOfMonth('2024-02').length, 29);
    assert.equal(daysOfMonth('2026-11').at(-1), '2026-11-30');
    assert.deepEqual(daysOfMonth('2026-13'), []);
    assert.deepEqual(daysOfMonth('today'), []);
    assert.equal(addMonths('2025-12', 1), '2026-01');
    assert.equal(addMonths('2026-01', -12), '2025-01');
    assert.deepEqual([monthName('2026-09'), shortMonth('2026-09')], ['September 2026', 'Sep']);
  });

  it('begins at midnight on days when the clocks change', () => {
    // Each day of a year in the time zone of this machine.
    const year = Array.from({ length: 365 }, (_, index) => addDays('2026-01-01', index));
    assert.equal(year.at(-1), '2026-12-31');
    for (const day of year) {
      const midnight = startOfDay(day) ?? 0;
      assert.equal(dayOf(midnight), day);
      assert.notEqual(dayOf(midnight - 1), day);
      const name = new Intl.DateTimeFormat('en', { weekday: 'short' }).format(midnight);
      assert.equal(weekday(midnight), name);
    }
  });

  it('is computed by the calendar, and an invalid date is refused', () => {
    assert.equal(addDays('2024-02-28', 1), '2024-02-29');
    assert.equal(addDays('2026-01-01', -1), '2025-12-31');
    assert.equal(startOfDay('2026-02-30'), null);
    assert.equal(startOfDay('today'), null);
    assert.equal(dayOf(startOfDay('2026-07-03') ?? 0), '2026-07-03');
  });
});

describe('The text for a period', () => {
  it('has both times, and says only once what they share', () => {
    const at = (hour: number, minute: number): number => new Date(2026, 6, 3, hour, minute).getTime();
    const half = /\s[AP]M$/i.exec(clock(at(8, 21)))?.[0] ?? '';
    const bare = clock(at(8, 21)).slice(0, clock(at(8, 21)).length - half.length);
    assert.equal(clockRange(at(8, 21), at(8, 45)), `${bare} – ${clock(at(8, 45))}`);
    assert.equal(clockRange(at(11, 50), at(12, 10)), `${clock(at(11, 50))} – ${clock(at(12, 10))}`);
    assert.equal(clockRange(at(8, 21), at(8, 21) + 30_000), clock(at(8, 21)));
  });
});

describe('The text for a duration', () => {
  it('is as short as possible', () => {
    const said = [0, 0.4, 59.6, 60, 250, 3599.6, 7190, 43_500].map(duration);
    assert.deepEqual(said, ['0 s', '< 1 s', '1 min', '1 min', '4 min 10 s', '1 h', '2 h', '12 h 5 min']);
  });

  it('says how long the wait is', () => {
    assert.deepEqual(
      [-5, 40, 300].map((seconds) => until(NOON + seconds * 1000, NOON)),
      ['any moment', 'in 40 s', 'in 5 min'],
    );
  });
});

describe('The text for a job', () => {
  const failure = (change: Partial<Failure> = {}): Failure => ({
    file: 'a.bin',
    code: 'recording_corrupt',
    message: 'Broken.',
    retryable: false,
    ...change,
  });

  it('offers a retry if the audio is kept, and says whether it can help', () => {
    const retryable = failure({ retryable: true });
    assert.equal(retryOf(job({ status: 'failed', failures: [retryable, failure()] })), 'likely');
    assert.equal(retryOf(job({ status: 'partial', failures: [failure()] })), 'possible');
    assert.equal(retryOf(job({ status: 'failed', failures: [failure({ code: 'recording_missing' })] })), 'no');
    assert.equal(retryOf(job({ status: 'processing', failures: [retryable] })), 'no');
    assert.equal(retryOf(job({ status: 'cancelled', failures: [retryable] })), 'no');
  });

  it('gives each reason once, with its recordings and what to do', () => {
    const reasons = reasonsOf(
      job({ failures: [failure(), failure({ file: 'b.bin' }), failure({ code: 'recording_missing', message: 'y' })] }),
    );
    assert.deepEqual(
      reasons.map(({ files }) => files),
      [['a.bin', 'b.bin'], ['a.bin']],
    );
    for (const { wayOut } of reasons) assert(wayOut.length > 10);
  });

  it('counts every recording that failed, although the job itself lists only the first few', () => {
    const failed = Array.from({ length: 25 }, (_, i) =>
      file({ name: `f${i}`, state: 'failed', error: failure({ file: `f${i}` }) }),
    );
    const [reason] = reasonsOf(job({ status: 'partial', files: failed, failures: [failure({ file: 'f0' })] }));
    assert.equal(reason?.files.length, 25);
  });

  it('names the devices of its recordings', () => {
    assert.equal(devicesOf(job()), 'pendant');
    assert.equal(devicesOf(job({ files: [] })), 'web1');
    const files = ['a', 'b', 'c', 'd'].map((deviceId) => file({ deviceId }));
    assert.equal(devicesOf(job({ files })), '4 devices');
    assert.equal(devicesOf(job({ files: files.slice(0, 2) })), 'a and b');
  });
});
