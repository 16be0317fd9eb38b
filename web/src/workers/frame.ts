/** 20 ms of audio from the microphone. */
export interface CapturedFrame {
  /** The audio clock's count of samples at the end of the frame. */
  readonly endSample: number;
  readonly samples: Float32Array<ArrayBuffer>;
}
