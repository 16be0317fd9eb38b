import assert from 'node:assert/strict';
import { mayHoldVoice } from '../../../../src/audio/detect/voiceBits.ts';

const may = (...payload: number[]): boolean => mayHoldVoice({ payload: Uint8Array.from(payload), samples: 320 });
const toc = (configuration: number, rest = 0): number => (configuration << 3) | rest;

describe('An Opus packet', () => {
  it('of SILK says whether it may contain voice, with one bit for each 20 ms', () => {
    for (const [configuration, bits] of [
      [0, 1],
      [5, 1],
      [10, 2],
      [11, 3],
    ] as const) {
      assert.equal(may(toc(configuration), 0xff >> bits), false, `${configuration}`);
      for (let bit = 0; bit < bits; bit++) assert.equal(may(toc(configuration), 0x80 >> bit), true, `${configuration}`);
    }
  });

  it('of SILK and CELT together has one such bit', () => {
    for (const configuration of [12, 13, 14, 15]) {
      assert.equal(may(toc(configuration), 0x7f), false);
      assert.equal(may(toc(configuration), 0x80), true);
    }
  });

  it('of CELT, in stereo or with several frames may always contain voice', () => {
    for (const first of [toc(16), toc(31), toc(9, 0b100), toc(9, 0b01), toc(9, 0b10), toc(9, 0b11)]) {
      assert.equal(may(first, 0), true);
    }
  });

  it('contains no voice if it has no frame or was lost', () => {
    assert.equal(may(toc(9)), false);
    assert.equal(mayHoldVoice({ payload: null, samples: 320 }), false);
  });
});
