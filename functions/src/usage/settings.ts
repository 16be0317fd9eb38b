/** The settings of limits and budgets, in the form that the stores take. */
import { params } from '../config.ts';

/** The limits of one user for `FairUse`. Seconds. */
export function fairUseLimits() {
  return {
    maxActiveJobs: params.maxActiveJobs.value(),
    maxUnfinishedUploads: params.maxUnfinishedUploads.value(),
    dailySpeechSeconds: params.dailySpeechMinutes.value() * 60,
    throttledSpeechSeconds: params.throttledSpeechMinutes.value() * 60,
  };
}

/** The daily budgets of one user and of the project for `DailyBudget`: seconds of audio, and bytes. */
export function budgetLimits() {
  return {
    user: {
      detectedSeconds: params.dailyAudioMinutes.value() * 60,
      // Speech of one user is limited by `FairUse`, which knows the user's stage.
      sentSeconds: 0,
      uploadedBytes: params.dailyUploadMegabytes.value() * 1e6,
      sharedBytes: params.dailySharedAudioMegabytes.value() * 1e6,
    },
    project: {
      detectedSeconds: params.projectAudioMinutes.value() * 60,
      sentSeconds: params.projectSpeechMinutes.value() * 60,
      uploadedBytes: params.projectUploadMegabytes.value() * 1e6,
      sharedBytes: params.projectSharedAudioMegabytes.value() * 1e6,
    },
  };
}
