import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatRecordingName, LIMITS } from 'offline-audio-sync-contract';
import type { ErrorCode } from '../../../../src/errors.ts';
import { parseRecordingName } from '../../../../src/audio/read/name.ts';
import { FILE_EXTENSIONS } from '../../../../src/audio/read/format.ts';
import type { FramedFormat, RecordingName } from '../../../../src/audio/read/format.ts';

const NOW_MS = Date.UTC(2025, 9, 9, 9, 0, 0);
const OPUS: FramedFormat = { kind: 'framed', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 };

function parsed(filename: string, clockOffsetMs?: number): RecordingName {
  const result = parseRecordingName(filename, {
    nowMs: NOW_MS,
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
  });
  assert.ok(result.ok, result.ok ? '' : result.problem.message);
  return result.name;
}

function refused(filename: string, clockOffsetMs = 0): { code: ErrorCode; message: string } {
  const result = parseRecordingName(filename, { nowMs: NOW_MS, clockOffsetMs });
  assert.ok(!result.ok, `${filename} was taken`);
  assert.equal(result.problem.file, filename);
  return result.problem;
}

describe('names of framed recordings', () => {
  it('are read as the contract writes them, which apps use', () => {
    const startedAt = new Date(Date.UTC(2025, 5, 1, 12, 30, 15, 250));
    const read = parsed(formatRecordingName('omi', OPUS, startedAt));
    assert.deepEqual([read.deviceId, read.startedAtMs, read.format], ['omi', startedAt.getTime(), OPUS]);
  });

  it('carry device, codec, rate, channels, frame size and time', () => {
    assert.deepEqual(parsed('audio_omi_pcm16_44100_2_fs441_1760000000.bin'), {
      filename: 'audio_omi_pcm16_44100_2_fs441_1760000000.bin',
      deviceId: 'omi',
      format: { kind: 'framed', codec: 'pcm16', sampleRate: 44_100, channels: 2, frameSize: 441 },
      startedAtMs: 1_760_000_000_000,
    });
  });

  for (const codec of ['opus', 'opus_fs320', 'pcm16', 'pcm8'] as const) {
    it(`may be of codec ${codec}, with and without a frame size`, () => {
      const format = { ...OPUS, codec };
      assert.deepEqual(parsed(`audio_A1_${codec}_16000_1_fs320_1760000000.bin`).format, { ...format, frameSize: 320 });
      assert.deepEqual(parsed(`audio_A1_${codec}_16000_1_1760000000.bin`).format, format);
    });
  }

  it('may be older and carry only a time: Opus, 16 kHz, mono, 160 samples', () => {
    for (const name of [
      'recording_1760000000.bin',
      'audio_1760000000.bin',
      'audio_omi_1760000000.bin',
      '_1760000000.bin',
    ]) {
      const { deviceId, format, startedAtMs } = parsed(name);
      assert.deepEqual(
        { deviceId, format, startedAtMs },
        { deviceId: null, format: OPUS, startedAtMs: 1_760_000_000_000 },
      );
    }
  });

  it('ignore the case of the extension and of the fixed words', () => {
    assert.deepEqual(parsed('AUDIO_Omi_PCM8_8000_1_FS80_1760000000.BIN'), {
      filename: 'AUDIO_Omi_PCM8_8000_1_FS80_1760000000.BIN',
      deviceId: 'Omi',
      format: { kind: 'framed', codec: 'pcm8', sampleRate: 8000, channels: 1, frameSize: 80 },
      startedAtMs: 1_760_000_000_000,
    });
  });

  const bad: [string, RegExp][] = [
    ['audio_omi_opus_16000_1_fs160.bin', /_\{timestamp\}/],
    ['audio_omi_opus_16000_1760000000.bin', /Name it/],
    ['audio_omi_pcm16_1760000000.bin', /Name it/], // half a full name: never taken for older Opus
    ['audio_omi_opus_16000_1_fs_1760000000.bin', /Name it/],
    ['audio__opus_16000_1_fs160_1760000000.bin', /device ""/],
    ['audio_my-omi_opus_16000_1_fs160_1760000000.bin', /device "my-omi"/],
    ['audio_omi_aac_16000_1_fs160_1760000000.bin', /codec "aac" is not known/],
    ['audio_omi_opus_fs640_16000_1_fs640_1760000000.bin', /codec "opus_fs640" is not known/],
    ['audio_omi_opus_16000_3_fs160_1760000000.bin', /3 channels/],
    ['audio_omi_opus_16000_0_fs160_1760000000.bin', /0 channels/],
    ['audio_omi_opus_44100_1_fs441_1760000000.bin', /no sampling rate of 44100/],
    ['audio_omi_pcm16_7999_1_fs160_1760000000.bin', /rate of 7999/],
    ['audio_omi_pcm16_48001_1_fs160_1760000000.bin', /rate of 48001/],
    ['audio_omi_opus_16000_1_fs0_1760000000.bin', /frames of 0 samples/],
    ['audio_omi_opus_16000_1_fs1921_1760000000.bin', /1 to 1920/],
    ['audio_omi_pcm16_16000_2_fs16385_1760000000.bin', /1 to 16384/],
    ['audio_omi_pcm16_16000_1_fs99999999999999999999_1760000000.bin', /1 to 32768/],
  ];
  for (const [name, reason] of bad) {
    it(`are refused with the reason: ${name}`, () => {
      const { code, message } = refused(name);
      assert.equal(code, 'bad_name');
      assert.match(message, reason);
    });
  }
});

describe('names of ordinary files', () => {
  for (const extension of FILE_EXTENSIONS) {
    it(`may end in .${extension}, in any case`, () => {
      for (const written of [extension, extension.toUpperCase()]) {
        const { deviceId, format, startedAtMs } = parsed(`Team memo №3 (draft)_1760000000123.${written}`);
        assert.equal(deviceId, null);
        assert.deepEqual(format, { kind: 'file', extension });
        assert.equal(startedAtMs, 1_760_000_000_123);
      }
    });
  }

  it('need an extension that is accepted', () => {
    assert.match(refused('memo_1760000000.txt').message, /ends in \.txt/);
    assert.match(refused('memo_1760000000').message, /no extension/);
    for (const name of ['memo_1760000000.wma', 'memo_1760000000', 'memo_1760000000.bin.exe', 'memo_1760000000.']) {
      assert.equal(refused(name).code, 'bad_extension', name);
    }
  });

  it('may have another extension of the same kind', () => {
    for (const [extension, container] of [
      ['opus', 'ogg'],
      ['mp4', 'm4a'],
      ['3gp', 'm4a'],
      ['weba', 'webm'],
      ['MKA', 'webm'],
    ] as const) {
      assert.deepEqual(parsed(`memo_1760000000.${extension}`).format, { kind: 'file', extension: container });
    }
  });

  it('may have a date and a time in place of a timestamp, in the zone that is given', () => {
    const name = '2025-05-01 10_33_12.mp3';
    assert.equal(parsed(name).startedAtMs, Date.UTC(2025, 4, 1, 10, 33, 12));
    const result = parseRecordingName(name, { nowMs: NOW_MS, timeZone: 'Europe/Berlin' });
    assert.ok(result.ok);
    assert.equal(result.name.startedAtMs, Date.UTC(2025, 4, 1, 8, 33, 12));
    const framed = parsed('audio_omi_opus_16000_1_fs320_20250501_103312.bin');
    assert.deepEqual([framed.deviceId, framed.startedAtMs], ['omi', Date.UTC(2025, 4, 1, 10, 33, 12)]);
    assert.deepEqual(framed.format, { ...OPUS, frameSize: 320 });
    assert.deepEqual(parsed('audio_2025-05-01_10-33-12.bin').format, OPUS);
  });

  it('need a time', () => {
    for (const name of ['memo.wav', 'memo_.wav', 'memo_1760000000x.wav', 'DS_0001.wav', 'memo_-1760000000.wav']) {
      assert.equal(refused(name).code, 'bad_name', name);
    }
  });
});

describe('capture times in names', () => {
  const startOf = (timestamp: number | string, offset?: number): number =>
    parsed(`a_${timestamp}.bin`, offset).startedAtMs;

  it('are seconds up to 1e10 and milliseconds above', () => {
    assert.equal(startOf(1_760_000_000), 1_760_000_000_000);
    assert.equal(startOf(1_760_000_000_001), 1_760_000_000_001);
    assert.equal(startOf('0001760000000'), 1_760_000_000_000);
  });

  it('reach from 2024-01-01 to five minutes ahead, both included', () => {
    assert.equal(startOf(1_704_067_200), LIMITS.minCaptureMs);
    assert.equal(startOf(NOW_MS + 300_000), NOW_MS + 300_000);
    assert.match(refused('a_1704067199999.bin').message, /before 2024-01-01T00:00:00\.000Z/);
    assert.match(
      refused(`a_${NOW_MS + 300_001}.bin`).message,
      /more than 5 minutes after now \(2025-10-09T09:00:00\.000Z\)/,
    );
    for (const digits of ['0', '1', '10000000000', '1704067199999', `${NOW_MS + 300_001}`, '9'.repeat(150)]) {
      assert.equal(refused(`a_${digits}.bin`).code, 'bad_timestamp', digits);
    }
  });

  it('are refused with the time that was read', () => {
    assert.match(refused('a_1704067199999.bin').message, /capture time, 2023-12-31T23:59:59\.999Z, is before/);
  });

  it('of clocks that restarted at 1970, 1980 or 2000 are corrected by an offset', () => {
    for (const [name, clock] of [
      ['a_37.bin', 37_000],
      ['19800101_000012.wav', Date.UTC(1980, 0, 1, 0, 0, 12)],
      ['2000-01-01 00.00.12.mp3', Date.UTC(2000, 0, 1, 0, 0, 12)],
    ] as const) {
      assert.equal(parsed(name, NOW_MS - clock).startedAtMs, NOW_MS);
    }
  });

  it('are shifted by the clock offset before they are checked', () => {
    const day = 86_400_000;
    assert.equal(startOf(NOW_MS + day, -day), NOW_MS);
    assert.equal(startOf(1_704_067_200 - 60, 60_000), LIMITS.minCaptureMs);
    assert.equal(refused(`a_${NOW_MS}.bin`, day).code, 'bad_timestamp');
    assert.equal(refused('a_1704067200.bin', -1).code, 'bad_timestamp');
  });
});

describe('safety of names', () => {
  const unsafe: [string, RegExp][] = [
    ['../x_1760000000.bin', /path separator/],
    ['a/b_1760000000.bin', /path separator/],
    ['a\\b_1760000000.bin', /path separator/],
    ['a\0_1760000000.bin', /control characters/],
    ['a\r\n_1760000000.bin', /control characters/],
    ['a\u2028_1760000000.bin', /control characters/],
    ['a\ud800_1760000000.bin', /broken Unicode/],
    ['.a_1760000000.bin', /dot/],
    ['..', /dot/],
    [`${'é'.repeat(93)}_1760000000.bin`, /201 bytes/],
  ];
  for (const [name, reason] of unsafe) {
    it(`refuses ${JSON.stringify(name.slice(0, 30))} as bad_name`, () => {
      const { code, message } = refused(name);
      assert.equal(code, 'bad_name');
      assert.match(message, reason);
    });
  }

  it('accepts a name of exactly 200 bytes', () => {
    assert.ok(parsed(`a${'é'.repeat(92)}_1760000000.bin`));
  });

  it('lets no name through that is unsafe in a path, and never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'audio_',
        'omi',
        '_opus',
        '_16000',
        '_1',
        '_fs160',
        '_1760000000',
        '.bin',
        '.wav',
        '/',
        '.',
        '\n',
      ),
      fc.array(fc.nat(0xffff), { maxLength: 3 }).map((units) => String.fromCharCode(...units)),
    );
    const sound = fc.constantFrom(
      'audio_omi_opus_16000_1_fs160_1760000000.bin',
      'talk_1760000000.bin',
      'a b_1760000000.wav',
    );
    const spoilt = fc
      .tuple(sound, fc.nat(40), piece)
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at));
    const name = fc.oneof(
      spoilt,
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(name, (filename) => {
        const result = parseRecordingName(filename, { nowMs: NOW_MS });
        if (!result.ok) return result.problem.message.length > 0;
        return (
          !/[/\\\p{Cc}\p{Cs}]/u.test(filename) &&
          !filename.startsWith('.') &&
          Buffer.byteLength(filename) <= LIMITS.maxNameBytes
        );
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});
