/** Splits, merges, undos, moves, deletions, arrivals, exports and imports in any mixture, checked against a model of a few lines. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ExportedConversation } from 'offline-audio-sync-contract';
import { editConversation, undoEdit } from '../../src/conversations/editing.ts';
import { AppError } from '../../src/errors.ts';
import { assertSound } from '../support/checks.ts';
import { RedatingWorld } from '../support/redating.ts';
import { DAY_MS, GAP_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';
import { importAll, exportAll } from '../support/exportImport.ts';

const RECORDINGS = 4;
const WORDS = 4;
const LENGTH_MS = 20_000;
/** The distance of places: neighbours are in one conversation, and the next but one is in another. */
const STEP_MS = 90_000;

/** The words of each recording, with times from its start. */
const SAID: readonly (readonly SpokenWord[])[] = Array.from({ length: RECORDINGS }, (_, recording) =>
  Array.from({ length: WORDS }, (__, i) => ({
    id: recording * 10 + i + 1,
    device: 'omi',
    text: `r${recording}w${i}`,
    language: 'en',
    // The last two are one sentence.
    startMs: 1000 + Math.min(i, 2) * 4000 + (i === 3 ? 700 : 0) + recording * 300,
    endMs: 1500 + Math.min(i, 2) * 4000 + (i === 3 ? 700 : 0) + recording * 300,
  })),
);

interface WordRef {
  readonly recording: number;
  readonly word: number;
}

type Step =
  | { readonly kind: 'upload'; readonly recording: number; readonly place: number; readonly isLate: boolean }
  | { readonly kind: 'redate'; readonly recording: number; readonly by: number }
  | { readonly kind: 'delete'; readonly recording: number }
  | { readonly kind: 'split'; readonly at: WordRef }
  | { readonly kind: 'merge'; readonly recording: number; readonly other: number }
  | { readonly kind: 'undo'; readonly edit: number }
  | { readonly kind: 'export' }
  | { readonly kind: 'importAll' };

const recording = fc.nat(RECORDINGS - 1);
const of = <Kind extends Step['kind'], Rest extends object>(weight: number, kind: Kind, rest: fc.Arbitrary<Rest>) => ({
  weight,
  arbitrary: rest.map((fields) => ({ kind, ...fields })),
});
const steps = fc.array(
  fc.oneof(
    of(4, 'upload', fc.record({ recording, place: fc.nat(7), isLate: fc.boolean() })),
    of(3, 'split', fc.record({ at: fc.record({ recording, word: fc.nat(WORDS - 1) }) })),
    of(3, 'merge', fc.record({ recording, other: recording })),
    of(2, 'undo', fc.record({ edit: fc.nat(5) })),
    of(1, 'redate', fc.record({ recording, by: fc.integer({ min: -5, max: 5 }) })),
    of(1, 'delete', fc.record({ recording })),
    of(1, 'export', fc.constant({})),
    of(2, 'importAll', fc.constant({})),
  ),
  { minLength: 4, maxLength: 12 },
) as fc.Arbitrary<Step[]>;

interface ModelEdit {
  readonly id: string;
  readonly from: WordRef;
  /** Where a merge ends; null for other edits. */
  readonly until: WordRef | null;
}

/** The model: where each recording lies, what was deleted, and which edits are in effect, in the order in which they were made. */
class Model {
  readonly places = new Map<number, number>();
  readonly deleted = new Set<number>();
  edits: ModelEdit[] = [];
  /** All edits that were made, which may be undone. */
  readonly made: string[] = [];

  at({ recording: each, word }: WordRef): number {
    return DAY_MS + this.places.get(each)! * STEP_MS + SAID[each]![word]!.startMs;
  }

  words(
    heard: (recording: number) => boolean,
  ): { readonly ref: WordRef; readonly text: string; readonly atMs: number }[] {
    return [...this.places.keys()]
      .filter((each) => !this.deleted.has(each) && heard(each))
      .flatMap((each) => SAID[each]!.map(({ text }, word) => ({ text, ref: { recording: each, word } })))
      .map((word) => ({ ...word, atMs: this.at(word.ref) }))
      .sort((a, b) => a.atMs - b.atMs || (a.text < b.text ? -1 : 1));
  }

  conversations(heard: (recording: number) => boolean): string[][] {
    const cuts = new Set<number>();
    const merges: [number, number][] = [];
    for (const { from, until } of this.edits) {
      if (until === null) cuts.add(this.at(from));
      else {
        const [a, b] = [this.at(from), this.at(until)];
        if (a >= b) continue;
        merges.push([a, b]);
        for (const cut of cuts) if (cut > a && cut <= b) cuts.delete(cut);
      }
    }
    const conversations: string[][] = [];
    let before: { readonly atMs: number } | null = null;
    for (const word of this.words(heard)) {
      const previous: number = before?.atMs ?? -Infinity;
      const isCut = [...cuts].some((cut) => cut > previous && cut <= word.atMs);
      const isNear = word.atMs - (previous + 500) < GAP_MS;
      const isMerged = merges.some(([a, b]) => a <= previous && word.atMs <= b);
      if (before !== null && !isCut && (isNear || isMerged)) conversations.at(-1)!.push(word.text);
      else conversations.push([word.text]);
      before = word;
    }
    return conversations;
  }
}

interface Case {
  readonly world: RedatingWorld;
  readonly model: Model;
  readonly jobs: Map<number, string>;
  /** Where something was deleted. In these cases nothing is moved there. */
  readonly deletedPlaces: Set<number>;
  /** Recordings of jobs that are not delivered yet. */
  readonly late: Map<number, string>;
  /** The last export; null if there is none. */
  taken: ExportedConversation[] | null;
}

describe('conversations that are split and merged in any mixture with arrivals, dates and deletions', () => {
  it('are those that follow from the speech and the edits in effect, and no word is lost', async function () {
    this.timeout(600_000);
    const world = new RedatingWorld(exactSpeech(SAID.flat()));
    const run = async (plan: readonly Step[]): Promise<void> => {
      world.becomeSomebodyElse();
      const scene: Case = {
        world,
        model: new Model(),
        jobs: new Map(),
        deletedPlaces: new Set(),
        late: new Map(),
        taken: null,
      };
      for (const step of plan) {
        await happen(step, scene);
        await compare(scene);
      }
      for (const jobId of new Set(scene.late.values())) await world.deliver(jobId);
      scene.late.clear();
      await compare(scene);
      await assertSound(world);
      await moveIn(scene);
    };
    try {
      await fc.assert(fc.asyncProperty(steps, run), {
        numRuns: Number(process.env['EDIT_RUNS'] ?? 8),
        plugins: [fc.interruptAfterTimeLimit(400_000)],
      });
    } finally {
      await world.close();
    }
  });
});

/** Imports everything into another account, which then gets the recordings as well: all is the same, and nothing is doubled. */
async function moveIn(scene: Case): Promise<void> {
  const { world, model } = scene;
  const taken = await exportAll(world);
  world.becomeSomebodyElse();
  if (taken.length > 0) await importAll(world, taken.toReversed());
  await compare(scene);
  for (const [each, place] of model.places) {
    if (model.deleted.has(each)) continue;
    await world.deliver(await world.accept([{ filename: name(place), bytes: bytesOf(each) }]));
  }
  await compare(scene);
  await assertSound(world);
}

async function compare({ world, model, late }: Case): Promise<void> {
  const live = (await world.conversations())
    .filter(({ state }) => state === 'live')
    .sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis());
  const spoken = await world.spoken();
  const stored = live.map(({ startedAt, finishedAt }) =>
    spoken
      .filter(({ startMs }) => startMs >= startedAt.toMillis() && startMs <= finishedAt.toMillis())
      .map(({ text }) => text),
  );
  assert.deepEqual(
    stored,
    model.conversations((each) => !late.has(each)),
  );
}

const bytesOf = (each: number): Buffer => record({ device: 'omi', startMs: 0, endMs: LENGTH_MS }, SAID[each]!);

const name = (place: number): string => `audio_omi_pcm16_16000_1_fs160_${DAY_MS + place * STEP_MS}.bin`;

async function happen(step: Step, scene: Case): Promise<void> {
  const { world, model, jobs, deletedPlaces, late } = scene;
  const isHeard = (each: number): boolean => model.places.has(each) && !model.deleted.has(each) && !late.has(each);
  const isTaken = (place: number): boolean =>
    deletedPlaces.has(place) || [...model.places.values()].some((taken) => taken === place);
  const editing = { ...world.deps, summaries: { refresh: () => Promise.resolve(0) } };
  switch (step.kind) {
    case 'upload': {
      if (model.places.has(step.recording) || isTaken(step.place)) return;
      const jobId = await world.accept([{ filename: name(step.place), bytes: bytesOf(step.recording) }]);
      model.places.set(step.recording, step.place);
      jobs.set(step.recording, jobId);
      if (step.isLate) late.set(step.recording, jobId);
      else await world.deliver(jobId);
      return;
    }
    case 'redate': {
      if (!isHeard(step.recording) || step.by === 0) return;
      const place = model.places.get(step.recording)! + step.by;
      if (isTaken(place)) return;
      await world.redate({ jobId: jobs.get(step.recording)!, offsetMs: step.by * STEP_MS });
      model.places.set(step.recording, place);
      scene.taken = null; // Its dates are from before the correction, so it would be imported there.
      return;
    }
    case 'delete': {
      if (!isHeard(step.recording) || late.size > 0) return;
      const doomed = (await liveAt(scene, { recording: step.recording, word: 0 }))!;
      const isIn = (ref: WordRef): boolean =>
        model.at(ref) >= doomed.startedAt.toMillis() && model.at(ref) <= doomed.finishedAt.toMillis();
      // A recording that a split divides is deleted in part: too much for a model of this size.
      const touched = [...model.places.keys()].filter((each) =>
        SAID[each]!.some((_, word) => isIn({ recording: each, word })),
      );
      if (touched.some((each) => !SAID[each]!.every((_, word) => isIn({ recording: each, word })))) return;
      await world.deps.conversations.delete(world.uid, doomed.id);
      model.edits = model.edits.filter(({ from }) => !isIn(from));
      for (const each of touched) {
        model.deleted.add(each);
        deletedPlaces.add(model.places.get(each)!);
      }
      return;
    }
    case 'split': {
      if (!isHeard(step.at.recording)) return;
      const { id } = (await liveAt(scene, step.at))!;
      const correction = { kind: 'split', atMs: model.at(step.at) } as const;
      const { editId } = await editConversation(
        { uid: world.uid, conversationId: id, editId: null, correction },
        editing,
      );
      model.edits.push({ id: editId, from: step.at, until: null });
      model.made.push(editId);
      return;
    }
    case 'merge': {
      if (!isHeard(step.recording) || !isHeard(step.other)) return;
      const [one, other] = await Promise.all(
        [step.recording, step.other].map((each) => liveAt(scene, { recording: each, word: 0 })),
      );
      if (one!.id === other!.id) return;
      const [earlier, later] = one!.startedAt < other!.startedAt ? [one!, other!] : [other!, one!];
      const words = model.words((each) => !late.has(each));
      const from = words.findLast(({ atMs }) => atMs <= earlier.finishedAt.toMillis())!.ref;
      const until = words.find(({ atMs }) => atMs >= later.startedAt.toMillis())!.ref;
      const correction = { kind: 'merge', withId: other!.id } as const;
      const request = { uid: world.uid, conversationId: one!.id, editId: null, correction };
      const { editId, conversationIds } = await editConversation(request, editing);
      assert.equal(conversationIds.length, 1);
      model.edits.push({ id: editId, from, until });
      model.made.push(editId);
      return;
    }
    case 'undo': {
      const editId = model.made[step.edit];
      if (editId === undefined) return;
      await undoEdit(world.uid, editId, editing).catch((error: unknown) => {
        // It was deleted with its conversation.
        assert.ok(error instanceof AppError && error.code === 'edit_not_found');
      });
      model.edits = model.edits.filter(({ id }) => id !== editId);
      return;
    }
    case 'export':
      scene.taken = await exportAll(world);
      return;
    case 'importAll': // What is there stays as it is, and what was deleted or undone since stays so.
      if (scene.taken !== null && scene.taken.length > 0) await importAll(world, scene.taken.toReversed());
  }
}

async function liveAt({ world, model }: Case, ref: WordRef) {
  const atMs = model.at(ref);
  return (await world.conversations()).find(
    ({ state, startedAt, finishedAt }) =>
      state === 'live' && startedAt.toMillis() <= atMs && finishedAt.toMillis() >= atMs,
  );
}
