import fc from 'fast-check';
import type { RecordingFormat } from '../../src/audio/read/format.ts';
import { checkRecording } from '../../src/audio/read/scanFrames.ts';
import { AppError } from '../../src/errors.ts';
import { fuzzTarget } from './target.ts';

const format = fc.record({
  kind: fc.constant('framed' as const),
  codec: fc.constantFrom('opus' as const, 'opus_fs320' as const, 'pcm16' as const, 'pcm8' as const),
  sampleRate: fc.constantFrom(8000, 16_000, 48_000),
  channels: fc.constantFrom(1, 2),
  frameSize: fc.constantFrom(1, 160, 320, 960),
});
const frame = fc
  .tuple(
    fc.oneof(fc.nat(700), fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 2 ** 31, 2 ** 32 - 1)),
    fc.uint8Array({ maxLength: 700 }),
  )
  .map(([length, payload]) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(length);
    return Buffer.concat([head, payload]);
  });
const recording = fc.oneof(
  fc.array(frame, { maxLength: 30 }).map((frames) => Buffer.concat(frames)),
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
);

/** The duration of any bytes is at most that of one recording, or an AppError refuses the recording. */
export const frames = fuzzTarget({ name: 'frames', casesInTest: 2000 }, () =>
  fc.property(format, recording, (framed, bytes) => {
    try {
      const { durationSeconds } = checkRecording(bytes, framed as RecordingFormat);
      return durationSeconds === null || (durationSeconds >= 0 && durationSeconds <= 25 * 3600);
    } catch (error) {
      return error instanceof AppError && error.remedy === 'never';
    }
  }),
);
