/**
 * Words that were heard before. A device has one microphone, so what two of its recordings say of one moment is one thing:
 * the same audio in files that were cut elsewhere, recordings that overlap, a recording whose first job ended half-way. Pure.
 */
import type { Interval } from './interval.ts';
import type { Sounds } from '../jobs/sounds.ts';
import { placeKey } from './conversation.ts';
import type { PlacedRecording, TimedWord } from './conversation.ts';

/** A word, and the recording that it was heard in. */
type Spoken = Pick<TimedWord, 'text' | 'startMs' | 'endMs'> & { readonly recording?: PlacedRecording };

/**
 * Where the sound is not known: words around one that are compared, on each side: about five seconds of speech.
 */
const NEIGHBOURS = 8;
/** Fewer words than this that meet others in time tell nothing of whether their audio is the same. */
const ENOUGH = 5;
/** Of two recognitions of the same audio nearly all words are the same; of two different ones a few are, by chance. */
const SAME_AUDIO_SHARE = 1 / 3;

/**
 * Two words are one when they sound the same, overlap in time, and are of the same audio. A recogniser's times waver by some tens of
 * milliseconds, and a word cut by the edge of a file is heard as what is left of it, but no person says a word twice at once.
 * (Nearness alone would also drop the second "no" of "no, no".) Two sessions of a recorder whose clock restarted claim the same
 * hours, so the time says nothing of whether their audio is the same: its sound does. Where that is not known, audio is not the same
 * where most of the words around meet others at their time.
 * @param words of one chunk, in order of their starts. Where two recordings of a run overlap it holds a moment twice itself.
 * @param known words that are stored for the device around that time.
 * @param deleted stretches in which the user deleted what was said.
 * @param sounds knows the audio of the words and of what is stored.
 * @returns the words that are new.
 */
export function withoutRepeats<T extends Spoken>(
  words: readonly T[],
  known: readonly Spoken[],
  deleted: readonly Interval[],
  sounds?: Sounds,
): T[] {
  const seen = new KnownWords(sounds);
  for (const word of known) seen.add({ ...word, isStored: true });
  const kept: T[] = [];
  const met: { readonly word: T; readonly isSame: boolean }[] = [];
  const verdicts = words.map((word) => {
    const at = middle(word);
    if (deleted.some(({ startMs, endMs }) => at >= startMs && at <= endMs)) return 'deleted';
    const meeting = seen.meeting(word);
    // A repeat is not remembered: its time wavers, and could reach the next word that sounds the same.
    if (meeting !== 'same' && meeting !== 'repeat') seen.add({ ...word, isStored: false });
    if (meeting === null || meeting === 'repeat') return meeting ?? 'new';
    return met.push({ word, isSame: meeting === 'same' }) - 1;
  });
  for (const [i, word] of words.entries()) {
    const verdict = verdicts[i];
    const isRepeat = typeof verdict === 'number' && met[verdict]?.isSame === true && isSameAudio(met, verdict);
    if (verdict !== 'deleted' && verdict !== 'repeat' && !isRepeat) kept.push(word);
  }
  return kept;
}

/** Whether the words around one that met others at their time are mostly those others. */
function isSameAudio(met: readonly { readonly isSame: boolean }[], at: number): boolean {
  const around = met.slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1);
  if (around.length < ENOUGH) return true;
  return around.filter(({ isSame }) => isSame).length > SAME_AUDIO_SHARE * around.length;
}

interface KnownWord extends Spoken {
  /** It is not of the chunk that is looked at. */
  readonly isStored: boolean;
}

/** A word with what it is compared by, found once: an import may have thousands at one moment. */
interface Indexed extends KnownWord {
  readonly plain: string;
  /** Of its recording. */
  readonly place: string | null;
  readonly firstSecond: number;
}

/** The words of a second of time, in the order in which they came, and by their text. */
interface Second {
  readonly all: Indexed[];
  readonly byText: Map<string, Indexed[]>;
}

/** Words by their time. */
class KnownWords {
  readonly #sounds: Sounds | undefined;
  readonly #bySecond = new Map<number, Second>();

  constructor(sounds: Sounds | undefined) {
    this.#sounds = sounds;
  }

  add(word: KnownWord): void {
    const indexed = indexedWord(word);
    for (const number of secondsOf(word)) {
      const second = this.#bySecond.get(number) ?? { all: [], byText: new Map<string, Indexed[]>() };
      this.#bySecond.set(number, second);
      second.all.push(indexed);
      const equal = second.byText.get(indexed.plain);
      if (equal === undefined) second.byText.set(indexed.plain, [indexed]);
      else equal.push(indexed);
    }
  }

  /**
   * What is known at the time of a word: 'repeat' is the word itself, in the same audio; 'same' is its text, in audio that is not known;
   * 'other' is another word. Null where nothing is, or where what is there is other audio.
   */
  meeting(spoken: Spoken): 'repeat' | 'same' | 'other' | null {
    const word = indexedWord({ ...spoken, isStored: false });
    let isSame = false;
    for (const before of this.#meeting(word, ({ byText }) => byText.get(word.plain))) {
      if (overlapMs(before, word) <= 0) continue;
      const verdict = this.#isSameAudio(before, word);
      if (verdict === true) return 'repeat';
      isSame ||= verdict === null;
    }
    if (isSame) return 'same';
    for (const before of this.#meeting(word, ({ all }) => all)) {
      if (overlapMs(before, word) > lengthMs(word) / 2) return 'other';
    }
    return null;
  }

  /** Those of the words that may meet a word, each once: in the first second that both have. */
  *#meeting(word: Indexed, ofSecond: (second: Second) => readonly Indexed[] | undefined): Generator<Indexed> {
    for (const number of secondsOf(word)) {
      const second = this.#bySecond.get(number);
      if (second === undefined) continue;
      for (const before of ofSecond(second) ?? []) {
        if (number === Math.max(before.firstSecond, word.firstSecond)) yield before;
      }
    }
  }

  #isSameAudio(before: Indexed, word: Indexed): boolean | null {
    const { recording: a } = before;
    const { recording: b } = word;
    if (a === undefined || b === undefined) return null;
    // One transcription of one recording gives each word once: two voices may say the same at once.
    if (before.place === word.place) return before.isStored;
    return this.#sounds?.areOne(a, b, middle(word)) ?? null;
  }
}

function indexedWord(word: KnownWord): Indexed {
  const { text, startMs, endMs, recording, isStored } = word;
  return {
    ...{ text, startMs, endMs, isStored, plain: plainText(text), firstSecond: secondOf(startMs) },
    ...(recording === undefined ? { place: null } : { recording, place: placeKey(recording) }),
  };
}

export function middle({ startMs, endMs }: Interval): number {
  return (startMs + endMs) / 2;
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

function secondsOf({ startMs, endMs }: Interval): number[] {
  const first = secondOf(startMs);
  return Array.from({ length: secondOf(endMs) - first + 1 }, (_, i) => first + i);
}

function overlapMs(a: Interval, b: Interval): number {
  return Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs);
}

function lengthMs({ startMs, endMs }: Interval): number {
  return endMs - startMs;
}

/** As it sounds: without case and punctuation, which depend on what a recogniser heard around it. */
function plainText(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '') || text
  );
}
