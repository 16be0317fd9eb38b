/** Limits what a worker uses of shared resources: daily budgets, and requests in flight. */
import type { Listener } from '../audio/detect/listener.ts';
import { WINDOW_SAMPLES } from '../audio/detect/vad.ts';
import { SAMPLE_RATE } from '../audio/read/pcm.ts';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { RequestSlots } from '../transcription/requestSlots.ts';
import type { Transcriber } from '../transcription/transcriber.ts';
import type { DailyBudget } from '../usage/budget.ts';
import type { FairUse } from '../usage/fairUse.ts';

/** The limits of detection and transcription. */
export interface SpendingLimits {
  readonly fairUse: Pick<FairUse, 'requireBudget'>;
  readonly budget: Pick<DailyBudget, 'spend' | 'audioMeter'>;
  /** Requests in flight at the transcription service. */
  readonly slots: Pick<RequestSlots, 'use'>;
}

/** Errors with which the service has answered without a transcription. Without an answer, it may have transcribed and billed the audio. */
const NOT_BILLED: ReadonlySet<ErrorCode> = new Set([
  'transcription_rate_limited',
  'transcription_not_configured',
  'transcription_rejected',
]);

/** Detects speech only while the daily budgets of audio last. */
export function metered(listener: Listener, uid: string, { budget }: SpendingLimits): Listener {
  const meter = budget.audioMeter(uid);
  return {
    parallel: listener.parallel,
    async listen(passage, signal) {
      await meter((passage.windows * WINDOW_SAMPLES) / SAMPLE_RATE);
      return listener.listen(passage, signal);
    },
  };
}

/** Sends a request only with a free slot of the project at its transcription service. A request without a slot is not counted. */
export function inSlot(transcriber: Transcriber, { slots }: SpendingLimits): Transcriber {
  return { transcribe: (request, signal) => slots.use(signal, () => transcriber.transcribe(request, signal)) };
}

/** Sends requests only while the daily budgets of speech last. The rest waits for the next day; its audio is kept. */
export function budgeted(transcriber: Transcriber, uid: string, { fairUse, budget }: SpendingLimits): Transcriber {
  return {
    async transcribe(request, signal) {
      await fairUse.requireBudget(uid);
      // A service bills each channel.
      const seconds = (request.durationMs / 1000) * request.audio.channels;
      const refund = await budget.spend(uid, 'sentSeconds', seconds);
      try {
        return await transcriber.transcribe(request, signal);
      } catch (error) {
        // Otherwise a wrong key would use up the day's budget of the project, which then waits for the next day.
        if (error instanceof AppError && NOT_BILLED.has(error.code)) await refund().catch(() => undefined);
        throw error;
      }
    },
  };
}
