/** What a recording misses: when, for how long and why, for the person who made it. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { InterruptionReason, Missed } from './interruption.ts';
import type { Arrived } from './source.ts';

/** Between two stretches: less than that is a delay of the platform, milliseconds. */
const LEAST_MS = 200;

type Moment = Pick<Arrived, 'at' | 'monotonic'>;

export class GapLog {
  readonly missed: ReadonlySignal<readonly Missed[]>;
  readonly #missed = signal<readonly Missed[]>([]);
  /** Up to when everything is recorded. */
  #end: Moment | null = null;
  #reason: InterruptionReason | null = null;
  /** Nothing is recorded yet: a microphone takes its time to deliver the first frame. */
  #isStart = true;

  constructor() {
    this.missed = this.#missed;
  }

  /** A recording begins. */
  begin(at: Moment): void {
    this.#missed.value = [];
    this.#end = at;
    this.#reason = null;
    this.#isStart = true;
  }

  /** Nothing is recorded from now on. The first reason is the cause of those that follow. */
  because(reason: InterruptionReason): void {
    this.#reason ??= reason;
  }

  stretchEnds(last: Moment): void {
    this.#end = last;
  }

  /** @param frameMs length of its first frame */
  stretchBegins(first: Moment, frameMs: number): void {
    this.#add(first, frameMs);
    this.#isStart = false;
    this.#reason = null;
  }

  /** The recording ends while nothing is recorded. */
  finish(at: Moment): void {
    if (this.#reason !== null) this.#add(at, 0);
    this.#reason = null;
  }

  #add(next: Moment, frameMs: number): void {
    if (this.#end === null) return;
    const monotonicMs = next.monotonic - this.#end.monotonic - frameMs;
    const wallMs = next.at - this.#end.at - frameMs;
    // The monotonic clock stands still in some sleeping devices, and the wall clock is set now and then.
    const isClock = Math.abs(wallMs - monotonicMs) >= LEAST_MS;
    const lengthMs = Math.max(0, Math.round(this.#reason === null ? Math.max(wallMs, monotonicMs) : monotonicMs));
    if (this.#reason === null && (this.#isStart || (lengthMs < LEAST_MS && !isClock))) return;
    const reason = this.#reason ?? (isClock ? 'clock' : 'lost');
    this.#missed.value = [...this.#missed.value, { reason, at: this.#end.at, lengthMs }];
  }
}
