import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instantOf, type SegmentPageDoc, type StoredEdit } from 'offline-audio-sync-contract';
import type { Conversation } from '../../src/data/model.ts';
import { exportOf } from '../../src/domain/edited.ts';
import { fileStem, toJson, toMarkdown, toSrt, toText, toVtt, turnsOf, type Line } from '../../src/domain/export.ts';

const T0 = Date.UTC(2026, 6, 3, 10);
const CONVERSATION: Conversation = {
  id: 'c1',
  deviceId: 'pendant',
  startedAt: T0,
  finishedAt: T0 + 90_000,
  title: 'Crème brûlée, *twice*',
  overview: null,
  onlyFillers: false,
  language: 'en',
  wordCount: 6,
  speechSeconds: 4,
  revision: 1,
};
const line = (seconds: number, speaker: number | null, text: string): Line => ({
  id: String(seconds),
  startedAt: T0 + seconds * 1000,
  endedAt: T0 + seconds * 1000 + 1500,
  speaker,
  text,
});
const LINES = [line(0, 1, 'Hello.'), line(2, 1, 'Are you there?'), line(4, 2, 'Yes.'), line(3600.5, 2, 'Still.')];
const FORMATS = { day: () => 'DAY', clock: (ms: number) => new Date(ms).toISOString().slice(11, 16) };

/** Sentences every two seconds, whose second words are in another language. */
function pageOf(texts: readonly string[], speakers: readonly (number | null)[]): SegmentPageDoc {
  const segments = texts.map((text, i) => {
    const words = text.split(' ').map((word, w) => ({
      ...{ text: word, fromMs: w * 300, toMs: (w + 1) * 300 },
      ...(w === 1 ? { language: 'fr' } : {}),
    }));
    const startedAt = T0 + i * 2000;
    const of = { text, words, speaker: speakers[i] ?? null, confidence: 0.9, language: 'en' };
    return { ...of, startedAt: instantOf(startedAt), endedAt: instantOf(startedAt + words.length * 300) };
  });
  const source = {
    deviceId: 'pendant',
    recordingId: 'r1',
    recordingStartedAt: instantOf(T0),
    jobId: 'j',
    chunkId: 'c',
  };
  const times = { startedAt: instantOf(T0), endedAt: instantOf(T0 + 90_000) };
  return { ...source, transcriber: 'deepgram/nova-3', ...times, segments, speakers: [] };
}

/** A parser of SRT that is as strict as players are. */
function readSrt(srt: string): { from: number; to: number; text: string }[] {
  const time = /^(\d\d+):(\d\d):(\d\d),(\d{3}) --> (\d\d+):(\d\d):(\d\d),(\d{3})$/;
  return srt.split(/\n\n/).map((cue, index) => {
    const [number, times, ...text] = cue.trimEnd().split('\n');
    assert.equal(number, String(index + 1));
    const [, ...parts] = time.exec(times ?? '') ?? assert.fail(times);
    const [h = 0, m = 0, s = 0, ms = 0, h2 = 0, m2 = 0, s2 = 0, ms2 = 0] = parts.map(Number);
    const ofParts = (hours: number, minutes: number, seconds: number) => ((hours * 60 + minutes) * 60 + seconds) * 1000;
    return { from: ofParts(h, m, s) + ms, to: ofParts(h2, m2, s2) + ms2, text: text.join('\n') };
  });
}

describe('A conversation as a file', () => {
  it('is Markdown in which no spoken or typed text becomes a heading, a list, code or a sign', () => {
    const typed = 'Agenda\n===\n\n    code\n- one &lt; two\n---\nR&D';
    const markdown = toMarkdown(CONVERSATION, [{ ...line(0, 1, typed), name: 'Ada\n# Lovelace' }], FORMATS);
    assert.match(markdown, /\n\n\*\*Ada \\# Lovelace\*\* \(.*\): Agenda === code - one \\&lt; two --- R&D\n$/);
    assert.equal(toText([line(0, 1, typed)]), 'Speaker 1: Agenda === code - one &lt; two --- R&D');
  });

  it('is SRT with times from its beginning and a name for each speaker', () => {
    assert.equal(toSrt(CONVERSATION, LINES.slice(0, 1)), '1\n00:00:00,000 --> 00:00:01,500\nSpeaker 1: Hello.\n');
    assert.match(toSrt(CONVERSATION, LINES), /4\n01:00:00,500 --> 01:00:02,000\nSpeaker 2: Still\.\n$/);
  });

  it('is SRT that can be parsed again, whatever was said and whenever', () => {
    const text = fc.stringMatching(/^[\w ,.\n\r-]{1,60}$/).filter((said) => said.trim() !== '');
    const lines = fc.array(
      fc.tuple(fc.nat(200_000_000), fc.nat(60_000), text).map(([at, long, said]): Line => {
        return { id: String(at), startedAt: T0 + at, endedAt: T0 + at + long, speaker: null, text: said };
      }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(lines, (said) => {
        const cues = readSrt(toSrt(CONVERSATION, said));
        assert.equal(cues.length, said.length);
        for (const [index, { from, to }] of cues.entries()) {
          assert.equal(from, (said[index]?.startedAt ?? 0) - T0);
          assert(to > from);
        }
      }),
    );
  });

  it('is WebVTT in which no spoken text becomes markup, and each voice has its name', () => {
    const vtt = toVtt(CONVERSATION, [{ ...line(0, 1, 'a < b & c'), name: 'Ada <3' }, line(2, null, 'Yes.')]);
    assert.equal(
      vtt,
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n<v Ada &lt;3>a &lt; b &amp; c\n\n00:00:02.000 --> 00:00:03.500\nYes.\n',
    );
  });

  it('has the transcript beside its corrections, the names of speakers, and the corrections themselves', () => {
    const page = pageOf(['Hello either.', 'Yes.'], [5000, 6000]);
    const place = { ...page.segments[0], recordingId: 'r1', recordingStartedAt: instantOf(T0) };
    const of = { ...place, deviceId: 'pendant', editedAt: instantOf(T0 + 1), undoneAt: null, updatedAt: instantOf(1) };
    const edits = [
      { ...of, id: 'e1', kind: 'text', text: 'Hello, Ada.', heard: 'Hello either.' },
      { ...of, id: 'e2', kind: 'speaker', name: 'Bob', scope: 'conversation', speaker: 5000 },
      { ...of, id: 'e3', kind: 'title', title: 'Undone', undoneAt: instantOf(2) },
    ] as unknown as StoredEdit[];
    const taken = exportOf(CONVERSATION, [page], edits);
    const [hello, yes] = taken.segments;
    assert.deepEqual(
      [hello?.text, hello?.corrected_text, hello?.speaker_name],
      ['Hello either.', 'Hello, Ada.', 'Bob'],
    );
    assert.deepEqual([hello?.speaker, hello?.voice, yes?.speaker, yes?.voice], [1, 5000, 2, 6000]);
    assert.deepEqual(hello?.words, [
      ['Hello', 0, 300],
      ['either.', 300, 600, 'fr'],
    ]);
    assert.deepEqual(
      taken.edits?.map(({ change }) => change.kind),
      ['text', 'speaker'],
    );
    assert.deepEqual([taken.title, taken.derived_title], [CONVERSATION.title, CONVERSATION.title]);
    const corrected = { ...line(0, 1, 'Hello, Ada.'), name: 'Bob' };
    assert.match(toMarkdown(CONVERSATION, [corrected], FORMATS), /\*\*Bob\*\* .*: Hello, Ada\./);
  });

  it('has the name of a voice that was named in a conversation that is not exported', () => {
    const elsewhere = { startedAt: instantOf(1), endedAt: instantOf(2), recordingId: 'r0', deviceId: 'glasses' };
    const times = { editedAt: instantOf(3), undoneAt: null, updatedAt: instantOf(3) };
    const named = {
      ...elsewhere,
      ...times,
      id: 'e1',
      kind: 'speaker',
      name: 'Eve',
      scope: 'everywhere',
      speaker: 6000,
    };
    const page = pageOf(['Hello either.', 'Yes.'], [5000, 6000]);
    const [edit] = exportOf(CONVERSATION, [page], [named as unknown as StoredEdit]).edits ?? [];
    assert.deepEqual([edit?.recording_id, edit?.from], ['r1', new Date(T0 + 2000).toISOString()]);
    assert.deepEqual(exportOf(CONVERSATION, [pageOf(['Hello.'], [5000])], [named as unknown as StoredEdit]).edits, []);
  });

  it('is Markdown in which no spoken text becomes formatting', () => {
    const markdown = toMarkdown(
      { ...CONVERSATION, overview: 'About\n# sugar' },
      [line(0, 1, '1. *not* [a](b)')],
      FORMATS,
    );
    assert.equal(
      markdown,
      [
        '# Crème brûlée, \\*twice\\*',
        'DAY, 10:00 – 10:01 · pendant',
        '> About\n> \\# sugar',
        '**Speaker 1** (10:00): 1\\. \\*not\\* \\[a\\](b)\n',
      ].join('\n\n'),
    );
  });

  it('has a title of one line, whatever it was', () => {
    const markdown = toMarkdown({ ...CONVERSATION, title: 'One\n# two' }, [], FORMATS);
    assert.match(markdown, /^# One \\# two\n\n/);
  });

  it('is JSON in the words of the HTTP interface', () => {
    const json = JSON.parse(toJson(exportOf(CONVERSATION, [pageOf(['Yes.'], [null])], []))) as Record<string, unknown>;
    assert.equal(json['conversation_id'], 'c1');
    assert.equal(json['started_at'], '2026-07-03T10:00:00.000Z');
    assert.deepEqual((json['segments'] as unknown[])[0], {
      started_at: '2026-07-03T10:00:00.000Z',
      ended_at: '2026-07-03T10:00:00.300Z',
      speaker: null,
      text: 'Yes.',
      language: 'en',
      confidence: 0.9,
      recording_id: 'r1',
      recording_started_at: '2026-07-03T10:00:00.000Z',
      transcriber: 'deepgram/nova-3',
      words: [['Yes.', 0, 300]],
    });
  });

  it('is text with one line for each turn', () => {
    assert.equal(toText(LINES), 'Speaker 1: Hello. Are you there?\nSpeaker 2: Yes.\nSpeaker 2: Still.');
  });

  it('has turns that end with another speaker or a long pause, and loses no line', () => {
    assert.deepEqual(
      turnsOf(LINES).map(({ lines }) => lines.length),
      [2, 1, 1],
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1000), fc.constantFrom(1, 2, null))), (said) => {
        const lines = said.map(([at, speaker]) => line(at, speaker, 'x')).sort((a, b) => a.startedAt - b.startedAt);
        assert.deepEqual(
          turnsOf(lines).flatMap((turn) => turn.lines),
          lines,
        );
      }),
    );
  });

  it('has a name that file systems and people accept', () => {
    assert.equal(fileStem(CONVERSATION, '2026-07-03'), '2026-07-03-creme-brulee-twice');
    assert.equal(fileStem({ ...CONVERSATION, title: 'चाय की दुकान' }, 'd'), 'd-चाय-की-दुकान');
    assert.equal(fileStem({ ...CONVERSATION, title: 'がんばって' }, 'd'), 'd-がんばって');
    assert.equal(fileStem({ ...CONVERSATION, title: 'الغداء مع آدا' }, 'd'), 'd-الغداء-مع-آدا');
    const long = fileStem({ ...CONVERSATION, title: '👩‍👩‍👧'.repeat(3) + 'กำลัง'.repeat(60) }, 'd');
    assert(new TextEncoder().encode(long).length <= 152 && !long.includes('\ufffd'));
    assert.equal(fileStem({ ...CONVERSATION, title: null }, '2026-07-03'), '2026-07-03-conversation');
    assert.equal(fileStem({ ...CONVERSATION, title: '../…?' }, '2026-07-03'), '2026-07-03');
  });
});
