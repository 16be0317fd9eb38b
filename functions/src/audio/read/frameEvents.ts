/** What the reader of a `.bin` recording reports: each byte of the recording is in one event. */

/** Why bytes could not be read as frames. */
export type Corruption =
  | 'bad_length' // a length above LIMITS.maxFrameBytes, or a length of 0 that leads to no frame
  | 'lost_sync' // a length that does not lead to another frame
  | 'bad_payload' // the length is right, the content cannot be a frame of this codec
  | 'odd_duration'; // one packet claims another duration than all packets around it

export type FrameEvent =
  /** `payload` stays valid as long as it is referenced. It may share its memory with neighbouring payloads. */
  | { readonly kind: 'frame'; readonly offset: number; readonly payload: Uint8Array }
  /** A length of 0: nothing was recorded for the duration of one frame. */
  | { readonly kind: 'empty'; readonly offset: number; readonly bytes: number }
  | {
      readonly kind: 'corrupt';
      readonly offset: number;
      readonly bytes: number;
      /**
       * How many frames these bytes replace, at least 1. The number is exact if the damage shows it, else it follows from the
       * mean size nearby.
       */
      readonly lostFrames: number;
      readonly reason: Corruption;
      /** False if no frame was found behind these bytes: they are the rest of the recording. */
      readonly recovered: boolean;
    }
  /** The last frame was not written to its end. `payload` is the part of it that is there. */
  | { readonly kind: 'torn'; readonly offset: number; readonly bytes: number; readonly payload: Uint8Array };

export function corrupt(
  offset: number,
  end: number,
  lostFrames: number,
  reason: Corruption,
  recovered: boolean,
): FrameEvent {
  return { kind: 'corrupt', offset, bytes: end - offset, lostFrames, reason, recovered };
}
