import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseTimeZone, zonedTimeMs } from '../../../../src/audio/read/timeZone.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

describe('Time zones', () => {
  it('are IANA names or offsets', () => {
    for (const [written, zone] of [
      ['Europe/Berlin', 'Europe/Berlin'],
      ['europe/berlin', 'Europe/Berlin'],
      ['UTC', 'UTC'],
      ['Z', 'UTC'],
      ['+02:00', '+02:00'],
      ['-0330', '-03:30'],
      ['+2', '+02:00'],
      ['GMT+2', '+02:00'],
      ['+15:00', null],
      ['+02:60', null],
      ['Mars/Olympus', null],
      ['', null],
    ] as const) {
      assert.equal(parseTimeZone(written), zone, written);
    }
  });

  const at = (month: number, day: number, hour: number) =>
    new Date(
      zonedTimeMs({ year: 2025, month, day, hour, minute: 30, second: 0, millisecond: 0 }, 'Europe/Berlin'),
    ).toISOString();

  it('return the first of a time that occurs twice, and move a time that does not occur', () => {
    assert.equal(at(10, 26, 1), '2025-10-25T23:30:00.000Z');
    assert.equal(at(10, 26, 2), '2025-10-26T00:30:00.000Z');
    assert.equal(at(10, 26, 3), '2025-10-26T02:30:00.000Z');
    assert.equal(at(3, 30, 2), '2025-03-30T01:30:00.000Z');
  });

  it('turn every wall-clock time into a moment at which clocks show it', () => {
    const zones = fc.constantFrom(
      'America/St_Johns',
      'Europe/London',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'Australia/Lord_Howe',
      '-03:30',
    );
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        zones,
        (date, zone) => {
          const wall = {
            year: date.getUTCFullYear(),
            month: date.getUTCMonth() + 1,
            day: date.getUTCDate(),
            hour: 12,
            minute: date.getUTCMinutes(),
            second: date.getUTCSeconds(),
            millisecond: date.getUTCMilliseconds(),
          };
          const shown = new Date(zonedTimeMs(wall, zone)).toLocaleTimeString('en', {
            timeZone: zone,
            hourCycle: 'h23',
          });
          assert.equal(shown, `12:${String(wall.minute).padStart(2, '0')}:${String(wall.second).padStart(2, '0')}`);
        },
      ),
      { numRuns: RUNS },
    );
  });
});
