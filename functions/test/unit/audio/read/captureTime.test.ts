import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findCaptureTime } from '../../../../src/audio/read/captureTime.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

function timeIn(base: string, zone = 'UTC'): string | null {
  const found = findCaptureTime(base, zone, false);
  return found && new Date(found.startedAtMs).toISOString();
}

describe('The time in a name', () => {
  const noon = '2025-10-09T12:00:00.000Z';
  const at = '2025-10-09T10:33:12.000Z';
  const forms: readonly [name: string, time: string][] = [
    ['memo_1760000000', '2025-10-09T08:53:20.000Z'],
    ['memo_1760000000123', '2025-10-09T08:53:20.123Z'],
    ['memo_1760000000 (1)', '2025-10-09T08:53:20.000Z'], // downloaded twice
    ['1760000000123 copy 2', '2025-10-09T08:53:20.123Z'],
    ['1760006000.25', '2025-10-09T10:33:20.250Z'], // Python's time.time()
    ['rec_1760006000.123456', '2025-10-09T10:33:20.123Z'],
    ['2025-10-09 12.33.12 +0200', at],
    ['2025-10-09 05.33.12 -05:00', at],
    ['2025-10-09 10_33_12', at],
    ['2025-10-09-10-33-12', at],
    ['2025_10_09_10_33_12', at],
    ['2025.10.09 10.33.12', at],
    ['2025 10 09 10 33 12', at],
    ['Enregistrement 9 oct. 2025 à 10h33', '2025-10-09T10:33:00.000Z'],
    ['Gravação 2025-10-09 às 10.33.12', at],
    ['2025-10-09_103312 (2)', at],
    ['2025-10-09 10_33_12.123', '2025-10-09T10:33:12.123Z'],
    ['20251009103312', at],
    ['20251009 103312-A1B2C3D4', at], // Voice Memos
    ['voice_note_20251009_120000', noon],
    ['Recording 2025-10-09T12.00.00Z', noon],
    ['Recording_20251009_103312', at],
    ['Meeting-20251009_103312-Meeting Recording', at],
    ['PXL_20251009_103312123', '2025-10-09T10:33:12.123Z'],
    ['Voice 251009_103312', at], // Samsung
    ['Call recording Ann_251009_103312', at],
    ['251009_1033', '2025-10-09T10:33:00.000Z'], // Olympus, Sony
    ['251009-103312', at], // Zoom's recorders
    ['GMT20251009-103312_Recording', at], // Zoom's meetings: always UTC
    ['audio_2025-10-09_10-33-12', at], // Telegram
    ['signal-2025-10-09-10-33-12-123', '2025-10-09T10:33:12.123Z'],
    ['WhatsApp Audio 2025-10-09 at 10.33.12', at],
    ['WhatsApp Audio 2025-10-09 at 10.33.12 PM', '2025-10-09T22:33:12.000Z'],
    ['WhatsApp Audio 2025-10-09 at 12.00.05 AM', '2025-10-09T00:00:05.000Z'],
    ['abc-defg-hij (2025-10-09 at 10:33 GMT+2)', '2025-10-09T08:33:00.000Z'], // Google Meet
    ['2025-10-09T10:33:12+02:00', '2025-10-09T08:33:12.000Z'],
    ['mic_20251009T103312-0330', '2025-10-09T14:03:12.000Z'],
    ['Recording 9 Oct 2025 10.33', '2025-10-09T10:33:00.000Z'],
    ['October 9, 2025 at 10.33.12 PM', '2025-10-09T22:33:12.000Z'],
    ['09.10.2025 10-33', '2025-10-09T10:33:00.000Z'],
    ['DVR 2025-10-09 10h33m12s', at],
    ['2025年10月09日 10点33分', '2025-10-09T10:33:00.000Z'],
    ['19800101_000012', '1980-01-01T00:00:12.000Z'], // a clock that was never set
    ['700101_000012', '1970-01-01T00:00:12.000Z'],
    ['PTT-20251009-WA0001', '2025-10-09T00:00:00.000Z'], // WhatsApp: the day is all it says
    ['1760006000123', '2025-10-09T10:33:20.123Z'],
    ['rec-1760006000123', '2025-10-09T10:33:20.123Z'],
    ['2025-10-09T12-33-12+02-00', at],
    ['13-10-2025 10-33-12', '2025-10-13T10:33:12.000Z'],
    ['9. Oktober 2025 um 10.33.12', at],
    ['1er août 2025 10h33m12s', '2025-08-01T10:33:12.000Z'],
    ['9 de mayo de 2025 10.33', '2025-05-09T10:33:00.000Z'],
    ['3 juin 2025 10.33', '2025-06-03T10:33:00.000Z'],
    ['REC_20251009', '2025-10-09T00:00:00.000Z'],
    ['1760006000', '2025-10-09T10:33:20.000Z'],
    ['1760006000123456', '2025-10-09T10:33:20.123Z'],
    ['rec_1760006000123456789', '2025-10-09T10:33:20.123Z'],
    ['20251009T103312.123Z', '2025-10-09T10:33:12.123Z'],
    ['2025-10-09T10_33_12-05_00', '2025-10-09T15:33:12.000Z'],
    ['20251009-103312-0123', at], // the counter of a recorder is no zone
    ['M_251009_10_33_12', at],
    ['Recording 2025-10-09 at 10.33.12\u202fPM', '2025-10-09T22:33:12.000Z'], // macOS
    ['2025-10-09 10.33.12 p. m.', '2025-10-09T22:33:12.000Z'],
    ['2025年10月9日 下午10時33分12秒', '2025-10-09T22:33:12.000Z'],
    ['화면 기록 2025. 10. 9. 오후 10.33.12', '2025-10-09T22:33:12.000Z'],
    ['٢٠٢٥-١٠-٠٩ ١٠.٣٣.١٢ م', '2025-10-09T22:33:12.000Z'],
    ['２０２５１００９＿１０３３１２'.replace('＿', '_'), at],
    ['2025‑10‑09 10‑33‑12', at],
    ['2025-10-09 10：33：12', at],
    ['10-13-2025 10-33-12', '2025-10-13T10:33:12.000Z'], // there is no thirteenth month
    ['10-10-2025 10-33-12', '2025-10-10T10:33:12.000Z'],
    ['2025-10-09 24.00.00', '2025-10-10T00:00:00.000Z'],
    ['Note vocale 9 oct. 2025 à 10 h 33', '2025-10-09T10:33:00.000Z'],
    ['Запись 9 октября 2025 10.33', '2025-10-09T10:33:00.000Z'],
    ['Team - 2025_10_09 12_33 CEST - Recording', '2025-10-09T10:33:00.000Z'], // Google Meet
    ['Team - 2025∕10∕09 06:33 EDT - Recording', '2025-10-09T10:33:00.000Z'],
    ['2025-10-09 10.33 est ouvert', '2025-10-09T10:33:00.000Z'], // a word
    ['2025-10-09 12_33_12+02', at], // PostgreSQL
    ['20251009T103312.5Z', '2025-10-09T10:33:12.500Z'],
    ['2025-10-09T10-33-12-123456Z', '2025-10-09T10:33:12.123Z'], // Python
    ['2025-10-9_9-3-2', '2025-10-09T09:03:02.000Z'], // numbers that a program put together
    ['2025-10-09 22.33.12 PM', '2025-10-09T22:33:12.000Z'],
    ['2025-10-09 午後0.33.12', '2025-10-09T12:33:12.000Z'],
    ['2025-10-09 at 10 PM', '2025-10-09T22:00:00.000Z'],
    ['9 de octubre de 2025 a las 10.33', '2025-10-09T10:33:00.000Z'],
    ['9 октября 2025 г. в 10.33.12', at],
    ['9 окт. 2025 г., 10_33_12', at],
    ['9 oct. 2025, 10 h 33 min 12 s', at],
    ['2025. október 9. 10.33', '2025-10-09T10:33:00.000Z'],
    ['Interview 9. 10. 2025 10.33', '2025-10-09T10:33:00.000Z'],
    ['23 10 2025 10 33 12', '2025-10-23T10:33:12.000Z'],
    ['09Oct2025_103312', at],
    ['SM4_20251009$103312', at], // Wildlife Acoustics
    ['10-33-12_2025-10-09', at],
    ['memo_1760006000 - Kopie (2)', '2025-10-09T10:33:20.000Z'],
    ['memo_1760006000~2', '2025-10-09T10:33:20.000Z'],
    ['memo_1760006000.amr', '2025-10-09T10:33:20.000Z'], // converted
    ['recording1760006000123', '2025-10-09T10:33:20.123Z'],
    ['rec_1760006000123_part2', '2025-10-09T10:33:20.123Z'],
    ['5 marraskuuta 2025 klo 10.33', '2025-11-05T10:33:00.000Z'], // not in March
  ];
  for (const [name, time] of forms) {
    it(`is found in ${name}`, () => {
      assert.equal(timeIn(name), time);
    });
  }

  it('is searched for in linear time, whatever the name repeats', () => {
    // Quadratic time would take minutes, and the test would time out.
    for (const date of ['', '2025-10-09', '9 oct 2025', 'oct 9 2025', '2025年10月09日']) {
      for (const unit of [' ', '_', '1', 'at ', 'oct', 'GMT', date || '12:']) {
        timeIn(date + unit.repeat(50_000 / unit.length));
      }
    }
  });

  it('is in the given zone, unless the name states its own', () => {
    assert.equal(timeIn('2025-05-01 10_33_12', 'Europe/Berlin'), '2025-05-01T08:33:12.000Z');
    assert.equal(timeIn('2025-01-01 10_33_12', 'Europe/Berlin'), '2025-01-01T09:33:12.000Z');
    assert.equal(timeIn('20250501_103312', '-03:30'), '2025-05-01T14:03:12.000Z');
    assert.equal(timeIn('PTT-20251009-WA0001', 'Asia/Kolkata'), '2025-10-08T18:30:00.000Z');
    assert.equal(timeIn('2025-05-01T10.33.12Z', 'Europe/Berlin'), '2025-05-01T10:33:12.000Z');
    assert.equal(timeIn('GMT20250501-103312_Recording', 'Europe/Berlin'), '2025-05-01T10:33:12.000Z');
    assert.equal(timeIn('2025_05_01 10_33 PDT', 'Europe/Berlin'), '2025-05-01T17:33:00.000Z');
    // IST is a zone of India, Ireland and Israel. It means that of the place where it is written.
    assert.equal(timeIn('2025_05_01 10_33 IST', 'Asia/Kolkata'), '2025-05-01T05:03:00.000Z');
    assert.equal(timeIn('memo_1760000000', 'Europe/Berlin'), '2025-10-09T08:53:20.000Z');
  });

  it('is null if a name has no possible date, or one that may mean two days', () => {
    for (const name of [
      'memo',
      'memo_',
      'New Recording 12',
      'memo_1760000000x',
      'memo_12.5',
      'Call 1760000000',
      '20251301_120000',
      '2025-02-30 10_33_12',
      '2025-10-09 25_00_00'.replace('2025-10-09', '2025-13-09'),
      '04-05-2025 10-33',
      '123456789012345',
      'ZOOM0001',
      'DS_0001',
      'Recording_12',
      'Call_612345678',
      'Call_14155550123',
      '00000000_000000',
      '05_01_2025_10_33_12',
      '05_01_2025_10_11_12',
    ]) {
      assert.equal(timeIn(name), null, name);
    }
  });

  it('of a framed recording may be any number, even one of a clock that restarted', () => {
    for (const [name, ms] of [
      ['a_37', 37_000],
      ['a_315532812000', 315_532_812_000],
    ] as const) {
      assert.equal(findCaptureTime(name, 'UTC', true)?.startedAtMs, ms);
      assert.equal(findCaptureTime(name, 'UTC', false), null);
    }
  });

  it('is separated from the rest of the name', () => {
    const found = findCaptureTime('audio_omi_opus_16000_1_fs160_20251009_120000', 'UTC', true);
    assert.deepEqual(found, { startedAtMs: Date.parse(noon), from: 29, to: 44 });
  });

  const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
  /** Functions that write a date and its time, to the second. */
  const writers: readonly ((d: Date) => string)[] = [
    (d) =>
      `${pad(d.getUTCFullYear(), 4)}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}T${pad(d.getUTCHours())}.${pad(d.getUTCMinutes())}.${pad(d.getUTCSeconds())}`,
    (d) => d.toISOString().slice(0, 19),
    (d) => d.toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '_'),
    (d) => d.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_'),
    (d) => d.toISOString().slice(0, 19).replaceAll(/[-:T]/g, ''),
    (d) => d.toISOString().slice(2, 19).replaceAll(/[-:]/g, '').replace('T', '-'),
    (d) => d.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '-'),
    (d) =>
      `${pad(d.getUTCDate())}.${pad(d.getUTCMonth() + 1)}.${d.getUTCFullYear()} ${pad(d.getUTCHours())}-${pad(d.getUTCMinutes())}-${pad(d.getUTCSeconds())}`,
    (d) =>
      `${d.toLocaleString('en-US', { month: 'long', timeZone: 'UTC' })} ${d.getUTCDate()}, ${d.getUTCFullYear()} at ${((d.getUTCHours() + 11) % 12) + 1}.${pad(d.getUTCMinutes())}.${pad(d.getUTCSeconds())} ${d.getUTCHours() < 12 ? 'AM' : 'PM'}`,
  ];
  const dates = fc
    .date({ min: new Date('2001-01-01'), max: new Date('2069-12-31'), noInvalidDate: true })
    .map((d) => new Date(Math.floor(d.getTime() / 1000) * 1000));

  it('is exact in each form, behind any words', () => {
    fc.assert(
      fc.property(
        dates,
        fc.constantFrom(...writers),
        fc.constantFrom('', 'memo ', 'Recording_', 'audio-', 'Ann (work) '),
        (date, write, before) => {
          assert.equal(timeIn(before + write(date)), date.toISOString());
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('is found or not in any text, quickly and without an error', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '2025',
        '10',
        '09',
        '-',
        '_',
        ' ',
        'T',
        '.',
        ':',
        'at',
        'PM',
        'GMT',
        '+02:00',
        'Oct',
        '0',
        '1760000000',
        '年',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 50 }),
        fc.constantFrom('UTC', 'Europe/Berlin', '+05:30'),
        fc.boolean(),
        (pieces, zone, isFramed) => {
          const base = pieces.join('').slice(0, 200);
          const found = findCaptureTime(base, zone, isFramed);
          assert.ok(found === null || (found.from >= 0 && found.from < found.to && found.to <= base.length));
          assert.ok(found === null || !Number.isNaN(found.startedAtMs));
        },
      ),
      { numRuns: RUNS },
    );
  });
});
