/** A transcriber that holds back its answers until the test releases them. */
import type { Transcriber } from '../../src/transcription/transcriber.ts';

export interface HeldAnswers {
  readonly transcriber: Transcriber;
  /** Resolves when the first answer is ready. */
  readonly answered: Promise<void>;
  /** Releases it, and all later ones immediately. */
  readonly give: () => void;
}

export function heldAnswers(transcriber: Transcriber): HeldAnswers {
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return {
    answered,
    give,
    transcriber: {
      async transcribe(request, signal) {
        const heard = await transcriber.transcribe(request, signal);
        answer();
        await given;
        return heard;
      },
    },
  };
}
