/**
 * A few thousand sentences and their words, in a form that takes two to four bytes a word and is searched without being unpacked. A
 * block never changes: changed conversations go into a new one.
 */

/** A sentence to index. */
export interface BlockSentence {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly tokens: readonly string[];
  /** The speaker's name, if it is known. */
  readonly speaker: string | null;
}

/** The fields of a conversation by which it can be searched. */
export interface ConversationMarks {
  readonly id: string;
  readonly deviceId: string;
  readonly starred: boolean;
  readonly tags: readonly string[];
}

export interface BlockConversation extends ConversationMarks {
  readonly sentences: readonly BlockSentence[];
}

/** As it is stored. Numbers of sentences (ordinals) count from 0 through all conversations. */
export interface BlockData {
  readonly conversations: readonly (ConversationMarks & { readonly first: number })[];
  readonly sentenceCount: number;
  /** When each sentence begins, seconds since 1970. */
  readonly seconds: Uint32Array;
  /** The names of speakers. A sentence has the index of its speaker plus one; 0 for none. */
  readonly speakers: readonly string[];
  readonly speakerOf: Uint16Array;
  /** All tokens, and their {@link beginningsOf}, in order, one after another; `termStarts` has one entry more. */
  readonly terms: string;
  readonly termStarts: Uint32Array;
  /** For each token the ordinals of its sentences: the first, then differences, seven bits in each byte. */
  readonly postings: Uint8Array;
  readonly postingStarts: Uint32Array;
}

/** The mark of terms that are beginnings of tokens. No token has it. */
const BEGINNING = '^';
/** The longest beginnings that are stored, UTF-16 code units. Longer ones have so few tokens that the tokens are read instead. */
const LONGEST_BEGINNING = 2;

/** The beginnings of a token, which are terms of their own, because thousands of tokens begin with the first letter that is typed. */
function beginningsOf(token: string): string[] {
  return Array.from({ length: LONGEST_BEGINNING }, (_, index) => BEGINNING + token.slice(0, index + 1));
}

export function packBlock(conversations: readonly BlockConversation[]): BlockData {
  const sentences = conversations.flatMap((conversation) => conversation.sentences);
  const speakers = [...new Set(sentences.flatMap(({ speaker }) => speaker ?? []))].slice(0, 0xffff);
  const places = new Map<string, number[]>();
  for (const [ordinal, { tokens }] of sentences.entries()) {
    for (const term of tokens.flatMap((token) => [token, ...beginningsOf(token)])) {
      const ordinals = places.get(term);
      if (ordinals === undefined) places.set(term, [ordinal]);
      else if (ordinals.at(-1) !== ordinal) ordinals.push(ordinal);
    }
  }
  const terms = [...places.keys()].sort(byCodeUnits);
  const postings = packPostings(terms.map((term) => places.get(term) ?? []));
  let first = 0;
  return {
    conversations: conversations.map(({ id, deviceId, starred, tags, sentences: own }) => {
      const begins = first;
      first += own.length;
      return { id, deviceId, starred, tags, first: begins };
    }),
    sentenceCount: sentences.length,
    seconds: Uint32Array.from(sentences, ({ startedAt }) => Math.floor(startedAt / 1000)),
    speakers,
    speakerOf: Uint16Array.from(sentences, ({ speaker }) => (speaker === null ? 0 : speakers.indexOf(speaker) + 1)),
    terms: terms.join(''),
    termStarts: startsOf(terms.map(({ length }) => length)),
    postings: postings.bytes,
    postingStarts: postings.starts,
  };
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function startsOf(lengths: readonly number[]): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) starts[index + 1] = (starts[index] ?? 0) + length;
  return starts;
}

function packPostings(lists: readonly (readonly number[])[]): { bytes: Uint8Array; starts: Uint32Array } {
  const bytes: number[] = [];
  const starts = new Uint32Array(lists.length + 1);
  for (const [index, ordinals] of lists.entries()) {
    let before = 0;
    for (const ordinal of ordinals) {
      let rest = ordinal - before;
      before = ordinal;
      for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
      bytes.push(rest);
    }
    starts[index + 1] = bytes.length;
  }
  return { bytes: Uint8Array.from(bytes), starts };
}

/** Tokens from `from` up to `to`, as numbers. */
interface TermRange {
  readonly from: number;
  readonly to: number;
}

/** The range of a token. */
export function termRange(block: BlockData, token: string): TermRange {
  const count = block.termStarts.length - 1;
  const from = firstAt(block, count, (term) => term >= token);
  return { from, to: from < count && termAt(block, from) === token ? from + 1 : from };
}

/** The range of the tokens with this beginning. */
export function begunRange(block: BlockData, begun: string): TermRange {
  if (begun.length <= LONGEST_BEGINNING) return termRange(block, BEGINNING + begun);
  const count = block.termStarts.length - 1;
  const from = firstAt(block, count, (term) => term >= begun);
  return { from, to: firstAt(block, count, (term) => term > begun && !term.startsWith(begun)) };
}

/** The first token for which the condition holds. It holds for all tokens after that. */
function firstAt(block: BlockData, count: number, isAtOrBehind: (term: string) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAtOrBehind(termAt(block, middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}

function termAt({ terms, termStarts }: BlockData, index: number): string {
  return terms.slice(termStarts[index], termStarts[index + 1]);
}

/**
 * Marks the sentences that have one of these tokens.
 * @param marks one byte a sentence; those that are `before` become `before + 1`
 * @returns how many became it
 */
export function markSentences(block: BlockData, range: TermRange, marks: Uint8Array, before: number): number {
  const { postings, postingStarts, sentenceCount } = block;
  let count = 0;
  for (let term = range.from; term < range.to && count < sentenceCount; term++) {
    let at = postingStarts[term] ?? 0;
    const end = postingStarts[term + 1] ?? at;
    let ordinal = 0;
    while (at < end) {
      let byte = postings[at++] ?? 0;
      let difference = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = postings[at++] ?? 0;
        difference |= (byte & 0x7f) << shift;
      }
      ordinal += difference;
      if (marks[ordinal] !== before) continue;
      marks[ordinal] = before + 1;
      count++;
    }
  }
  return count;
}
