/** Damaged settings of AAC: they are repaired, or the other tracks are read. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mendSettings } from '../../../../src/audio/read/containers/soundDescription.ts';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { BOTH, encode, file, lagAt, SECONDS } from '../../../support/containers.ts';

const TWO_TRACKS = ['-map', '0:a', '-map', '0:a', '-c:a', 'aac'];

/** Where the settings of each track begin: behind this tag and their length. */
function settingsIn(bytes: Buffer, tag: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(tag); at >= 0; at = bytes.indexOf(tag, at + 1)) places.push(at + tag.length + 1);
  return places;
}

describe('Damaged settings of AAC', function () {
  it('of any kind that does not exist, or with another rate, are repaired in .m4a', async () => {
    const bytes = encode('m4a');
    const [at = 0] = settingsIn(bytes, Buffer.from([0x05, 0x80, 0x80, 0x80]));
    for (const wrong of [0x00, 0x0f, 0x12, 0x1c, 0x2c, 0x8a, 0xf8, 0xff]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = wrong;
      for (const decoder of BOTH) {
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        assert.equal(lostSeconds(decoded), 0, `${wrong}, ${decoder}: ${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(lagAt(decoded, 2)) < 20, `${wrong}, ${decoder}: ${lagAt(decoded, 2)} samples late`);
      }
    }
  });

  it('of one of two tracks of .m4a leave the other one', async () => {
    const bytes = encode('m4a', [], TWO_TRACKS);
    const places = settingsIn(bytes, Buffer.from([0x05, 0x80, 0x80, 0x80]));
    assert.equal(places.length, 2);
    for (const place of places) {
      const damaged = Buffer.from(bytes).fill(0xff, place, place + 2);
      for (const decoder of BOTH) {
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${decoder}: ${decoded.pcm.length} samples`);
        assert.ok(Math.abs(lagAt(decoded, 2)) < 20, `${decoder}: ${lagAt(decoded, 2)} samples late`);
      }
    }
  });

  it('of one of two tracks of .mka leave the other one', async () => {
    const bytes = encode('webm', [], [...TWO_TRACKS, '-f', 'matroska']);
    const places = settingsIn(bytes, Buffer.from([0x63, 0xa2])).slice(0, 2);
    for (const place of places) {
      const damaged = Buffer.from(bytes).fill(0xff, place, place + 2);
      const decoded = await decodeAll(damaged, file('webm'));
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${decoded.pcm.length} samples`);
      assert.ok(Math.abs(lagAt(decoded, 2)) < 20, `${lagAt(decoded, 2)} samples late`);
      assert.match(decoded.report.stoppedBecause ?? '', /settings of an audio track/);
    }
  });

  it('lead to no error, whatever is in them', () => {
    const head = Buffer.from('\0\0\0\0\0\0\0\0mp4a'.padStart(24, '\0'), 'latin1');
    const known = Buffer.from([4, 0x20, 0x40, ...Array<number>(12).fill(0), 5, 2]);
    const content = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(content, content, fc.boolean(), fc.integer({ min: 0, max: 96_000 }), (before, behind, is, rate) => {
        const description = Buffer.concat([head, before, is ? known : before, behind]);
        const { length } = description;
        mendSettings(description, { start: 0, size: length, type: 'stsd' }, rate);
        assert.equal(description.length, length);
      }),
    );
  });
});
