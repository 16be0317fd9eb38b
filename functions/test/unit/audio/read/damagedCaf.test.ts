/** CAF files whose data lacks bytes, or has too many, or whose settings are damaged: all that can be read is in its place. */
import assert from 'node:assert/strict';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import type { Decoded } from '../../../support/audio.ts';
import {
  encode,
  encodeSignal,
  file,
  lagAt,
  lagOfEnd,
  noise,
  SECONDS,
  SIGNAL,
  withHoles,
} from '../../../support/containers.ts';

/** ALAC with the table of packets behind the data, as ffmpeg writes it. */
const BEHIND = encode('m4a', [], ['-c:a', 'alac', '-f', 'caf']);
const [DATA, TABLE] = [BEHIND.indexOf('data'), BEHIND.lastIndexOf('pakt')];

/** The same with the table before the data. */
const BEFORE = Buffer.concat([BEHIND.subarray(0, DATA), BEHIND.subarray(TABLE), BEHIND.subarray(DATA, TABLE)]);

function assertInPlace(decoded: Decoded, most: number): void {
  assert.ok(lostSeconds(decoded) < most, `${lostSeconds(decoded)} s lost`);
  assert.ok(Math.abs(decoded.pcm.length - SECONDS * RATE) < 20, `${decoded.pcm.length} samples`);
  for (const lag of [lagAt(decoded, 1), lagOfEnd(decoded)]) assert.ok(Math.abs(lag) < 20, `${lag} samples late`);
}

describe('ALAC in .caf', function () {
  for (const [place, bytes] of [
    ['behind', BEHIND],
    ['before', BEFORE],
  ] as const) {
    it(`loses no packet between places where bytes are missing, with the table ${place} the data`, async () => {
      for (const holes of [
        [[0.4, 0.45]],
        [
          [0.3, 0.35],
          [0.6, 0.65],
        ],
      ] as const) {
        const missing = holes.reduce((sum, [from, to]) => sum + to - from, 0) * SECONDS;
        // At each place two packets of a quarter of a second are cut short.
        assertInPlace(await decodeAll(withHoles(bytes, holes), file('caf')), missing + 0.52 * holes.length);
      }
    });

    it(`loses one packet where bytes were added, with the table ${place} the data`, async () => {
      const middle = bytes.length >> 1;
      const added = Buffer.concat([bytes.subarray(0, middle), noise(500), bytes.subarray(middle)]);
      assertInPlace(await decodeAll(added, file('caf')), 0.3);
    });
  }

  it('loses nothing if the size of its data is wrong', async () => {
    for (const at of [DATA + 8, DATA + 10, DATA + 11]) {
      const damaged = Buffer.from(BEHIND);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x21, at);
      assertInPlace(await decodeAll(damaged, file('caf')), 0.01);
    }
  });

  it('loses no more than its end if it is cut off behind the table', async () => {
    const decoded = await decodeAll(BEFORE.subarray(0, 0.7 * BEFORE.length), file('caf'));
    assert.ok(lostSeconds(decoded) < 0.3 * SECONDS + 0.3, `${lostSeconds(decoded)} s lost`);
    assert.ok(Math.abs(lagAt(decoded, 5)) < 20, `${lagAt(decoded, 5)} samples late`);
  });

  it('loses nothing if one byte of the settings of its decoder is wrong', async () => {
    const settings = BEHIND.indexOf('kuki') + 12;
    for (const at of [4, 9, 11, 27, 28, 29, 30, 31, 32, 33, 44]) {
      for (const change of [0x21, 0x80]) {
        const damaged = Buffer.from(BEHIND);
        damaged.writeUInt8(damaged.readUInt8(settings + at) ^ change, settings + at);
        assertInPlace(await decodeAll(damaged, file('caf')), 0.001);
      }
    }
  });

  it('has lost its last packet if that is damaged, and the table says how long it is', async () => {
    const bytes = encodeSignal(SIGNAL.subarray(0, 4 * RATE), 'm4a', [], ['-c:a', 'alac', '-f', 'caf']);
    const table = bytes.lastIndexOf('pakt') + 12;
    const packets = Number(bytes.readBigInt64BE(table));
    bytes.writeBigInt64BE(BigInt(4 * RATE), table + 8);
    bytes.writeUInt32BE(packets * 4096 - 4 * RATE, table + 20);
    assert.equal(lostSeconds(await decodeAll(bytes, file('caf'))), 0);
    const decoded = await decodeAll(bytes.fill(0, table - 12 - 400, table - 12), file('caf'));
    assert.equal(decoded.pcm.length, 4 * RATE);
    assert.ok(Math.abs(lostSeconds(decoded) - (4 - (15 * 4096) / RATE)) < 0.3, `${lostSeconds(decoded)} s lost`);
    assert.ok(lostSeconds(decoded) > 0.15, `${lostSeconds(decoded)} s lost`);
  });
});
