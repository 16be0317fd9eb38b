/** Checks what must hold after every case. */
import { isDeepStrictEqual } from 'node:util';
import { speakerNumbers } from 'offline-audio-sync-client';
import { startDeepgramStandIn } from '../../../dev/deepgram/server.ts';
import type { StandIn } from '../../../dev/deepgram/server.ts';
import type { LogEntry } from '../../../dev/deepgram/protocol.ts';
import type { Conversation, Segment } from '../../src/conversations/conversation.ts';
import { checkUser } from '../invariants/check.ts';
import { everyWordOnce, noStoredChunkAskedAgain, successfulRequestsBounded } from '../invariants/requests.ts';
import type { SpokenWord } from '../invariants/requests.ts';
import type { UserData } from '../invariants/userData.ts';
import { GAP_MS } from './deps.ts';
import { sampleNamed } from './samples.ts';
import { World } from './world.ts';

export interface Evidence {
  /** Scenarios whose jobs must have been completed. One that was sent several times counts once. */
  readonly scenarios: readonly string[];
  readonly log: readonly LogEntry[];
  /** Ids of requests that may have been paid for without becoming a chunk. */
  readonly excused: ReadonlySet<string>;
  /** Whether recordings were sent again in other files, so that their segments end elsewhere. */
  readonly isRecut: boolean;
  /** Whether neighbouring recordings were transcribed separately, so that a word across their border ends or begins there. */
  readonly isDivided: boolean;
}

/** How far a divided word may be from its place, milliseconds. */
const LONGEST_WORD_MS = 1000;

/** @returns a sentence for each thing that is wrong. */
export async function judge(world: World, evidence: Evidence, undisturbed: Undisturbed): Promise<string[]> {
  const data = await world.load();
  const { isRecut, isDivided } = evidence;
  const scenarios = [...new Set(evidence.scenarios)];
  const words = scenarios.flatMap(wordsOf);
  const violations = checkUser(data, { nowMs: world.nowMs(), gapMs: GAP_MS, graceMs: 0 });
  return [
    ...violations.map(({ invariant, complaint }) => `${invariant}: ${complaint}`),
    ...named('everyWordOnce', everyWordOnce(data, words, ...(isDivided ? [LONGEST_WORD_MS] : []))),
    ...named('noStoredChunkAskedAgain', noStoredChunkAskedAgain(data, evidence.log, evidence.excused)),
    ...named('successfulRequestsBounded', successfulRequestsBounded(data, evidence.log, evidence.excused.size)),
    ...(isRecut || isDivided ? [] : named('sameAsUndisturbed', await undisturbed.differences(data, scenarios))),
  ];
}

function named(invariant: string, complaints: readonly string[]): string[] {
  return complaints.map((complaint) => `${invariant}: ${complaint}`);
}

function wordsOf(scenario: string): SpokenWord[] {
  const { deviceId, words } = sampleNamed(scenario);
  return words.map(({ text, startMs, endMs }) => ({ deviceId, text, startMs, endMs }));
}

/** A user's conversations and transcript, each as JSON, without the ids that differ from run to run. */
interface Result {
  readonly conversations: readonly string[];
  readonly segments: readonly string[];
  /** Who speaks when in each conversation. */
  readonly voices: readonly string[];
}

function resultOf({ conversations, segments }: UserData): Result {
  const live = [...conversations.values()].filter(({ state }) => state === 'live');
  return {
    conversations: live
      .map(({ deviceId, startedAt, finishedAt, language, segmentCount, speechSeconds }) =>
        JSON.stringify([
          deviceId,
          startedAt.toMillis(),
          finishedAt.toMillis(),
          language,
          segmentCount,
          speechSeconds.toFixed(3),
        ]),
      )
      .sort(),
    segments: [...segments.values()]
      .map(({ deviceId, startedAt, endedAt, text, language }) =>
        JSON.stringify([deviceId, startedAt.toMillis(), endedAt.toMillis(), text, language]),
      )
      .sort(),
    voices: live.flatMap((conversation) => voicesIn(conversation, [...segments.values()])).sort(),
  };
}

/** Voices have the numbers that people see: the stored ones are derived from the ids of chunks, which differ from user to user. */
function voicesIn({ deviceId, startedAt, finishedAt }: Conversation, segments: readonly Segment[]): string[] {
  const mine = segments
    .filter((each) => each.deviceId === deviceId && each.startedAt >= startedAt && each.startedAt <= finishedAt)
    .sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis() || a.endedAt.toMillis() - b.endedAt.toMillis());
  const numbers = speakerNumbers(mine);
  return mine.map((segment, i) => JSON.stringify([deviceId, segment.startedAt.toMillis(), segment.text, numbers[i]]));
}

/** The results of samples that are processed without a disturbance, each in a separate job. They are computed on first use. */
export class Undisturbed {
  readonly #standIn: StandIn;
  readonly #results = new Map<string, Promise<Result>>();

  private constructor(standIn: StandIn) {
    this.#standIn = standIn;
  }

  static async start(): Promise<Undisturbed> {
    return new Undisturbed(await startDeepgramStandIn({ quiet: true }));
  }

  close(): Promise<void> {
    return this.#standIn.close();
  }

  async differences(data: UserData, scenarios: readonly string[]): Promise<string[]> {
    const results = await Promise.all(scenarios.map((scenario) => this.#resultOf(scenario)));
    const actual = resultOf(data);
    return (['conversations', 'segments', 'voices'] as const).flatMap((what) => {
      const expected = results.flatMap((result) => result[what]).sort();
      if (isDeepStrictEqual(actual[what], expected)) return [];
      const missing = expected.filter((each) => !actual[what].includes(each)).length;
      const besides = actual[what].filter((each) => !expected.includes(each)).length;
      return [`${what}: ${missing} of ${expected.length} are missing, and there are ${besides} others`];
    });
  }

  #resultOf(scenario: string): Promise<Result> {
    const known = this.#results.get(scenario);
    if (known !== undefined) return known;
    const result = this.#run(scenario);
    this.#results.set(scenario, result);
    return result;
  }

  async #run(scenario: string): Promise<Result> {
    const world = new World('undisturbed', this.#standIn.url);
    try {
      await world.accept([scenario]);
      await world.drain();
      return resultOf(await world.load());
    } finally {
      await world.close();
    }
  }
}
