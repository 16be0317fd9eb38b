/** 20 ms from the microphone. */
export interface CapturedFrame {
  /** Samples that the audio clock had counted at its end. */
  readonly endSample: number;
  readonly samples: Float32Array<ArrayBuffer>;
}
