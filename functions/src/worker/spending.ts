/** What a worker spends of what all users share: budgets of a day, and requests at once. */
import type { Listener } from '../audio/detect/listener.ts';
import { WINDOW_SAMPLES } from '../audio/detect/vad.ts';
import { SAMPLE_RATE } from '../audio/read/pcm.ts';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { RequestSlots } from '../transcription/requestSlots.ts';
import type { Transcriber } from '../transcription/transcriber.ts';
import type { DailyBudget } from '../usage/budget.ts';
import type { FairUse } from '../usage/fairUse.ts';

/** What may be used of what turns audio into words. */
export interface SpendingLimits {
  readonly fairUse: Pick<FairUse, 'requireBudget'>;
  readonly budget: Pick<DailyBudget, 'spend' | 'audioMeter'>;
  /** Of the transcription service. */
  readonly slots: Pick<RequestSlots, 'use'>;
}

/** The service answered, and transcribed nothing. Where no answer came it may have done so, and billed it. */
const NOT_BILLED: ReadonlySet<ErrorCode> = new Set([
  'transcription_rate_limited',
  'transcription_not_configured',
  'transcription_rejected',
]);

/** Detects speech only while the day's budgets of audio last. */
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

/** Asks only while the project has a request free at its transcription service. What is not asked is not counted. */
export function inSlot(transcriber: Transcriber, { slots }: SpendingLimits): Transcriber {
  return { transcribe: (request, signal) => slots.use(signal, () => transcriber.transcribe(request, signal)) };
}

/** Sends only while the day's budgets of speech last: the rest waits, with its audio, for the next day. */
export function budgeted(transcriber: Transcriber, uid: string, { fairUse, budget }: SpendingLimits): Transcriber {
  return {
    async transcribe(request, signal) {
      await fairUse.requireBudget(uid);
      // A service bills each channel.
      const seconds = (request.durationMs / 1000) * request.audio.channels;
      const takeBack = await budget.spend(uid, 'sentSeconds', seconds);
      try {
        return await transcriber.transcribe(request, signal);
      } catch (error) {
        // Otherwise a wrong key would use up the day's budget of the project, which then waits for the next day.
        if (error instanceof AppError && NOT_BILLED.has(error.code)) await takeBack().catch(() => undefined);
        throw error;
      }
    },
  };
}
