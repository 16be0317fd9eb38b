import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Conversation } from '../../src/data/model.ts';
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
  startedAt: T0 + seconds * 1000,
  endedAt: T0 + seconds * 1000 + 1500,
  speaker,
  text,
});
const LINES = [line(0, 1, 'Hello.'), line(2, 1, 'Are you there?'), line(4, 2, 'Yes.'), line(3600.5, 2, 'Still.')];
const FORMATS = { day: () => 'DAY', clock: (ms: number) => new Date(ms).toISOString().slice(11, 16) };

/** A reader of SRT that is as strict as players are. */
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
  it('is SRT with times from its beginning and a name for each speaker', () => {
    assert.equal(toSrt(CONVERSATION, LINES.slice(0, 1)), '1\n00:00:00,000 --> 00:00:01,500\nSpeaker 1: Hello.\n');
    assert.match(toSrt(CONVERSATION, LINES), /4\n01:00:00,500 --> 01:00:02,000\nSpeaker 2: Still\.\n$/);
  });

  it('is SRT that can be read back, whatever was said and whenever', () => {
    const text = fc.stringMatching(/^[\w ,.\n\r-]{1,60}$/).filter((said) => said.trim() !== '');
    const lines = fc.array(
      fc.tuple(fc.nat(200_000_000), fc.nat(60_000), text).map(([at, long, said]): Line => {
        return { startedAt: T0 + at, endedAt: T0 + at + long, speaker: null, text: said };
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

  it('is WebVTT in which nothing that was said becomes markup, and each voice has its name', () => {
    const vtt = toVtt(CONVERSATION, [{ ...line(0, 1, 'a < b & c'), name: 'Ada <3' }, line(2, null, 'Yes.')]);
    assert.equal(
      vtt,
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n<v Ada &lt;3>a &lt; b &amp; c\n\n00:00:02.000 --> 00:00:03.500\nYes.\n',
    );
  });

  it('has what was heard beside what was corrected, and the names of speakers', () => {
    const corrected = { ...line(0, 1, 'Hello, Ada.'), heard: 'Hello either.', name: 'Bob' };
    const { segments } = JSON.parse(toJson(CONVERSATION, [corrected])) as { segments: object[] };
    const { text, corrected_text: shown, speaker_name: name } = segments[0] as Record<string, unknown>;
    assert.deepEqual([text, shown, name], ['Hello either.', 'Hello, Ada.', 'Bob']);
    assert.match(toMarkdown(CONVERSATION, [corrected], FORMATS), /\*\*Bob\*\* .*: Hello, Ada\./);
  });

  it('is Markdown in which nothing that was said becomes formatting', () => {
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
    const json = JSON.parse(toJson(CONVERSATION, LINES)) as Record<string, unknown>;
    assert.equal(json['conversation_id'], 'c1');
    assert.equal(json['started_at'], '2026-07-03T10:00:00.000Z');
    assert.deepEqual((json['segments'] as unknown[])[2], {
      started_at: '2026-07-03T10:00:04.000Z',
      ended_at: '2026-07-03T10:00:05.500Z',
      speaker: 2,
      text: 'Yes.',
    });
  });

  it('is text with one line a turn', () => {
    assert.equal(toText(LINES), 'Speaker 1: Hello. Are you there?\nSpeaker 2: Yes.\nSpeaker 2: Still.');
  });

  it('has turns that end with another speaker or a long pause, and lose no line', () => {
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

  it('has a name that file systems and people take', () => {
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
