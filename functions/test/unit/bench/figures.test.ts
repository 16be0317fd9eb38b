import assert from 'node:assert/strict';
import { costOfHour, pricesSchema, USUAL } from '../../../bench/costModel.ts';
import { deviation, ratios } from '../../../bench/ratios.ts';
import { harmonic, median } from '../../../bench/rounds.ts';
import prices from '../../../bench/prices.json' with { type: 'json' };

const speed = (name: string, timesRealTime: number) => ({ name, timesRealTime, rounds: [], cpuSecondsPerHour: 1 });

/** A hundred seconds of speech in four hundred seconds of recordings. */
const BILLING = {
  speechSeconds: 100,
  wholeFilesSeconds: 400,
  mergedRegionsSeconds: 200,
  sentBytes: 1,
  wavBytes: 1,
  wholeWavBytes: 1,
  wordsLost: 0,
  words: 1,
};

describe('The figures of the bench', () => {
  it('include the median, and the speed of two steps one after the other', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([1, 9, 5, 7]), 6);
    assert.equal(harmonic(600, 300), 200);
  });

  it('compare the engine with its limit, with two cores and with the usual ways', () => {
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

  it('compare the local recogniser with the best of its peers, by processor time', () => {
    const local = {
      seconds: 100,
      speeds: [
        { ...speed('local tiny', 1), cpuSecondsPerHour: 40 },
        { ...speed('local base', 1), cpuSecondsPerHour: 90 },
        { ...speed('published loop, tiny', 1), cpuSecondsPerHour: 150 },
        { ...speed('sherpa-onnx, tiny', 1), cpuSecondsPerHour: 120 },
      ],
      memory: [
        { size: 'tiny', peakMb: 200 },
        { size: 'base', peakMb: 400 },
      ],
    };
    assert.deepEqual(ratios({ local }), {
      localTinyTimesRealTime: 90,
      localBaseTimesRealTime: 40,
      localOverBestPeer: 3,
      localPeakMb: 400,
    });
  });

  it('include how far growth deviates from a straight line', () => {
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

  it('include the price of what was measured, and of nothing else', () => {
    const billing = { ...BILLING, billedSeconds: 110 };
    const list = costOfHour({ billing }, USUAL, { ...pricesSchema.parse(prices), deepgramPerMinute: 2 });
    assert.equal(list.find(({ what }) => what === 'Deepgram')?.cost, 60 * 0.25 * 1.1 * 2);
    assert.equal(
      list.find(({ what }) => what === 'Firestore'),
      undefined,
    );
  });

  it('include local recognition as time of the task, without a request to Deepgram', () => {
    const billing = { ...BILLING, billedSeconds: 100 };
    const memory = [{ hours: 1, peakMb: 1, seconds: 8, cpuSeconds: 16, chunks: 1, speechSeconds: 1 }];
    const local = { seconds: 1, speeds: [{ ...speed('local tiny', 1), cpuSecondsPerHour: 40 }], memory: [] };
    const use = { ...USUAL, transcriber: 'tiny', speechShare: 0.5, vcpus: 2 } as const;
    const list = costOfHour({ billing, memory, local }, use, pricesSchema.parse(prices));
    assert.equal(
      list.find(({ what }) => what === 'Deepgram'),
      undefined,
    );
    assert.equal(list.find(({ what }) => what.startsWith('Task function'))?.amount, '18.0 s');
  });
});
