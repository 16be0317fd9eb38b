/** Reads exported conversations from JSON and cuts them into pieces that fit into a call. */
import { IMPORT_LIMITS } from 'offline-audio-sync-contract';
import type { ExportedConversation } from 'offline-audio-sync-contract';

/** Limits of one call, a little below those of the service: characters of JSON (a megabyte of UTF-8), and values at any depth. */
const MAX_CHARACTERS = 300_000;
const MAX_VALUES = 18_000;

/**
 * Reads the conversations in a JSON text: one, or several in a list or under `conversations`.
 * @throws Error with a sentence for the user if there are none
 */
export function conversationsIn(json: string): ExportedConversation[] {
  const content = parsed(json);
  const list = Array.isArray(content) ? content : isObject(content) ? (content['conversations'] ?? [content]) : [];
  if (!Array.isArray(list) || list.length === 0 || !list.every(isConversation)) {
    throw new Error('This is not an exported conversation.');
  }
  return list;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error('This is not JSON: the file is damaged or has another format.');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Checks only what is needed to cut the conversation into pieces. The service checks the rest. */
function isConversation(value: unknown): value is ExportedConversation {
  return isObject(value) && typeof value['device_id'] === 'string' && Array.isArray(value['segments']);
}

interface Size {
  readonly segments: number;
  readonly characters: number;
  readonly values: number;
}

const sizeOf = (value: unknown, segments: number): Size => ({
  segments,
  characters: JSON.stringify(value).length,
  values: valuesIn(value),
});

function valuesIn(value: unknown): number {
  if (!isObject(value)) return 1;
  return Object.values(value).reduce((sum: number, each) => sum + valuesIn(each), 1);
}

const plus = (a: Size, b: Size): Size => ({
  segments: a.segments + b.segments,
  characters: a.characters + b.characters,
  values: a.values + b.values,
});

const fits = ({ segments, characters, values }: Size): boolean =>
  segments <= IMPORT_LIMITS.maxSegments && characters <= MAX_CHARACTERS && values <= MAX_VALUES;

/**
 * Cuts a conversation into pieces in order of time, each of which fits into a call. The values about the whole conversation come with the
 * last of its speech, and its edits after that, when everything that they refer to is stored.
 */
export function piecesOf(conversation: ExportedConversation): ExportedConversation[] {
  const { segments, edits = null, device_id, started_at, finished_at } = conversation;
  if (fits(sizeOf(conversation, segments.length))) return [conversation];
  const place = { device_id, started_at, finished_at };
  // If a conversation has no list of edits, the service makes an edit of its title. An empty list prevents that where there was one.
  const whole = { ...conversation, segments: [], ...(edits === null ? {} : { edits: [] }) };
  const speech = grouped(segments, (segment) => sizeOf(segment, 1), fits, sizeOf(whole, 0));
  const first = { ...place, segments: segments.slice(0, 1) };
  const corrections = grouped(edits ?? [], (edit) => sizeOf(edit, 0), fits, sizeOf(first, 1));
  return [
    ...speech.slice(0, -1).map((some) => ({ ...place, segments: some, edits: [] })),
    { ...whole, segments: speech.at(-1) ?? [] },
    ...corrections.map((some) => ({ ...first, edits: some })),
  ];
}

/** Groups pieces of conversations so that each group fits into a call. */
export function callsOf<Piece extends { readonly part: ExportedConversation }>(pieces: readonly Piece[]): Piece[][] {
  const { maxConversations } = IMPORT_LIMITS;
  return grouped(
    pieces,
    ({ part }) => sizeOf(part, part.segments.length),
    (size, count) => count <= maxConversations && fits(size),
  );
}

/** @param base size of a group without its items */
function grouped<Item>(
  items: readonly Item[],
  measure: (item: Item) => Size,
  isSmall: (size: Size, count: number) => boolean,
  base: Size = { segments: 0, characters: 0, values: 0 },
): Item[][] {
  const groups: { items: Item[]; size: Size }[] = [];
  for (const item of items) {
    const size = measure(item);
    const last = groups.at(-1);
    const next = last && plus(last.size, size);
    if (last !== undefined && next !== undefined && isSmall(next, last.items.length + 1)) {
      last.items.push(item);
      last.size = next;
    } else {
      groups.push({ items: [item], size: plus(base, size) });
    }
  }
  return groups.map((group) => group.items);
}
