/** What was taken along comes in again: a zip, or single conversations as JSON. Read on this device, and sent in calls of bounded size. */
import type { ExportedConversation, ImportedView } from 'offline-audio-sync-contract';
import { callsOf, conversationsIn, piecesOf } from '../domain/bringIn.ts';
import { codeOf, sentenceOf } from '../domain/sentence.ts';
import { call, LONG_CALL_LIMIT_MS } from '../firebase/store.ts';
import { later } from '../nextTask.ts';
import type { Refusal } from './addEach.ts';
import { BlobReader, TextWriter, ZipReader } from './zip.ts';

/** What has become of the conversations so far. */
export interface BroughtIn {
  readonly added: number;
  /** All that was said in them was here before. */
  readonly known: number;
  /** The user deleted them once, and they stay deleted. */
  readonly deleted: number;
  /** Corrections of what is not here. */
  readonly refusedEdits: number;
  readonly refused: readonly Refusal[];
}

export interface Progress extends BroughtIn {
  /** Files that were read and sent, of all. */
  readonly done: number;
  readonly total: number;
}

interface BringInOptions {
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** A file with conversations, as it is named in its zip. */
interface Source {
  readonly name: string;
  readonly read: () => Promise<string>;
}

interface Named {
  readonly name: string;
  readonly conversation: ExportedConversation;
}

/** A part of a conversation, with where it comes from. */
interface Piece extends Named {
  readonly part: ExportedConversation;
}

/** Repeating it adds nothing twice. @throws the signal's reason; FirebaseError where the service does not answer. */
export async function bringIn(files: readonly File[], { onProgress, signal }: BringInOptions): Promise<BroughtIn> {
  const tally = new Tally();
  const sources: Source[] = [];
  // One by one: `push(...)` takes fewer arguments than there are conversations in some years.
  for (const file of files) for (const source of await sourcesIn(file, tally)) sources.push(source);
  let done = 0;
  for (const some of inReadings(sources)) {
    signal.throwIfAborted();
    const pieces = latestFirst((await Promise.all(some.map((source) => readOne(source, tally)))).flat()).flatMap(
      (named) => piecesOf(named.conversation).map((part): Piece => ({ ...named, part })),
    );
    const sent = new Set<string>();
    for (const group of callsOf(pieces)) {
      signal.throwIfAborted();
      await sendAll(group, tally);
      for (const { name } of group) sent.add(name);
      onProgress({ ...tally.sum(), done: done + sent.size, total: sources.length });
    }
    done += some.length;
  }
  return tally.sum();
}

/** The conversations of a file. What is in a zip besides is for people to read. */
async function sourcesIn(file: File, tally: Tally): Promise<Source[]> {
  if (!/\.zip$/i.test(file.name)) return [{ name: file.name, read: () => file.text() }];
  try {
    const entries = await new ZipReader(new BlobReader(file)).getEntries();
    const sources = entries.flatMap((entry): Source[] =>
      !entry.directory && /\.json$/i.test(entry.filename)
        ? [{ name: entry.filename, read: () => entry.getData(new TextWriter()) }]
        : [],
    );
    if (sources.length === 0)
      tally.refuse(file.name, 'There is no JSON in this zip: take along with JSON to bring it in.');
    return sources;
  } catch {
    tally.refuse(file.name, 'This zip cannot be read: it is damaged, or something else.');
    return [];
  }
}

/** Files that are read at once; more where they are of one minute. */
const AT_ONCE = 50;

/**
 * The latest first, by the day and the minute with which names in a zip begin. Where a conversation was split, the later part brings the
 * split, and the earlier one must not be joined with it before: so files of one minute are read together, and sorted by their content.
 */
function inReadings(sources: readonly Source[]): Source[][] {
  const minuteOf = (name: string): string => /\d{4}-\d\d-\d\d\/\d{4}/.exec(name)?.[0] ?? '';
  const sorted = sources
    .map((source) => ({ source, minute: minuteOf(source.name) }))
    .sort((a, b) => b.minute.localeCompare(a.minute));
  const readings: Source[][] = [];
  let before: string | null = null;
  for (const { source, minute } of sorted) {
    const last = readings.at(-1);
    if (last === undefined || (last.length >= AT_ONCE && minute !== before)) readings.push([source]);
    else last.push(source);
    before = minute;
  }
  return readings;
}

const latestFirst = (named: readonly Named[]): Named[] =>
  [...named].sort((a, b) => (a.conversation.started_at < b.conversation.started_at ? 1 : -1));

async function readOne({ name, read }: Source, tally: Tally): Promise<Named[]> {
  try {
    return conversationsIn(await read()).map((conversation) => ({ name, conversation }));
  } catch (error) {
    tally.refuse(name, sentenceOf(error));
    return [];
  }
}

/** One call; where the service refuses it, one for each, so that one that is wrong keeps no other out. */
async function sendAll(pieces: readonly Piece[], tally: Tally): Promise<void> {
  try {
    const { conversations } = await send(pieces.map(({ part }) => part));
    for (const [index, piece] of pieces.entries()) tally.count(piece, conversations[index]);
  } catch (error) {
    if (!REFUSALS.has(codeOf(error) ?? '')) throw error;
    const [only, ...others] = pieces;
    if (only !== undefined && others.length === 0) tally.refuse(only.name, sentenceOf(error), only.conversation);
    else for (const piece of pieces) await sendAll([piece], tally);
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['invalid_request', 'payload_too_large']);

/** Before a call is made again that was not answered, milliseconds. */
const WAITS_MS = [2000, 8000, 30_000];

async function send(conversations: readonly ExportedConversation[]): Promise<ImportedView> {
  for (const wait of WAITS_MS) {
    try {
      return await call('importConversations', { conversations }, LONG_CALL_LIMIT_MS);
    } catch (error) {
      if (codeOf(error) !== null && codeOf(error) !== 'unavailable') throw error;
      if (!navigator.onLine) throw error;
      await later(wait);
    }
  }
  return call('importConversations', { conversations }, LONG_CALL_LIMIT_MS);
}

/** What has become of each conversation, whose parts come one after another. */
class Tally {
  readonly #outcomes = new Map<ExportedConversation, { newWords: number; isHere: boolean }>();
  readonly #refused: Refusal[] = [];
  readonly #wrong = new Set<ExportedConversation>();
  #refusedEdits = 0;

  count({ conversation }: Piece, outcome: ImportedView['conversations'][number] | undefined): void {
    if (outcome === undefined) return;
    const before = this.#outcomes.get(conversation) ?? { newWords: 0, isHere: false };
    this.#outcomes.set(conversation, {
      newWords: before.newWords + outcome.new_words,
      isHere: before.isHere || outcome.conversation_id !== null,
    });
    this.#refusedEdits += outcome.refused_edits;
  }

  /** Once for each conversation, however many parts of it are refused. */
  refuse(name: string, reason: string, conversation?: ExportedConversation): void {
    if (conversation !== undefined && this.#wrong.has(conversation)) return;
    if (conversation !== undefined) this.#wrong.add(conversation);
    this.#refused.push({ name, reason });
  }

  sum(): BroughtIn {
    const outcomes = [...this.#outcomes].flatMap(([conversation, outcome]) =>
      this.#wrong.has(conversation) ? [] : [outcome],
    );
    const added = outcomes.filter(({ newWords }) => newWords > 0).length;
    const deleted = outcomes.filter(({ newWords, isHere }) => newWords === 0 && !isHere).length;
    const known = outcomes.length - added - deleted;
    return { added, deleted, known, refusedEdits: this.#refusedEdits, refused: [...this.#refused] };
  }
}
