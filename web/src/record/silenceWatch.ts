/** Detects a microphone that delivers only zeros, such as a headset that is muted by its own switch. No real room is that silent. */
import { signal, type ReadonlySignal } from '@preact/signals';

/** Headsets deliver zeros for a moment when they are connected, so a shorter silence is ignored, milliseconds. */
const SILENT_AFTER_MS = 10_000;

export class SilenceWatch {
  readonly isSilent: ReadonlySignal<boolean>;
  readonly #isSilent = signal(false);
  #zerosMs = 0;

  constructor() {
    this.isSilent = this.#isSilent;
  }

  observe(samples: Float32Array, sampleRate: number): void {
    const isZero = samples.every((sample) => sample === 0);
    this.#zerosMs = isZero ? this.#zerosMs + (samples.length / sampleRate) * 1000 : 0;
    this.#isSilent.value = this.#zerosMs >= SILENT_AFTER_MS;
  }

  /** Called when the microphone changes or is closed. */
  reset(): void {
    this.#zerosMs = 0;
    this.#isSilent.value = false;
  }
}
