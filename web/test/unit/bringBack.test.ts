import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IMPORT_LIMITS, type ExportedConversation } from 'offline-audio-sync-contract';
import type { Conversation, Sentence } from '../../src/data/model.ts';
import { toJson } from '../../src/domain/export.ts';
import { batchesOf, parseConversation } from '../../src/domain/imports.ts';

const T0 = Date.UTC(2026, 6, 3, 10);

const exported = (segments: number): ExportedConversation => ({
  ...{ device_id: 'pendant', started_at: new Date(T0).toISOString(), finished_at: new Date(T0).toISOString() },
  segments: Array.from({ length: segments }, (_, i) => ({
    ...{ started_at: new Date(T0 + i).toISOString(), ended_at: new Date(T0 + i + 1).toISOString(), text: `t${i}` },
  })),
});

describe('What is brought back', () => {
  it('is what was taken along: as it was heard, with its words and recordings', () => {
    const conversation = {
      id: 'c1',
      deviceId: 'pendant',
      startedAt: T0,
      finishedAt: T0 + 2000,
      title: 'T',
      overview: null,
    };
    const sentence: Sentence = {
      ...{ startedAt: T0, endedAt: T0 + 900, text: 'Hello Ada', heard: null, language: 'en', confidence: 0.9 },
      ...{ speaker: 1, name: 'Bob', recordingId: 'r', recordingStartedAt: T0 - 5, chunkId: 'c', transcriber: null },
      words: [{ text: 'Hello', fromMs: 0, toMs: 400 }],
    };
    const corrected: Sentence = { ...sentence, text: 'Hello Eve', heard: 'Hello either', startedAt: T0 + 1000 };
    const { segments, ...back } = parseConversation(toJson(conversation as Conversation, [sentence, corrected]));
    assert.equal(back.conversation_id, 'c1');
    assert.deepEqual(Object.keys(segments[0] ?? {}).sort(), [
      ...[
        'confidence',
        'ended_at',
        'language',
        'recording_id',
        'recording_started_at',
        'speaker',
        'started_at',
        'text',
      ],
      'words',
    ]);
    assert.deepEqual(segments[0]?.words, [['Hello', 0, 400]]);
    assert.equal(segments[1]?.text, 'Hello either');
  });

  it('is refused in plain words where it is something else', () => {
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{"segments":[]}',
      '{"device_id":1,"started_at":"","finished_at":"","segments":[]}',
    ])
      assert.throws(() => parseConversation(text), /taken along/, text);
  });

  it('goes in calls that the service takes, in order, and nothing of it is left out', () => {
    const sizes = fc.array(fc.oneof(fc.nat(30), fc.nat(5000)), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (counts) => {
        const batches = [...batchesOf(counts.map(exported))];
        for (const batch of batches) {
          assert(batch.length <= IMPORT_LIMITS.maxConversations);
          const total = batch.reduce((sum, { segments }) => sum + segments.length, 0);
          assert(total <= IMPORT_LIMITS.maxSegments);
        }
        const texts = (all: readonly ExportedConversation[]) =>
          all.flatMap(({ segments }) => segments.map(({ text }) => text));
        assert.deepEqual(texts(batches.flat()), texts(counts.map(exported)));
      }),
      { numRuns: 30 },
    );
  });
});
