/** Which words of a sample its frames contain, and where a recogniser must find them. */
import assert from 'node:assert/strict';
import type { HeardWord } from '../deepgram/hearing.ts';
import type { Sample, SampleWord } from '../samples/samples.ts';
import { framesOf } from './sampleFrames.ts';
import type { Frame } from './sampleFrames.ts';

/** Half-open. */
export type Range = readonly [from: number, to: number];

/** The parts of the frames that are played after the pre-skip, in the time of the sample. */
export function playedParts(frames: readonly Frame[], preSkipMs: number): Range[] {
  let atMs = -preSkipMs;
  return frames.map(({ startMs, endMs }): Range => {
    const from = startMs + Math.max(0, Math.min(endMs - startMs, -atMs));
    atMs += endMs - startMs;
    return [from, endMs];
  });
}

function overlap(word: SampleWord, parts: readonly Range[]): number {
  return parts.reduce(
    (sum, [from, to]) => sum + Math.max(0, Math.min(to, word.endMs) - Math.max(from, word.startMs)),
    0,
  );
}

/** Of two equal halves the first counts as the larger. */
export function hasLargerPart(parts: readonly Range[], word: SampleWord, available: number): boolean {
  const surplus = overlap(word, parts) - available / 2;
  if (Math.abs(surplus) > 1e-6) return surplus > 0;
  return parts.some(([from, to]) => from <= word.startMs && word.startMs < to);
}

export function availableMs(sample: Sample, word: SampleWord): number {
  return overlap(
    word,
    framesOf(sample).map(({ startMs, endMs }): Range => [startMs, endMs]),
  );
}

/** Checks that each word begins and ends at the place of the frames with its beginning and end. */
export function assertTimes(
  heard: readonly HeardWord[],
  words: readonly SampleWord[],
  frames: readonly Frame[],
  preSkipMs = 0,
): void {
  let atMs = -preSkipMs;
  const placed = frames.map((frame) => {
    const placedAt = atMs;
    atMs += frame.endMs - frame.startMs;
    return { ...frame, atMs: placedAt };
  });
  for (const [index, word] of words.entries()) {
    const own = placed.filter(({ startMs, endMs }) => startMs < word.endMs && endMs > word.startMs);
    const audible = own.filter((frame) => frame.atMs + frame.endMs - frame.startMs > 0);
    const first = audible[0];
    const last = audible.at(-1);
    assert.ok(first && last);
    const startMs = Math.max(0, first.atMs + Math.max(0, word.startMs - first.startMs));
    const endMs = last.atMs + Math.min(word.endMs, last.endMs) - last.startMs;
    assert.ok(Math.abs((heard[index]?.startMs ?? NaN) - startMs) < 0.001, `${word.text} starts at ${startMs}`);
    assert.ok(Math.abs((heard[index]?.endMs ?? NaN) - endMs) < 0.001, `${word.text} ends at ${endMs}`);
  }
}
