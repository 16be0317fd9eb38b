/** Compares the result of a case with the expected one. */
import { isDeepStrictEqual } from 'node:util';
import type { Conversation, Segment } from '../../src/conversations/conversation.ts';
import { joinSegments } from '../../src/conversations/paragraphs.ts';
import { checkUser } from '../invariants/check.ts';
import type { UserData } from '../invariants/userData.ts';
import { boundariesIn, editsAreKept, Detection, inEffect, readsAsCorrected } from './edited.ts';
import { conversationsIn, DAY_MS, GAP_MS, toleranceMs } from './model.ts';
import type { JobPlan, Plan, SpokenWord } from './model.ts';
import { middleOf } from './world.ts';
import type { Outcome } from './world.ts';

/** The shortest pause that ends a paragraph. */
const PARAGRAPH_MS = 800;

/** @returns a sentence for each thing that is wrong. */
export function verdict(plan: Plan, outcome: Outcome): string[] {
  if (outcome.unfinished.length > 0) return [`never ended: ${outcome.unfinished.join(', ')}`];
  const deleted = new Set(plan.words.filter((word) => isDeleted(word, outcome)).map(({ id }) => id));
  const left = plan.words.filter(({ id }) => !deleted.has(id));
  const heard = new Detection(plan.words, outcome.data.segments.values());
  return [
    ...conversationsAreThose(plan, left, outcome.data, heard),
    ...deletionsAreRight(deleted, outcome),
    ...targetsLeadThere(left, outcome),
    ...editsAreKept(outcome.facts, outcome.data.edits, ({ deviceId, startedAt }) =>
      deleted.has(heard.at(deviceId, startedAt.toMillis())),
    ),
    ...checkUser(outcome.data, { nowMs: outcome.nowMs, gapMs: GAP_MS, graceMs: 600_000 }).map(
      ({ invariant, complaint }) => `${invariant}: ${complaint}`,
    ),
  ];
}

function conversationsAreThose(
  { jobs }: Plan,
  words: readonly SpokenWord[],
  data: UserData,
  heard: Detection,
): string[] {
  const live = [...data.conversations.values()]
    .filter(({ state }) => state === 'live')
    .sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis() || (a.deviceId < b.deviceId ? -1 : 1));
  const spoken = new Map(words.map((word) => [word.id, word]));
  const edits = inEffect(data.edits);
  const expected = conversationsIn(
    words.map((word) => asHeard(word, data)),
    boundariesIn(edits),
  )
    .map((conversation) => conversation.map(({ id }) => spoken.get(id)!))
    .sort((a, b) => a[0]!.startMs - b[0]!.startMs || (a[0]!.device < b[0]!.device ? -1 : 1));
  if (live.length !== expected.length) {
    const seen = live.map(({ deviceId, startedAt, finishedAt }) => `${deviceId} ${at(startedAt)}–${at(finishedAt)}`);
    return [`${expected.length} conversations expected, there are ${live.length}: ${seen.join(', ')}`];
  }
  return live.flatMap((conversation, i) => [
    ...isThat(conversation, expected[i]!, jobs, data),
    ...readsAsCorrected(
      { conversation, segments: transcript(conversation, data), words: expected[i]! },
      edits,
      heard,
    ).map((complaint) => `the conversation of #${expected[i]![0]!.id} ${complaint}`),
  ]);
}

/**
 * A word with its stored times; `isThat` compares these with the spoken ones. If a word was cut and its neighbour was deleted, the
 * silence before it may be slightly longer or shorter than the gap.
 */
function asHeard(word: SpokenWord, { segments }: UserData): SpokenWord {
  const heard = [...segments.values()]
    .filter(({ deviceId }) => deviceId === word.device)
    .flatMap((segment) => segment.words.map((each) => placed(segment, each)))
    .find(({ startMs, endMs }) => (startMs + endMs) / 2 > word.startMs && (startMs + endMs) / 2 < word.endMs);
  return heard === undefined ? word : { ...word, startMs: heard.startMs, endMs: heard.endMs };
}

function isThat(
  conversation: Conversation,
  words: readonly SpokenWord[],
  jobs: readonly JobPlan[],
  data: UserData,
): string[] {
  const name = `the conversation of #${words[0]!.id}`;
  const segments = transcript(conversation, data);
  const heard = segments.flatMap((segment) => segment.words.map((word) => placed(segment, word)));
  heard.sort((a, b) => a.startMs - b.startMs);
  const texts = heard.map(({ text }) => text).join(' ');
  const said = words.map(({ text }) => text).join(' ');
  if (texts !== said) return [`${name} says "${texts}", which should be "${said}"`];

  const tolerances = words.map((word) => toleranceMs(word, jobs));
  const tolerance = tolerances.reduce((sum, each) => sum + each, 0);
  const isNear = (actual: number, expected: number, within: number): boolean => Math.abs(actual - expected) <= within;
  const wrongTimes = heard.flatMap((word, i) => {
    const { id, startMs, endMs } = words[i]!;
    const within = tolerances[i]!;
    return isNear(word.startMs, startMs, within) && isNear(word.endMs, endMs, within)
      ? []
      : [`#${id} lies at ${word.startMs}–${word.endMs}, not ${startMs}–${endMs} ± ${within}`];
  });
  const paragraphs = joinSegments(segments).map(({ text }) => text);
  const spokenSeconds = words.reduce((sum, { startMs, endMs }) => sum + (endMs - startMs) / 1000, 0);
  const checks: readonly [boolean, string][] = [
    [isNear(at(conversation.startedAt), words[0]!.startMs, tolerances[0]!), `starts at ${at(conversation.startedAt)}`],
    [
      isNear(at(conversation.finishedAt), words.at(-1)!.endMs, tolerances.at(-1)!),
      `ends at ${at(conversation.finishedAt)}`,
    ],
    [conversation.wordCount === words.length, `counts ${conversation.wordCount} words`],
    [
      isNear(conversation.speechSeconds, spokenSeconds, tolerance / 1000 + 1e-6),
      `counts ${conversation.speechSeconds} s`,
    ],
    [conversation.language === language(words), `is in ${conversation.language}`],
    [isDeepStrictEqual(paragraphs, paragraphsOf(heard)), `reads ${JSON.stringify(paragraphs)}`],
  ];
  return [...wrongTimes, ...checks.flatMap(([holds, complaint]) => (holds ? [] : [`${name} ${complaint}`]))];
}

function transcript({ deviceId, startedAt, finishedAt }: Conversation, { segments }: UserData): Segment[] {
  return [...segments.values()].filter(
    (segment) =>
      segment.deviceId === deviceId &&
      segment.startedAt.toMillis() >= startedAt.toMillis() &&
      segment.startedAt.toMillis() <= finishedAt.toMillis(),
  );
}

function placed({ startedAt }: Segment, { text, fromMs, toMs }: Segment['words'][number]) {
  return { text, startMs: at(startedAt) + fromMs, endMs: at(startedAt) + toMs };
}

function language(words: readonly SpokenWord[]): string {
  const count = (each: string): number => words.filter((word) => word.language === each).length;
  return count('de') >= count('en') ? 'de' : 'en';
}

/** By the stored times: if a word was cut, a pause may be slightly longer or shorter than the limit. */
function paragraphsOf(heard: readonly Pick<SpokenWord, 'text' | 'startMs' | 'endMs'>[]): string[] {
  const paragraphs: string[][] = [];
  for (const [i, { text, startMs }] of heard.entries()) {
    const previous = heard[i - 1];
    if (previous !== undefined && startMs - previous.endMs < PARAGRAPH_MS) paragraphs.at(-1)!.push(text);
    else paragraphs.push([text]);
  }
  return paragraphs.map((texts) => texts.join(' '));
}

function isDeleted(word: SpokenWord, { deletedSpeech }: Outcome): boolean {
  const middle = middleOf(word);
  return deletedSpeech.some(
    ({ deviceId, startedAt, endedAt }) =>
      deviceId === word.device && startedAt.toMillis() <= middle && endedAt.toMillis() >= middle,
  );
}

/** All words of a deleted conversation are gone, and all deleted speech lies in a deleted conversation. */
function deletionsAreRight(deleted: ReadonlySet<number>, { data, deletions, deletedSpeech }: Outcome): string[] {
  const survivors = deletions.flatMap(({ conversationId, words }) =>
    data.conversations.get(conversationId)?.state === 'deleted' ? words.filter((id) => !deleted.has(id)) : [],
  );
  const outside = deletedSpeech.filter(({ conversationId, startedAt, endedAt }) => {
    const tombstone = data.conversations.get(conversationId);
    return !(tombstone?.state === 'deleted' && tombstone.startedAt <= startedAt && tombstone.finishedAt >= endedAt);
  });
  return [
    ...survivors.map((id) => `#${id} was deleted and is still there`),
    ...outside.map(({ startedAt }) => `something was deleted at ${at(startedAt)} outside a deleted conversation`),
  ];
}

/** The conversation that an upload named leads to the word by which it was chosen, unless the user has split or merged conversations. */
function targetsLeadThere(left: readonly SpokenWord[], { data, targets, facts }: Outcome): string[] {
  if (facts.some(({ edit }) => edit.kind === 'split' || edit.kind === 'merge')) return [];
  return targets.flatMap(({ conversationId, word: id }) => {
    const word = left.find((each) => each.id === id);
    let conversation = data.conversations.get(conversationId);
    while (typeof conversation?.mergedInto === 'string') conversation = data.conversations.get(conversation.mergedInto);
    if (word === undefined || conversation?.state === 'deleted') return [];
    const middle = middleOf(word);
    const isThere =
      conversation?.state === 'live' &&
      conversation.startedAt.toMillis() <= middle &&
      conversation.finishedAt.toMillis() >= middle;
    return isThere ? [] : [`the target by #${id} does not lead to it`];
  });
}

/** The time in milliseconds of the case. */
function at(time: { toMillis(): number }): number {
  return time.toMillis() - DAY_MS;
}
