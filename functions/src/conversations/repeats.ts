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

/** Words by their time. */
class KnownWords {
  readonly #sounds: Sounds | undefined;
  readonly #bySecond = new Map<number, KnownWord[]>();

  constructor(sounds: Sounds | undefined) {
    this.#sounds = sounds;
  }

  add(word: KnownWord): void {
    for (const second of secondsOf(word)) {
      const there = this.#bySecond.get(second);
      if (there === undefined) this.#bySecond.set(second, [word]);
      else there.push(word);
    }
  }

  /**
   * What is known at the time of a word: 'repeat' is the word itself, in the same audio; 'same' is its text, in audio that is not known;
   * 'other' is another word. Null where nothing is, or where what is there is other audio.
   */
  meeting(word: Spoken): 'repeat' | 'same' | 'other' | null {
    const there = secondsOf(word).flatMap((second) => this.#bySecond.get(second) ?? []);
    const text = plainText(word.text);
    const equal = there.filter((before) => overlapMs(before, word) > 0 && plainText(before.text) === text);
    const verdicts = equal.map((before) => this.#isSameAudio(before, word));
    if (verdicts.includes(true)) return 'repeat';
    if (verdicts.includes(null)) return 'same';
    return there.some((before) => overlapMs(before, word) > lengthMs(word) / 2) ? 'other' : null;
  }

  #isSameAudio(before: KnownWord, word: Spoken): boolean | null {
    const { recording: a } = before;
    const { recording: b } = word;
    if (a === undefined || b === undefined) return null;
    // One transcription of one recording gives each word once: two voices may say the same at once.
    if (placeKey(a) === placeKey(b)) return before.isStored;
    return this.#sounds?.areOne(a, b, middle(word)) ?? null;
  }
}

export function middle({ startMs, endMs }: Interval): number {
  return (startMs + endMs) / 2;
}

function secondsOf({ startMs, endMs }: Interval): number[] {
  const first = Math.floor(startMs / 1000);
  return Array.from({ length: Math.floor(endMs / 1000) - first + 1 }, (_, i) => first + i);
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
