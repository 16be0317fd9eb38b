/** Passes the microphone's audio to the page in frames of 20 ms. It runs on the audio thread, so it allocates nothing but the frames. */
import type { CapturedFrame } from './frame.ts';

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare const sampleRate: number;
/** Number of samples that were rendered before this call. */
declare const currentFrame: number;

class Capture extends AudioWorkletProcessor {
  #frame = new Float32Array(Math.round(sampleRate / 50));
  #filled = 0;

  process([input]: Float32Array[][]): boolean {
    const channel = input?.[0];
    // Without input, the microphone is being taken away. A partial frame is dropped, because it must not be joined with later audio.
    if (channel === undefined) this.#filled = 0;
    for (let at = 0; channel !== undefined && at < channel.length;) {
      const part = channel.subarray(at, at + this.#frame.length - this.#filled);
      this.#frame.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#frame.length) this.#send(currentFrame + at);
    }
    return true;
  }

  #send(endSample: number): void {
    const message: CapturedFrame = { endSample, samples: this.#frame };
    this.port.postMessage(message, [this.#frame.buffer]);
    this.#frame = new Float32Array(Math.round(sampleRate / 50));
    this.#filled = 0;
  }
}

registerProcessor('capture', Capture);
