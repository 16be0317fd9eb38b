/** Transcribers whose answers come in an order that a test chooses. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transcriber } from '../../src/transcription/transcriber.ts';

/** The time between two answers, milliseconds: longer than storing one takes. */
const APART_MS = 700;
const REQUESTS = 6;

/** The order in which the first requests are answered. */
const RANKS = {
  first: (nth: number) => nth,
  last: (nth: number) => REQUESTS - nth,
  middle: (nth: number) => Math.abs(nth - 2) * 2 + (nth > 2 ? 1 : 0),
  /** After that, both neighbours of each other chunk are stored. */
  'every second': (nth: number) => Math.floor(nth / 2) + (nth % 2 === 0 ? 0 : REQUESTS / 2),
} as const;

/** @param which of the requests is answered first. */
export function requestsFirst(transcriber: Transcriber, which: keyof typeof RANKS): Transcriber {
  let requests = 0;
  return {
    async transcribe(request, signal) {
      await sleep(RANKS[which](requests++) * APART_MS);
      return transcriber.transcribe(request, signal);
    },
  };
}
