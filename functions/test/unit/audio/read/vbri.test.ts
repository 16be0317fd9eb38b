/** MP3 whose first frame is the tag of Fraunhofer's encoders (VBRI), which states the number of frames. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { BOTH, encode, file, lagAt, lagOfEnd, SECONDS, startOf, withHoles } from '../../../support/containers.ts';

/** The tag of the encoder, replaced by the other one. */
function withVbri(): Buffer {
  const bytes = encode('mp3', [], ['-q:a', '4', '-id3v2_version', '0']);
  const other = Math.max(bytes.indexOf('Xing'), bytes.indexOf('Info'));
  const [frames, size] = [bytes.readUInt32BE(other + 8), bytes.readUInt32BE(other + 12)];
  bytes.fill(0, 4, other + 144);
  bytes.write('VBRI\0\x01', 36, 'latin1');
  bytes.writeUInt16BE(75, 44);
  bytes.writeUInt32BE(size, 46);
  bytes.writeUInt32BE(frames, 50);
  return bytes;
}

describe('MP3 with the tag VBRI', function () {
  const bytes = withVbri();

  for (const decoder of BOTH) {
    it(`begins on time, and ends where it says: ${decoder}`, async () => {
      const decoded = await decodeAll(bytes, file('mp3'), { decoder });
      assert.equal(lostSeconds(decoded), 0);
      assert.ok(Math.abs(startOf(decoded).lag) < 20, `${startOf(decoded).lag} samples late`);
    });

    it(`has lost what is cut off: ${decoder}`, async () => {
      const decoded = await decodeAll(bytes.subarray(0, 0.6 * bytes.length), file('mp3'), { decoder });
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${decoded.pcm.length / RATE} s`);
      assert.ok(Math.abs(lostSeconds(decoded) - 0.4 * SECONDS) < 0.3, `${lostSeconds(decoded)} s lost`);
      assert.ok(Math.abs(lagAt(decoded, 4)) < 20, `${lagAt(decoded, 4)} samples late`);
    });

    it(`keeps what follows missing bytes in its place: ${decoder}`, async () => {
      const decoded = await decodeAll(withHoles(bytes, [[0.4, 0.45]]), file('mp3'), { decoder });
      assert.ok(Math.abs(lostSeconds(decoded) - 0.05 * SECONDS) < 0.2, `${lostSeconds(decoded)} s lost`);
      assert.ok(Math.abs(lagOfEnd(decoded)) < 20, `${lagOfEnd(decoded)} samples late`);
    });
  }

  it('is read whatever the tag states', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(31), fc.uint8Array({ minLength: 1, maxLength: 8 }), async (at, wrong) => {
        const damaged = Buffer.from(bytes);
        damaged.set(wrong, 36 + at);
        const decoded = await decodeAll(damaged, file('mp3'), { maxSeconds: 60 });
        assert.ok(decoded.pcm.length - lostSeconds(decoded) * RATE > (SECONDS - 0.2) * RATE);
      }),
      { numRuns: 20 },
    );
  });
});
