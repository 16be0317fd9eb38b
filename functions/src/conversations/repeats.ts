/**
 * Recognises words that are stored already. A device has one microphone, so the same word at the same moment in two of its recordings
 * is one word: in the same audio cut into other files, in recordings that overlap, in a recording whose first job ended half-way. Pure.
 */
import type { Interval } from './interval.ts';
import type { Sounds } from '../jobs/sounds.ts';
import { placeKey } from './conversation.ts';
import type { PlacedRecording, TimedWord } from './conversation.ts';

/** A word, and the recording that it comes from. */
type Spoken = Pick<TimedWord, 'text' | 'startMs' | 'endMs'> & { readonly recording?: PlacedRecording };

/** Words on each side of a word that are compared if the sound is not known: about five seconds of speech. */
const NEIGHBOURS = 8;
/** With fewer words than this that meet others in time, it cannot be told whether the audio is the same. */
const ENOUGH = 5;
/**
 * From this share of equal words on, two recognitions are of the same audio. In the same audio nearly all words are equal; in different
 * audio only a few are, by chance.
 */
const SAME_AUDIO_SHARE = 1 / 3;

/**
 * Two words are one if they have the same text, overlap in time, and are of the same audio. A recogniser's times waver by some tens of
 * milliseconds, and a word at the edge of a file is recognised only in part, but no person says a word twice at once. (Nearness alone
 * would also drop the second "no" of "no, no".) Two sessions of a recorder whose clock restarted claim the same hours, so time cannot
 * tell whether their audio is the same; sound can. If the sound is not known, the audio counts as different where most of the words
 * around meet other words at their time.
 * @param words of one chunk, in order of their starts. If two recordings of a run overlap, the chunk itself has a moment twice.
 * @param known words that are stored for the device around that time.
 * @param deleted stretches in which the user deleted speech.
 * @param sounds has the loudness of the words' audio and of the stored audio.
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
    // A repeat is not added: its time wavers, and could reach the next word with the same text.
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

/** Whether enough of the words around are equal to the words that they meet: more than {@link SAME_AUDIO_SHARE} of them. */
function isSameAudio(met: readonly { readonly isSame: boolean }[], at: number): boolean {
  const around = met.slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1);
  if (around.length < ENOUGH) return true;
  return around.filter(({ isSame }) => isSame).length > SAME_AUDIO_SHARE * around.length;
}

interface KnownWord extends Spoken {
  /** False for a word of the chunk itself. */
  readonly isStored: boolean;
}

/** A word with the values that it is compared by, computed once: an import may have thousands of words at one moment. */
interface Indexed extends KnownWord {
  readonly plain: string;
  /** The place of its recording. */
  readonly place: string | null;
  readonly firstSecond: number;
}

/** The words of one second, in order of arrival and by text. */
interface Second {
  readonly all: Indexed[];
  readonly byText: Map<string, Indexed[]>;
}

/** Words, indexed by time. */
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
   * What is known at the time of a word. 'repeat': the same word in the same audio. 'same': the same text, in audio whose sound is not
   * known. 'other': another word. Null: nothing, or only words of other audio.
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

  /** The words that may meet a word, each once: in the first second that both share. */
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
    // One transcription of one recording has each word once; two voices may say the same word at once.
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

/** The text without case and punctuation, which depend on the words around it. */
function plainText(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '') || text
  );
}
