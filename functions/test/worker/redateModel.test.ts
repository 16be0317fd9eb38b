/** Moves, repeats, deletions and arrivals in any mixture, checked against a model of ten lines. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { assertSound } from '../support/checks.ts';
import { RedatingWorld } from '../support/redating.ts';
import { DAY_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';

const RECORDINGS = 3;
const LENGTH_MS = 20_000;
/** The distance of places: some neighbours are in one conversation, others are not. */
const STEP_MS = 70_000;

/** The words of each recording, with times from its start. */
const SAID: readonly (readonly SpokenWord[])[] = Array.from({ length: RECORDINGS }, (_, recording) =>
  Array.from({ length: 4 }, (__, i) => ({
    id: recording * 10 + i + 1,
    device: 'omi',
    text: `r${recording}w${i}`,
    language: 'en',
    startMs: 1000 + i * 4000 + recording * 300,
    endMs: 1500 + i * 4000 + recording * 300,
  })),
);

type Step =
  | { readonly kind: 'upload'; readonly recording: number; readonly place: number; readonly isLate: boolean }
  | { readonly kind: 'redate'; readonly recording: number; readonly by: number }
  | { readonly kind: 'delete'; readonly recording: number };

const recording = fc.nat(RECORDINGS - 1);
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('upload' as const), recording, place: fc.nat(9), isLate: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('redate' as const), recording, by: fc.integer({ min: -9, max: 9 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), recording }) },
  ),
  { minLength: 2, maxLength: 8 },
);

/** The model: where each recording lies, the times under which it was sent, and what was deleted of it. */
class Model {
  readonly places = new Map<number, number>();
  readonly #times = new Map<number, Set<number>>();
  readonly deleted = new Set<number>();

  upload(recording: number, place: number): void {
    const times = this.#times.get(recording) ?? new Set();
    if (!times.has(place)) {
      this.places.set(recording, place);
      this.deleted.delete(recording);
    }
    this.#times.set(recording, times.add(place));
  }

  redate(recording: number, by: number): void {
    const place = this.places.get(recording)! + by;
    this.places.set(recording, place);
    this.#times.get(recording)!.add(place);
  }

  get words(): { text: string; startMs: number }[] {
    return [...this.places]
      .filter(([recording]) => !this.deleted.has(recording))
      .flatMap(([recording, place]) =>
        SAID[recording]!.map(({ text, startMs }) => ({ text, startMs: DAY_MS + place * STEP_MS + startMs })),
      )
      .sort((a, b) => a.startMs - b.startMs || (a.text < b.text ? -1 : 1));
  }
}

describe('dates that are corrected in any mixture with arrivals, repeats and deletions', () => {
  it('leave everything that was said where it belongs, once', async function () {
    this.timeout(600_000);
    const world = new RedatingWorld(exactSpeech(SAID.flat()));
    const run = async (plan: readonly Step[]): Promise<void> => {
      world.becomeSomebodyElse();
      const model = new Model();
      const deletedPlaces = new Set<number>();
      const late = new Set<string>();
      const jobs = new Map<number, string>();
      for (const step of plan) await happen(step, { world, model, jobs, deletedPlaces, late });
      for (const jobId of late) await world.deliver(jobId);
      const spoken = (await world.spoken()).map(({ text, startMs }) => ({ text, startMs }));
      assert.deepEqual(spoken, model.words);
      await assertSound(world);
    };
    try {
      await fc.assert(fc.asyncProperty(steps, run), { numRuns: 12, plugins: [fc.interruptAfterTimeLimit(400_000)] });
    } finally {
      await world.close();
    }
  });
});

interface Case {
  readonly world: RedatingWorld;
  readonly model: Model;
  /** The first job of each recording. */
  readonly jobs: Map<number, string>;
  /** Where something was deleted. Audio that arrives there is not transcribed, so in these cases nothing is sent there. */
  readonly deletedPlaces: Set<number>;
  /** Jobs that are not delivered yet. */
  readonly late: Set<string>;
}

const name = (place: number): string => `audio_omi_pcm16_16000_1_fs160_${DAY_MS + place * STEP_MS}.bin`;

async function happen(step: Step, { world, model, jobs, deletedPlaces, late }: Case): Promise<void> {
  const place = model.places.get(step.recording);
  switch (step.kind) {
    case 'upload': {
      // In this model, each name belongs to one recording.
      if (deletedPlaces.has(step.place) || (place !== undefined && late.size > 0)) return;
      const bytes = record({ device: 'omi', startMs: 0, endMs: LENGTH_MS }, SAID[step.recording]!);
      const jobId = await world.accept([{ filename: name(step.place), bytes }]);
      model.upload(step.recording, step.place);
      if (place === undefined) jobs.set(step.recording, jobId);
      if (step.isLate && place === undefined) late.add(jobId);
      else await world.deliver(jobId);
      return;
    }
    case 'redate': {
      if (place === undefined || step.by === 0 || deletedPlaces.has(place + step.by)) return;
      await world.redate({ jobId: jobs.get(step.recording)!, offsetMs: step.by * STEP_MS });
      model.redate(step.recording, step.by);
      return;
    }
    case 'delete': {
      if (place === undefined || late.size > 0 || model.deleted.has(step.recording)) return;
      const conversation = (await world.conversations()).find(
        ({ state, startedAt, finishedAt }) =>
          state === 'live' &&
          startedAt.toMillis() <= DAY_MS + place * STEP_MS + SAID[step.recording]![0]!.startMs &&
          finishedAt.toMillis() >= DAY_MS + place * STEP_MS + SAID[step.recording]![0]!.startMs,
      );
      await world.deps.conversations.delete(world.uid, conversation!.id);
      for (const [each, at] of model.places) {
        const start = DAY_MS + at * STEP_MS + SAID[each]![0]!.startMs;
        if (start < conversation!.startedAt.toMillis() || start > conversation!.finishedAt.toMillis()) continue;
        model.deleted.add(each);
        deletedPlaces.add(at);
      }
    }
  }
}
