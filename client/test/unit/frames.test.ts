import assert from 'node:assert/strict';
import fc from 'fast-check';
import { frameBytes, recordingName, SyncError } from '../../src/index.ts';

describe('Frames', () => {
  it('are written after their length, little-endian', () => {
    assert.deepEqual(
      [...frameBytes([Uint8Array.of(9), new Uint8Array(300)]).subarray(0, 12)],
      [1, 0, 0, 0, 9, 44, 1, 0, 0, 0, 0, 0],
    );
  });

  it('can be read back, whatever their content', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (frames) => {
        const bytes = Buffer.from(frameBytes(frames));
        const read: Uint8Array[] = [];
        for (let at = 0; at < bytes.length;) {
          const length = bytes.readUInt32LE(at);
          read.push(new Uint8Array(bytes.subarray(at + 4, at + 4 + length)));
          at += 4 + length;
        }
        assert.deepEqual(read, frames);
      }),
    );
  });

  it('are refused if the server would regard them as damaged', () => {
    const refused = (length: number) => () => frameBytes([Uint8Array.of(1), new Uint8Array(length)]);
    assert.throws(refused(65_537), (error) => error instanceof SyncError && error.code === 'bad_frame');
    assert.equal(refused(65_536)().length, 5 + 4 + 65_536);
    assert.equal(refused(0)().length, 5 + 4, 'an empty frame is time in which nothing was said');
  });
});

describe('The name of a recording', () => {
  const format = { device: 'omi', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 } as const;

  it('follows the contract, so the server can read it', () => {
    const startedAt = new Date(Date.UTC(2025, 5, 1, 12, 30, 15, 250));
    const name = recordingName(format, startedAt);
    assert.equal(name, 'audio_omi_opus_16000_1_fs160_1748781015250.bin');
  });

  it('can have only letters and digits in its device id', () => {
    assert.throws(() => recordingName({ ...format, device: 'my_omi' }, new Date()), SyncError);
  });
});
