/** Random cases. They shrink towards few words, one recording, one job and no events at the same time. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { editPlans } from './edits.ts';
import type { EditPlan } from './edits.ts';
import { SHORTEST_PAUSE_MS, show } from './model.ts';
import type { JobPlan, Moment, Plan, RecordingPlan, SpokenWord } from './model.ts';

export interface Disturbances {
  /** Whether there are also edits, deletions, targets, dying workers, refusals, and jobs that are cancelled and sent again. */
  readonly disturbed: boolean;
}

/** Silence before an utterance, milliseconds: within a paragraph, a run and a conversation, and near the gap. */
const PAUSES_MS = [300, 1500, 5000, 60_000, 119_000, 121_000, 400_000];
const EXACT_PAUSES_MS = [119_990, 120_000, 120_010];

/** The longest silence that is recorded; in longer silence the device stops. */
const RECORDED_PAUSE_MS = 5000;
const MARGIN_MS = 250;

/** Chunks as long as in production, where a case is one chunk; and the most that padding and frames add to a region. */
const LONG_CHUNK_MS = 600_000;
const CHUNK_MARGIN_MS = 2000;

/** A pause that ends every region. */
const REGION_PAUSE_MS = 1500;

/** Few texts, because only equal words could be confused. */
const TEXTS = ['no', 'yes', 'well', 'Tuesday', 'harbour', 'letter'];
const LANGUAGES = ['en', 'de'];

interface Utterance {
  readonly pauseMs: number;
  readonly words: readonly {
    readonly lengthMs: number;
    readonly pauseMs: number;
    readonly text: string;
    readonly language: string;
    /** The share of the word before the only place where a recording may cut it; so one side always has most of the word. */
    readonly cutShare: number;
  }[];
}

const tens = (min: number, max: number): Arbitrary<number> =>
  fc.integer({ min: min / 10, max: max / 10 }).map((n) => n * 10);

function utterance(pauses: readonly number[]): Arbitrary<Utterance> {
  const word = fc.record({
    lengthMs: tens(200, 400),
    pauseMs: tens(SHORTEST_PAUSE_MS, 300),
    text: fc.constantFrom(...TEXTS),
    language: fc.constantFrom(...LANGUAGES),
    cutShare: fc.constantFrom(0.3, 0.7),
  });
  return fc.record({ pauseMs: fc.constantFrom(...pauses), words: fc.array(word, { minLength: 1, maxLength: 4 }) });
}

/** Places where a device may end or begin a recording: pauses, and places within words that are between others. */
type Stretch = readonly number[];

interface Speech {
  readonly words: readonly Omit<SpokenWord, 'id'>[];
  readonly stretches: readonly Stretch[];
}

/** Places utterances on the time axis, and finds where recordings may be cut. */
function speak(device: string, utterances: readonly Utterance[]): Speech {
  const words: Omit<SpokenWord, 'id'>[] = [];
  const stretches: number[][] = [];
  let now = 0;
  for (const { pauseMs, words: spoken } of utterances) {
    if (stretches.length === 0 || pauseMs > RECORDED_PAUSE_MS) {
      stretches.at(-1)?.push(now + MARGIN_MS);
      now += pauseMs;
      stretches.push([now - MARGIN_MS]);
    } else {
      stretches.at(-1)!.push(now + 100);
      now += pauseMs;
    }
    for (const [i, { lengthMs, pauseMs: before, text, language, cutShare }] of spoken.entries()) {
      if (i > 0) {
        stretches.at(-1)!.push(now + 30);
        now += before;
      }
      const isInner = i > 0 && i < spoken.length - 1;
      if (isInner) stretches.at(-1)!.push(now + Math.round((cutShare * lengthMs) / 10) * 10);
      words.push({ device, text, language, startMs: now, endMs: now + lengthMs });
      now += lengthMs;
    }
  }
  stretches.at(-1)?.push(now + MARGIN_MS);
  return { words, stretches };
}

interface Cut {
  readonly at: number;
  /** How many places before the cut the next recording begins, so that both overlap. */
  readonly back: number;
}

/** Cuts a stretch into recordings that contain all of it. */
function cutUp(device: string, stretch: Stretch, cuts: readonly Cut[]): RecordingPlan[] {
  const last = stretch.length - 1;
  const backs = new Map(cuts.map(({ at, back }) => [1 + (at % Math.max(1, last - 1)), back]));
  const places = [...backs.keys()].filter((place) => place < last).sort((a, b) => a - b);
  const starts = [0, ...places.map((place) => Math.max(0, place - (backs.get(place) ?? 0)))];
  return [...places, last].map((end, i) => ({ device, startMs: stretch[starts[i]!]!, endMs: stretch[end]! }));
}

export function plans({ disturbed }: Disturbances): Arbitrary<Plan> {
  const pauses = disturbed ? PAUSES_MS : [...PAUSES_MS, ...EXACT_PAUSES_MS];
  const often = <T>(value: T, rarely: Arbitrary<T>): Arbitrary<T> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rarely });
  const maybe = (arbitrary: Arbitrary<number>): Arbitrary<number | null> =>
    disturbed ? often<number | null>(null, arbitrary) : fc.constant(null);
  const edits: Arbitrary<EditPlan[]> = disturbed
    ? often<EditPlan[]>([], fc.array(editPlans(fc.nat(30)), { maxLength: 3 }))
    : fc.constant([]);
  const cut = fc.record({ at: fc.nat(30), back: often(0, fc.integer({ min: 1, max: 3 })) });
  return fc
    .record({
      speech: fc.array(fc.array(utterance(pauses), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 2 }),
      cuts: fc.array(cut, { maxLength: 4 }),
      // Additional recordings: the same audio again, in whole or in part.
      extras: fc.array(fc.record({ stretch: fc.nat(9), from: fc.nat(30), to: fc.nat(30) }), { maxLength: 2 }),
      jobOf: fc.array(fc.nat(3), { minLength: 16, maxLength: 16 }),
      offsets: fc.array(often(0, fc.constantFrom(-7_200_000, 1234)), { minLength: 4, maxLength: 4 }),
      targets: fc.array(maybe(fc.nat(30)), { minLength: 4, maxLength: 4 }),
      hasShortChunks: fc.boolean(),
      moments: fc.array(
        fc.record({
          deliveries: fc.array(fc.record({ job: fc.nat(3), diesAt: maybe(fc.nat(30)), refusedAt: maybe(fc.nat(2)) }), {
            maxLength: 4,
          }),
          deletes: maybe(fc.nat(30)),
          deletionDies: fc.boolean(),
          cancels: maybe(fc.nat(3)),
          recuts: fc.boolean(),
          edits,
        }),
        { maxLength: 4 },
      ),
    })
    .map(({ speech, cuts, extras, jobOf, offsets, targets, hasShortChunks, moments }) => {
      const devices = speech.map((utterances, i) => ({
        device: ['omi', 'phone'][i]!,
        ...speak(['omi', 'phone'][i]!, utterances),
      }));
      const words = devices.flatMap((each) => each.words).map((word, i) => ({ ...word, id: i + 1 }));
      const stretches = devices.flatMap(({ device, stretches: own }) => own.map((stretch) => ({ device, stretch })));
      const recordings = stretches.flatMap(({ device, stretch }) => cutUp(device, stretch, cuts));
      const repeats = extras.flatMap(({ stretch: index, from, to }) => {
        const { device, stretch } = stretches[index % stretches.length]!;
        const [first, last] = [from % stretch.length, to % stretch.length].sort((a, b) => a - b) as [number, number];
        return first === last ? [] : [{ device, startMs: stretch[first]!, endMs: stretch[last]! }];
      });
      const jobs = toJobs([...recordings, ...repeats], jobOf).map((own, i): JobPlan => ({
        recordings: own,
        clockOffsetMs: offsets[i] ?? 0,
        target: wordOf(targets[i] ?? null, words),
      }));
      return withText({
        words,
        jobs,
        maxChunkMs: hasShortChunks ? longestRegionMs(words) + CHUNK_MARGIN_MS : LONG_CHUNK_MS,
        moments: moments.map((moment): Moment => ({
          ...moment,
          deliveries: moment.deliveries.map((delivery) => ({ ...delivery, job: delivery.job % jobs.length })),
          deletes: wordOf(moment.deletes, words),
          cancels: moment.cancels === null ? null : moment.cancels % jobs.length,
          edits: moment.edits.map((edit) => ofWords(edit, words)),
        })),
      });
    });
}

function longestRegionMs(words: readonly SpokenWord[]): number {
  let [longest, startMs] = [0, 0];
  for (const [i, word] of words.entries()) {
    const previous = words[i - 1];
    const goesOn = previous?.device === word.device && word.startMs - previous.endMs < REGION_PAUSE_MS;
    if (!goesOn) startMs = word.startMs;
    longest = Math.max(longest, word.endMs - startMs);
  }
  return longest;
}

function wordOf(pick: number | null, words: readonly SpokenWord[]): number | null {
  return pick === null ? null : (words[pick % words.length]?.id ?? null);
}

/** The same edit, of words that exist in the case. */
function ofWords(edit: EditPlan, words: readonly SpokenWord[]): EditPlan {
  if (edit.kind === 'undo') return edit;
  const word = wordOf(edit.word, words) ?? 0;
  return edit.kind === 'merge' ? { ...edit, word, other: wordOf(edit.other, words) ?? 0 } : { ...edit, word };
}

/** Distributes recordings over jobs. A job must not have two recordings of one name, which consists of device and start. */
function toJobs(recordings: readonly RecordingPlan[], jobOf: readonly number[]): RecordingPlan[][] {
  const jobs = new Map<number, RecordingPlan[]>();
  for (const [i, recording] of recordings.entries()) {
    const fits = (job: number): boolean =>
      !(jobs.get(job) ?? []).some(
        ({ device, startMs }) => device === recording.device && startMs === recording.startMs,
      );
    const wish = jobOf[i % jobOf.length]!;
    const job = [wish, 0, 1, 2, 3].find(fits);
    if (job !== undefined) jobs.set(job, [...(jobs.get(job) ?? []), recording]);
  }
  return [...jobs].sort(([a], [b]) => a - b).map(([, own]) => own);
}

/** Adds the text that fast-check prints. */
function withText(plan: Plan): Plan {
  return Object.defineProperty({ ...plan }, fc.toStringMethod, { value: () => show(plan), enumerable: false });
}
