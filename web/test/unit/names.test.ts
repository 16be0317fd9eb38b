import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { datedName, guessedStart, readName } from '../../src/domain/recordingName.ts';
import { moveToDay, type SampleScenario } from '../../src/domain/sampleDay.ts';
import { countOf, TranscriptSearch } from '../../src/domain/search.ts';

const NOW = Date.UTC(2026, 6, 3);
const SAMPLES = path.join(import.meta.dirname, '../../../dev/samples/recordings');

describe('Names of recordings that are added', () => {
  it('are accepted if they contain a capture time', () => {
    assert.deepEqual(readName('audio_omi_opus_16000_1_fs160_1760000000.bin', NOW), {
      kind: 'ready',
      startedAt: 1_760_000_000_000,
    });
    assert.deepEqual(readName('memo_1760000000123.M4A', NOW), { kind: 'ready', startedAt: 1_760_000_000_123 });
  });

  it('need a time from the user if ordinary audio has none, or an impossible one', () => {
    for (const name of ['Voice 12.m4a', 'track_1.mp3', 'old_1600000000.wav', 'ahead_1999999999.ogg']) {
      assert.equal(readName(name, NOW).kind, 'undated', name);
    }
  });

  it('are refused with a reason if they cannot be used', () => {
    for (const name of ['notes.txt', 'recording.bin', 'audio_omi_1600000000.bin', 'bin']) {
      assert.equal(readName(name, NOW).kind, 'refused', name);
    }
  });

  it('are changed so that the server accepts them, whatever they were', () => {
    assert.equal(datedName('Größe & Co (1).MP3', 1_760_000_000_123.4), 'Gro-e-Co-1_1760000000123.mp3');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (stem) => {
        const name = datedName(`${stem.replaceAll('.', '')}.wav`, NOW);
        assert.match(name, /^[A-Za-z0-9][A-Za-z0-9-]*_\d+\.wav$/);
        assert(name.length <= 200);
        assert.equal(readName(name, NOW).kind, 'ready');
      }),
    );
  });

  it('get a start that is earlier than the last change by the length of the file', () => {
    assert.equal(guessedStart(NOW, 90), NOW - 90_000);
    assert.equal(guessedStart(NOW, null), NOW);
    assert.equal(guessedStart(0, 10), Date.UTC(2024, 0, 1));
  });
});

describe('The sample day', () => {
  const scenarios = readdirSync(SAMPLES)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(SAMPLES, name), 'utf8')) as SampleScenario);
  const moved = moveToDay(scenarios, NOW);

  it('has every sample under its own name with its capture time', () => {
    assert.equal(moved.length, scenarios.flatMap(({ recordings }) => recordings).length);
    assert.equal(new Set(moved.map(({ name }) => name)).size, moved.length);
    for (const { name, startedAt } of moved)
      assert.deepEqual(readName(name, NOW + 86_400_000), { kind: 'ready', startedAt });
  });

  it('keeps the distance of recordings within a scene, and separates those of one device', () => {
    const durations = new Map(
      scenarios.flatMap(({ recordings }) => recordings.map(({ name, durationMs }) => [name, durationMs])),
    );
    const boundary = moved.filter(({ original }) => original.includes('pendant3')).map(({ startedAt }) => startedAt);
    assert.equal((boundary[1] ?? 0) - (boundary[0] ?? 0), 1_748_962_938_100 - 1_748_962_927_340);
    for (const one of moved) {
      for (const other of moved) {
        if (one === other || one.deviceId !== other.deviceId || one.startedAt > other.startedAt) continue;
        assert(one.startedAt + (durations.get(one.original) ?? 0) <= other.startedAt, `${one.name} and ${other.name}`);
      }
    }
  });
});

describe('Search in a transcript', () => {
  const lines = ['Crème brûlée', 'nothing', 'creme, Creme'].map((text) => ({ text }));

  it('returns the matching ranges of each line, and their number', () => {
    const matches = new TranscriptSearch(lines).find('CREME');
    assert.deepEqual([...matches.keys()], [0, 2]);
    assert.deepEqual(matches.get(2), [
      { start: 0, end: 5 },
      { start: 7, end: 12 },
    ]);
    assert.equal(countOf(matches), 3);
  });

  it('finds nothing for an empty query', () => {
    assert.equal(countOf(new TranscriptSearch(lines).find('  ')), 0);
  });
});
