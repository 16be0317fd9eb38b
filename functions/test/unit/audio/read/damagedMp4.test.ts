/** MP4 files without fragments, whose data is not where the index says: all that can be read is in its place. */
import assert from 'node:assert/strict';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { BOTH, encode, file, lagAt, lagOfEnd, noise, SECONDS, withHoles } from '../../../support/containers.ts';

describe('An MP4 file whose index is not where the boxes before it lead', function () {
  const bytes = encode('m4a');
  const data = bytes.indexOf('mdat');
  const size = bytes.readUInt32BE(data - 4);
  assert.ok(bytes.indexOf('moov') > data, 'its index is at the end');

  for (const [name, claimed] of [
    ['half', size >> 1],
    ['four times', 4 * size],
    ['nothing', 0],
  ] as const) {
    for (const decoder of BOTH) {
      it(`is read to its end if its data claims ${name} of the bytes that are there: ${decoder}`, async () => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt32BE(claimed, data - 4);
        const whole = await decodeAll(bytes, file('m4a'), { decoder });
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        assert.ok(lostSeconds(decoded) < 0.1, `${lostSeconds(decoded)} s lost`);
        assert.deepEqual(decoded.pcm, whole.pcm);
      });
    }
  }

  for (const decoder of BOTH) {
    it(`is read before and behind missing or extra bytes in its data: ${decoder}`, async () => {
      for (const place of [[], ['-movflags', '+faststart']]) {
        const whole = encode('m4a', [], place);
        const [start, end] = [whole.subarray(0, whole.length >> 1), whole.subarray(whole.length >> 1)];
        for (const [name, damaged] of [
          ['one is missing', Buffer.concat([start, end.subarray(1)])],
          ['400 are missing', Buffer.concat([start, end.subarray(400)])],
          ['100 are too many', Buffer.concat([start, noise(100), end])],
        ] as const) {
          const decoded = await decodeAll(damaged, file('m4a'), { decoder });
          assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${name}: ${decoded.pcm.length / RATE} s`);
          assert.ok(lostSeconds(decoded) < 0.3, `${name}: ${lostSeconds(decoded)} s lost`);
          // ffmpeg may leave out what it cannot decode.
          const slack = decoder === 'sandbox' ? 20 : 0.1 * RATE;
          assert.ok(Math.abs(lagOfEnd(decoded)) < slack, `${name}: ${lagOfEnd(decoded)} samples late`);
        }
      }
    });
  }

  for (const [codec, encoder] of [
    ['AAC', []],
    ['AAC in two channels', ['-ac', '2', '-ar', '44100']],
  ] as const) {
    it(`of ${codec} is read between places where bytes are missing or too many`, async () => {
      for (const place of [[], ['-movflags', '+faststart']]) {
        const whole = encode('m4a', [], [...encoder, ...place]);
        const [first, second] = [0.35, 0.7].map((share) => Math.round(share * whole.length)) as [number, number];
        const [start, middle, end] = [whole.subarray(0, first), whole.subarray(first, second), whole.subarray(second)];
        for (const [name, damaged] of [
          ['few are missing', [start, middle.subarray(3), end.subarray(2)]],
          ['many are missing', [start, middle.subarray(0.1 * whole.length), end.subarray(0.02 * whole.length)]],
          ['there are too many', [start, noise(300), middle, noise(1000), end]],
          ['few and more are missing', [start, middle.subarray(3), end.subarray(700)]],
          [
            'some are missing at a third place',
            [
              start.subarray(0, first >> 1),
              start.subarray((first >> 1) + 512),
              middle.subarray(512),
              end.subarray(512),
            ],
          ],
        ] as const) {
          const decoded = await decodeAll(Buffer.concat(damaged), file('m4a'));
          const missing = name === 'many are missing' ? 0.12 * SECONDS : 0;
          assert.ok(lostSeconds(decoded) < missing + 0.7, `${name}: ${lostSeconds(decoded)} s lost`);
          assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${name}: ${decoded.pcm.length / RATE} s`);
          for (const second of [2, 5, 8])
            assert.ok(Math.abs(lagAt(decoded, second)) < 20, `${name}: ${second} s is ${lagAt(decoded, second)} late`);
        }
      }
    });
  }

  it('is read though its first samples are missing', async () => {
    const whole = encode('m4a', [], ['-movflags', '+faststart']);
    const from = whole.indexOf('mdat') + 1000;
    const damaged = Buffer.concat([whole.subarray(0, from), whole.subarray(from + 0.2 * whole.length)]);
    const decoded = await decodeAll(damaged, file('m4a'));
    assert.ok(Math.abs(lostSeconds(decoded) - 2) < 0.5, `${lostSeconds(decoded)} s lost`);
    assert.ok(Math.abs(lagOfEnd(decoded)) < 20, `${lagOfEnd(decoded)} samples late`);
  });
});

describe('ALAC in .mp4', function () {
  for (const channels of ['1', '2']) {
    it(`loses no more than the packet that lacks a few bytes, though packets begin with zeros: ${channels} channels`, async () => {
      const bytes = encode('m4a', [], ['-ar', '44100', '-ac', channels, '-c:a', 'alac']);
      for (const [share, missing] of [
        [0.2, 1],
        [0.5, 2],
        [0.8, 3],
      ] as const) {
        const at = Math.round(share * bytes.length);
        const decoded = await decodeAll(
          Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + missing)]),
          file('m4a'),
        );
        assert.ok(lostSeconds(decoded) < 0.3, `${missing} missing: ${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(lagOfEnd(decoded)) < 20, `${missing} missing: ${lagOfEnd(decoded)} samples late`);
      }
    });
  }

  it('loses no packet between places where bytes are missing', async () => {
    for (const place of [[], ['-movflags', '+faststart']]) {
      const bytes = encode('m4a', [], ['-c:a', 'alac', ...place]);
      for (const [name, shares] of [
        [
          'two',
          [
            [0.3, 0.35],
            [0.6, 0.65],
          ],
        ],
        [
          'three',
          [
            [0.2, 0.25],
            [0.5, 0.51],
            [0.75, 0.77],
          ],
        ],
        ['one near the end', [[0.85, 0.88]]],
      ] as const) {
        const decoded = await decodeAll(withHoles(bytes, shares), file('m4a'));
        const missing = shares.reduce((sum, [from, to]) => sum + to - from, 0) * SECONDS;
        // At each place two packets of a quarter of a second are cut short.
        const most = missing + shares.length * 0.52;
        assert.ok(lostSeconds(decoded) < most, `${name}: ${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(decoded.pcm.length - SECONDS * RATE) < 20, `${name}: ${decoded.pcm.length} samples`);
        assert.ok(Math.abs(lagAt(decoded, 1)) < 20, `${name}: ${lagAt(decoded, 1)} samples late`);
        if (name !== 'one near the end') assert.ok(Math.abs(lagOfEnd(decoded)) < 20, `${name}: end late`);
      }
    }
  });
});

describe('An MP4 file that is cut off before its index', () => {
  it('is refused with that reason', async () => {
    const bytes = encode('m4a');
    await assert.rejects(decodeAll(bytes.subarray(0, bytes.length * 0.7), file('m4a')), /no index \(moov\)/);
  });
});
