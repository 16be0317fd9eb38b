/** Exported conversations can be imported elsewhere without loss: transcripts and corrections. */
import assert from 'node:assert/strict';
import type { ExportedConversation } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { editConversation, undoEdit } from '../../src/conversations/editing.ts';
import type { Correction } from '../../src/conversations/editing.ts';
import { codeOf } from '../support/errors.ts';
import { CAPTURED_AT } from '../support/recordings.ts';
import { RedatingWorld } from '../support/redating.ts';
import { importAll, exportAll } from '../support/exportImport.ts';

const AT = CAPTURED_AT * 1000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** A sentence of words that take half a second each. */
const said = (atMs: number, text: string, voice: number, language = 'en') => {
  const words = text.split(' ').map((word, i) => [word, i * 500, i * 500 + 400] as const);
  const of = { voice, language, confidence: 0.875, recording_id: 'recording-1', recording_started_at: iso(AT) };
  return {
    started_at: iso(atMs),
    ended_at: iso(atMs + words.length * 500 - 100),
    ...{ text, words, ...of, transcriber: 'deepgram/nova-3' },
  };
};

const talk = (segments: readonly ReturnType<typeof said>[]): ExportedConversation => ({
  device_id: 'omi',
  started_at: segments[0]!.started_at,
  finished_at: segments.at(-1)!.ended_at,
  segments,
});

/** Two voices, two languages, a word in another language, and a pause after which a second conversation begins. */
const MORNING = talk([
  said(AT, 'Good morning, harbour master.', 5000),
  said(AT + 3000, 'Guten Morgen, Ada.', 6000, 'de'),
  {
    ...said(AT + 6000, 'Ships sail à bientôt tonight.', 5000),
    words: [
      ['Ships', 0, 400],
      ['sail', 500, 900],
      ['à', 1000, 1100, 'fr'],
      ['bientôt', 1100, 1900, 'fr'],
      ['tonight.', 2000, 2400],
    ],
  } as ReturnType<typeof said>,
]);
const LATER = talk([said(AT + 3600_000, 'Back again, are we?', 6000)]);

describe('An exported conversation', () => {
  let world: RedatingWorld;
  const closing = closeAfterAll();
  before(() => {
    world = closing(new RedatingWorld());
  });
  beforeEach(() => {
    world.becomeSomebodyElse();
  });

  async function correct(atMs: number, correction: Correction): Promise<string> {
    const id = (await world.conversations()).find(
      ({ state, startedAt, finishedAt }) =>
        state === 'live' && startedAt.toMillis() <= atMs && finishedAt.toMillis() >= atMs,
    )!.id;
    return (await editConversation({ uid: world.uid, conversationId: id, editId: null, correction }, world.deps))
      .editId;
  }
  const place = (startMs: number, endMs: number) => ({ recordingId: 'recording-1', startMs, endMs });

  /** Makes every kind of correction in both conversations. */
  async function correctAll(): Promise<void> {
    await correct(AT, { kind: 'title', title: 'Harbour' });
    await correct(AT, { kind: 'star', starred: true });
    await correct(AT, { kind: 'tag', tag: 'sea', tagged: true });
    await correct(AT, { kind: 'text', text: 'Good evening, Ada.', ...place(AT, AT + 4500) }); // Over two sentences.
    await correct(AT, { kind: 'speaker', name: 'Bob', scope: 'conversation', ...place(AT + 6000, AT + 6400) });
    await correct(AT, { kind: 'speaker', name: 'Ada', scope: 'everywhere', ...place(AT + 3000, AT + 3400) });
    await undoEdit(world.uid, await correct(AT, { kind: 'tag', tag: 'mistake', tagged: true }), world.deps);
    await correct(AT, { kind: 'split', atMs: AT + 6000 });
    await correct(AT + 6000, { kind: 'title', title: 'Ships' });
    const later = (await world.conversations()).find(({ startedAt }) => startedAt.toMillis() === AT + 3600_000)!;
    await correct(AT + 6000, { kind: 'merge', withId: later.id });
  }

  /** A conversation without its ids, which differ between accounts, and without the place where a voice was named everywhere. */
  const comparable = (taken: readonly ExportedConversation[]): unknown =>
    taken.map(({ conversation_id: _id, edits = [], ...rest }) => ({
      ...rest,
      edits: edits?.map((edit) => {
        const isEverywhere = edit.change.kind === 'speaker' && edit.change.scope === 'everywhere';
        return isEverywhere ? { ...edit, from: null, to: null } : edit;
      }),
    }));

  it('is the same after it is imported into another account, with its corrections', async () => {
    await importAll(world, [MORNING, LATER]);
    await correctAll();
    const taken = await exportAll(world);
    assert.equal(taken.length, 2, 'a split and a merge made two other conversations of the two');
    assert.deepEqual(
      taken.map(({ title, tags }) => [title, tags]),
      [
        ['Harbour', ['sea']],
        ['Ships', []],
      ],
    );
    world.becomeSomebodyElse();
    const views = await importAll(world, taken.toReversed()); // The latest first: see docs/api.md.
    assert.deepEqual(
      views.map(({ refused_edits }) => refused_edits),
      [0, 0],
    );
    assert.deepEqual(comparable(await exportAll(world)), comparable(taken));
    const [first] = await world.segments();
    assert.equal(first!.transcriber, 'deepgram/nova-3');
  });

  it('adds nothing to the account that it came from, nor when it is imported twice', async () => {
    await importAll(world, [MORNING, LATER]);
    await correctAll();
    const taken = await exportAll(world);
    for (let time = 0; time < 2; time++) {
      const views = await importAll(world, taken.toReversed());
      assert.deepEqual(
        views.map(({ new_words }) => new_words),
        [0, 0],
      );
      assert.deepEqual(await exportAll(world), taken);
    }
  });

  it('changes no correction that its user made or undid since the export', async () => {
    await importAll(world, [MORNING]);
    const star = await correct(AT, { kind: 'star', starred: true });
    await correct(AT, { kind: 'title', title: 'Before' });
    const taken = await exportAll(world);
    await correct(AT, { kind: 'title', title: 'Since' });
    await undoEdit(world.uid, star, world.deps);
    await importAll(world, taken);
    const [now] = await exportAll(world);
    assert.deepEqual([now!.title, now!.starred], ['Since', false]);
  });

  it('does not overwrite a correction that is later than its own', async () => {
    await importAll(world, [MORNING]);
    await correct(AT, { kind: 'title', title: 'Since' });
    const place = { recording_id: 'recording-1', from: iso(AT), to: iso(AT + 400) };
    const change = { kind: 'title', title: 'Elsewhere, before' } as const;
    await importAll(world, [
      { ...MORNING, edits: [{ edit_id: 'e'.repeat(16), edited_at: iso(AT), ...place, change }] },
    ]);
    const [now] = await exportAll(world);
    assert.deepEqual([now!.title, now!.edits!.length], ['Since', 2]);
  });

  it('reads as corrected where two voices speak at once, before the export and after the import', async () => {
    const call = talk([said(AT, 'I went to the shop today.', 5000), said(AT + 1000, 'Yes, yes.', 6000)]);
    const read = async () => {
      const words = (await exportAll(world))[0]!.segments.map(({ voice, text, corrected_text: now = text }) => [
        voice,
        now,
      ]);
      return [5000, 6000].map((one) => words.flatMap(([voice, text]) => (voice === one ? text : [])).join(' '));
    };
    await importAll(world, [call]);
    const place = { recordingId: 'recording-1', startMs: AT + 1000, endMs: AT + 1400, voice: 6000 };
    await correct(AT, { kind: 'text', text: 'Yes!', ...place });
    await correct(AT, { kind: 'speaker', name: 'Ada', scope: 'conversation', ...place });
    await correct(AT, { kind: 'text', text: 'into', ...place, voice: 5000 });
    assert.deepEqual(await read(), ['I went into the shop today.', 'Yes! yes.']);
    const taken = await exportAll(world);
    for (const { voice, speaker_name: name } of taken[0]!.segments)
      assert.equal(name, voice === 6000 ? 'Ada' : undefined);
    assert.equal(await codeOf(correct(AT, { kind: 'text', text: 'x', ...place, voice: 7000 })), 'speech_not_found');
    world.becomeSomebodyElse();
    await importAll(world, taken);
    assert.deepEqual(await read(), ['I went into the shop today.', 'Yes! yes.']);
  });

  it('keeps the title and overview that were derived elsewhere', async () => {
    await importAll(world, [{ ...MORNING, derived_title: 'A harbour', overview: 'Ada greets.', edits: [] }]);
    const [taken] = await exportAll(world);
    assert.deepEqual([taken!.derived_title, taken!.overview], ['A harbour', 'Ada greets.']);
  });

  it('can be imported again after an import that stopped between the words and the corrections', async () => {
    await importAll(world, [MORNING, LATER]);
    await correctAll();
    const taken = await exportAll(world);
    world.becomeSomebodyElse();
    const ships = taken.at(-1)!;
    await importAll(world, [{ ...ships, edits: [] }]);
    await importAll(world, taken.toReversed());
    const titles = (await exportAll(world)).map(({ title }) => title);
    assert.deepEqual(titles, ['Harbour', 'Ships']);
  });

  it('is imported with the corrections that are possible, and the number of the others is reported', async () => {
    const edit = (id: string, recording: string) => ({
      ...{ edit_id: id.repeat(16), edited_at: iso(AT), recording_id: recording, from: iso(AT), to: iso(AT + 400) },
      change: { kind: 'text', text: 'Bad' } as const,
    });
    const [view] = await importAll(world, [{ ...MORNING, edits: [edit('a', 'unknown'), edit('b', 'recording-1')] }]);
    assert.equal(view!.refused_edits, 1);
    const [taken] = await exportAll(world);
    assert.equal(taken!.segments[0]!.corrected_text, 'Bad morning, harbour master.');
  });
});
