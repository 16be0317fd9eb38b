import assert from 'node:assert/strict';
import fc from 'fast-check';
import { matchSpeakers, voiceNumber } from '../../../src/conversations/voices.ts';
import type { VoiceTurn } from '../../../src/jobs/chunk.ts';

function turn(speaker: number, fromMs: number, toMs: number, recordingId = 'a'): VoiceTurn {
  return { recordingId, fromMs, toMs, speaker };
}

describe('Voices', () => {
  it('are matched over the audio that both chunks have, whatever their labels are', () => {
    const known = [turn(700, 0, 1000), turn(900, 1000, 2500), turn(700, 2600, 3000)];
    const heard = [turn(0, 1100, 2450), turn(1, 2600, 3010), turn(0, 5000, 6000)];
    assert.deepEqual(
      matchSpeakers(heard, known),
      new Map([
        [0, 900],
        [1, 700],
      ]),
    );
  });

  it('are not matched where nothing links them', () => {
    assert.deepEqual(matchSpeakers([turn(0, 0, 1000)], [turn(700, 1000, 2000)]), new Map());
    assert.deepEqual(matchSpeakers([turn(0, 0, 1000)], [turn(700, 0, 1000, 'b')]), new Map());
    assert.deepEqual(matchSpeakers([turn(0, 0, 1000)], []), new Map());
  });

  it('are matched with one label each, even if a second label overlaps the same voice', () => {
    const matched = matchSpeakers([turn(0, 0, 1000), turn(1, 800, 1500)], [turn(700, 0, 1500)]);
    assert.deepEqual(matched, new Map([[0, 700]]));
  });

  it('are matched, however they are renumbered', () => {
    const scene = fc.array(fc.record({ voice: fc.nat(4), ms: fc.integer({ min: 50, max: 3000 }) }), { maxLength: 30 });
    fc.assert(
      fc.property(scene, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (turns, labels) => {
        let at = 0;
        const known = turns.map(({ voice, ms }) => turn(100 + voice, at, (at += ms)));
        const heard = known.map((each) => ({ ...each, speaker: labels[each.speaker - 100]! }));
        for (const [label, number] of matchSpeakers(heard, known)) assert.equal(labels[number - 100], label);
        assert.equal(matchSpeakers(heard, known).size, new Set(turns.map(({ voice }) => voice)).size);
      }),
    );
  });

  it('have numbers that depend only on where they were detected first', () => {
    assert.equal(voiceNumber('chunk', 0), voiceNumber('chunk', 0));
    assert.notEqual(voiceNumber('chunk', 0), voiceNumber('chunk', 1));
    assert.notEqual(voiceNumber('chunk', 0), voiceNumber('other', 0));
    assert.ok(Number.isSafeInteger(voiceNumber('chunk', 0)));
  });
});
