/** Imports exported conversations: a zip, or single conversations as JSON. The files are read on this device and sent in calls of bounded size. */
import type { ExportedConversation, ImportedView } from 'offline-audio-sync-contract';
import { callsOf, conversationsIn, piecesOf } from '../domain/importPieces.ts';
import { codeOf, sentenceOf } from '../domain/sentence.ts';
import { call, LONG_CALL_LIMIT_MS } from '../firebase/store.ts';
import { later } from '../nextTask.ts';
import type { Refusal } from './addEach.ts';
import { BlobReader, TextWriter, ZipReader } from './zip.ts';

/** The number of conversations so far, by result. */
export interface ImportResult {
  readonly added: number;
  /** Conversations that were already here with every word. */
  readonly known: number;
  /** Conversations that the user has deleted here. They stay deleted. */
  readonly deleted: number;
  /** Corrections of speech that is not here. */
  readonly refusedEdits: number;
  readonly refused: readonly Refusal[];
}

export interface Progress extends ImportResult {
  /** Number of files that were read and sent. */
  readonly done: number;
  readonly total: number;
}

interface ImportOptions {
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** A JSON file, chosen itself or within a zip. Its name is the path in the zip. */
interface Source {
  readonly name: string;
  readonly read: () => Promise<string>;
}

interface Named {
  readonly name: string;
  readonly conversation: ExportedConversation;
}

/** A part of a conversation, with the file that it comes from. */
interface Piece extends Named {
  readonly part: ExportedConversation;
}

/** Imports files. Importing them again adds nothing twice. @throws the signal's reason; FirebaseError if the service does not answer */
export async function importFiles(
  files: readonly File[],
  { onProgress, signal }: ImportOptions,
): Promise<ImportResult> {
  const tally = new Tally();
  const sources: Source[] = [];
  // One by one, because `push(...)` would fail with as many arguments as some exports have conversations.
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

/** The JSON files in a file. The other formats in a zip are for people and programs, and are not imported. */
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
      tally.refuse(file.name, 'This zip contains no JSON, so it cannot be imported. Export again with JSON.');
    return sources;
  } catch {
    tally.refuse(file.name, 'This zip cannot be read: it is damaged, or not a zip.');
    return [];
  }
}

/** Number of files that are read at once. Files of one minute are always read together. */
const AT_ONCE = 50;

/**
 * Groups of files that are read together, the latest first by the day and minute with which names in a zip begin. If a conversation was
 * split, the split is an edit of the later part. It has to be imported before the earlier part, or the two become one conversation. So
 * files of one minute are read together and sorted by their content.
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

/** Sends all pieces in one call. If the service refuses it, each is sent alone, so that an invalid one does not stop the others. */
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

/** Waits before a call without an answer is repeated, milliseconds. */
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

/** Adds up the results of each conversation, whose parts are sent one after another. */
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

  /** Lists a conversation once, even if several of its parts are refused. */
  refuse(name: string, reason: string, conversation?: ExportedConversation): void {
    if (conversation !== undefined && this.#wrong.has(conversation)) return;
    if (conversation !== undefined) this.#wrong.add(conversation);
    this.#refused.push({ name, reason });
  }

  sum(): ImportResult {
    const outcomes = [...this.#outcomes].flatMap(([conversation, outcome]) =>
      this.#wrong.has(conversation) ? [] : [outcome],
    );
    const added = outcomes.filter(({ newWords }) => newWords > 0).length;
    const deleted = outcomes.filter(({ newWords, isHere }) => newWords === 0 && !isHere).length;
    const known = outcomes.length - added - deleted;
    return { added, deleted, known, refusedEdits: this.#refusedEdits, refused: [...this.#refused] };
  }
}
