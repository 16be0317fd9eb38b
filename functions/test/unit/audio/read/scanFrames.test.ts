import assert from 'node:assert/strict';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../../../../src/errors.ts';
import type { RecordingFormat } from '../../../../src/audio/read/format.ts';
import { checkRecording } from '../../../../src/audio/read/scanFrames.ts';
import { frame, noise, OPUS, opusPacket, opusPackets, PCM16, PCM8, quietPcm16, TOC_20_MS } from './framing.ts';

function assertRefused(bytes: Uint8Array, format: RecordingFormat, code: string, message?: RegExp): void {
  assert.throws(
    () => checkRecording(bytes, format),
    (error) => error instanceof AppError && error.code === code && (message?.test(error.message) ?? true),
  );
}

describe('checkRecording on framed recordings', () => {
  /** Two SILK frames of 60 ms in a packet of one byte. */
  const bomb = frame(Buffer.of((11 << 3) | 1));

  it('adds up the durations of the Opus packets, not those in the name', () => {
    const bytes = Buffer.concat([...opusPackets(50), ...opusPackets(50, TOC_20_MS)].map((p) => frame(p)));
    assert.deepEqual(checkRecording(bytes, OPUS), {
      durationSeconds: 1.5,
      frames: 100,
      corruptFrames: 0,
      tornBytes: 0,
    });
  });

  it('measures PCM by its bytes, rate and channels', () => {
    const pcm16 = Buffer.concat([frame(quietPcm16(160, 1)), frame(quietPcm16(160, 2)), frame(quietPcm16(80, 3))]);
    assert.equal(checkRecording(pcm16, PCM16).durationSeconds, 400 / 16_000);
    const stereo = { ...PCM16, sampleRate: 8000, channels: 2, frameSize: 80 } as const;
    assert.equal(checkRecording(pcm16, stereo).durationSeconds, 200 / 8000);
    assert.equal(checkRecording(pcm16, { ...PCM8, frameSize: 320 }).durationSeconds, 800 / 16_000);
  });

  it('includes lost frames in the duration, and leaves out a torn end', () => {
    const packets = opusPackets(100).map((p) => frame(p));
    packets[50]?.writeUInt32LE(0);
    const scan = checkRecording(Buffer.concat(packets).subarray(0, -10), OPUS);
    assert.deepEqual(scan, {
      durationSeconds: 0.99,
      frames: 98,
      corruptFrames: 1,
      tornBytes: packets[99]!.length - 10,
    });
  });

  it('reads recordings that are larger than one slice', () => {
    const bytes = Buffer.concat(Array.from({ length: 2000 }, (_, i) => frame(quietPcm16(160, i))));
    assert.ok(bytes.length > 2 * 256 * 1024);
    assert.deepEqual(checkRecording(bytes, PCM16), {
      durationSeconds: 20,
      frames: 2000,
      corruptFrames: 0,
      tornBytes: 0,
    });
  });

  it('refuses a recording without bytes as empty_recording', () => {
    assertRefused(Buffer.alloc(0), OPUS, 'empty_recording');
    assertRefused(Buffer.alloc(0), { kind: 'file', extension: 'wav' }, 'empty_recording');
  });

  it('refuses bytes without one usable frame as recording_corrupt', () => {
    for (const bytes of [Buffer.alloc(3), Buffer.alloc(5000, 0xff), noise(5000, 1), frame(Buffer.from([0xb3]))]) {
      assertRefused(bytes, OPUS, 'recording_corrupt', /Not one usable frame/);
    }
    assertRefused(frame(opusPacket(50, 1)).subarray(0, -1), OPUS, 'recording_corrupt');
  });

  it('accepts the longest duration that is allowed, and refuses 10 ms more', () => {
    const most = Buffer.alloc((LIMITS.maxRecordingSeconds / 0.12) * bomb.length, bomb);
    assert.equal(checkRecording(most, OPUS).durationSeconds, LIMITS.maxRecordingSeconds);
    assertRefused(Buffer.concat([most, frame(opusPacket(1, 1))]), OPUS, 'recording_too_long');
  });

  it('refuses a decompression bomb: a few megabytes of one-byte packets that claim 120 ms each', () => {
    assertRefused(Buffer.alloc(bomb.length * 1_000_000, bomb), OPUS, 'recording_too_long');
  });
});
