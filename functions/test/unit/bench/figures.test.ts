import assert from 'node:assert/strict';
import { costOfHour, pricesSchema, USUAL } from '../../../bench/costModel.ts';
import { deviation, ratios } from '../../../bench/ratios.ts';
import { harmonic, median } from '../../../bench/rounds.ts';
import prices from '../../../bench/prices.json' with { type: 'json' };

const speed = (name: string, timesRealTime: number) => ({ name, timesRealTime, rounds: [], cpuSecondsPerHour: 1 });

describe('The figures of the bench', () => {
  it('take the median, and two steps one after the other', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([1, 9, 5, 7]), 6);
    assert.equal(harmonic(600, 300), 200);
  });

  it('hold the engine against its limit, its second core and the common ways', () => {
    const found = ratios({
      speed: {
        oneCore: [
          speed('engine opus10', 300),
          speed('opus-decoder alone, 10 ms', 600),
          speed('Silero as published, 32 streams a call', 300),
          speed('levels and gain alone', 1800),
          speed('engine opus20', 300),
          speed('engine opus20, voice bits hidden', 200),
          speed('ffmpeg, @ricky0123/vad-node, 5 min', 5),
          speed('ffmpeg, Silero in one stream', 100),
        ],
        twoCores: [speed('engine opus10', 540)],
      },
    });
    assert.deepEqual(found, {
      vsLimitOneCore: 1.6667,
      silkSkipOverWhole: 1.5,
      twoCoresOverOne: 1.8,
      vsVadNode: 60,
      vsOneStream: 3,
    });
  });

  it('say how far growth is off a straight line', () => {
    const line = [1, 2, 4].map((hours) => [hours, 10 * hours] as const);
    assert.ok(deviation(line) < 1e-9);
    assert.ok(
      deviation([
        [1, 1],
        [2, 4],
        [4, 16],
      ]) > 0.05,
    );
  });

  it('price what was measured, and nothing that was not', () => {
    const billing = {
      speechSeconds: 100,
      billedSeconds: 110,
      wholeFilesSeconds: 400,
      mergedRegionsSeconds: 200,
      sentBytes: 1,
      wavBytes: 1,
      wholeWavBytes: 1,
      wordsLost: 0,
      words: 1,
    };
    const list = costOfHour({ billing }, USUAL, { ...pricesSchema.parse(prices), deepgramPerMinute: 2 });
    assert.equal(list.find(({ what }) => what === 'Deepgram')?.cost, 60 * 0.25 * 1.1 * 2);
    assert.equal(
      list.find(({ what }) => what === 'Firestore'),
      undefined,
    );
  });
});
