/** `processSyncJob`: one delivery of one job's task. */
import { availableParallelism } from 'node:os';
import { onTaskDispatched } from 'firebase-functions/v2/tasks';
import type { TaskQueueOptions } from 'firebase-functions/v2/tasks';
import type { Listener } from '../audio/detect/listener.ts';
import { params, region, TASK_TIMEOUT_SECONDS } from '../config.ts';
import type { TaskPayload } from '../jobs/job.ts';
import { parseTaskPayload } from '../jobs/queue.ts';
import { QUEUE } from '../requirements.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';
import { secretsFor } from '../secrets.ts';

/** Private: IAM admits Cloud Tasks alone. */
export const options = {
  region,
  invoker: 'private',
  memory: '2GiB',
  cpu: 2,
  concurrency: 1,
  timeoutSeconds: TASK_TIMEOUT_SECONDS,
  secrets: secretsFor(process.env),
  ...QUEUE,
} satisfies TaskQueueOptions;

export const processSyncJob = onTaskDispatched(options, async ({ data }) => {
  const payload = parseTaskPayload(data);
  if (payload === null) {
    logger.error('task.dropped', { stage: 'gate', reason: 'malformed_payload' });
    return;
  }
  await work(payload);
});

const work = lazily(async () => {
  const [platform, worker, preferences, usage, transcription, containers, requestSlots] = await Promise.all([
    import('../platform.ts'),
    import('../worker/processJob.ts'),
    import('../transcription/preferences.ts'),
    import('../usage/usage.ts'),
    import('../transcription/configured.ts'),
    import('../audio/read/containers/decodeContainer.ts'),
    import('../transcription/requestSlots.ts'),
  ]);
  const { budget, completionDeps, db, fairUse, keptAudio, queue, registry, summariesBy, turns } = platform;
  const transcriber = transcription.configuredTranscriberName();
  // Only Deepgram tells speakers or channels apart.
  const tellsSpeakersApart = transcriber === 'deepgram' && (params.diarize.value() || params.multichannel.value());
  // The local recogniser calls no service, so it needs no slots.
  const limit = transcriber === 'local' ? 0 : params.projectRequests.value();
  // One pool of threads for each instance, made with its first task.
  let listener: Promise<Listener> | undefined;
  const deps = {
    ...completionDeps(),
    summaries: summariesBy(transcription.configuredSummariser()),
    queue,
    turns,
    usage: new usage.UsageStore(db),
    keptAudio: keptAudio(),
    registry,
    speech: {
      listener: () => (listener ??= startListeners()),
      transcriber: transcription.createTranscriber(transcriber),
      preferences: new preferences.PreferenceStore(db, {
        defaultLanguage: params.defaultLanguage.value(),
        hints: params.languageHints.value(),
        logger,
        report: preferences.reportIgnored(db),
      }),
      // Locally, more chunks than processors would only hold memory longer.
      concurrency: transcriber === 'local' ? availableParallelism() : params.deepgramConcurrency.value(),
    },
    spending: { fairUse, budget, slots: new requestSlots.RequestSlots({ db, limit, now: Date.now }) },
    scan: {
      conversationGapMs: params.conversationGapSeconds.value() * 1000,
      maxChunkMs: params.maxChunkMinutes.value() * 60_000,
      contextMs: tellsSpeakersApart ? params.speakerContextSeconds.value() * 1000 : 0,
      channels: transcriber === 'deepgram' && params.multichannel.value() ? ('separate' as const) : ('mixed' as const),
      decoder: containers.DECODERS.find((decoder) => decoder === params.decoder.value()) ?? 'auto',
      ffmpegPath: params.ffmpegPath.value(),
    },
    times: {
      workMs: params.taskWorkSeconds.value() * 1000,
      taskMs: TASK_TIMEOUT_SECONDS * 1000,
      leaseMs: params.taskLeaseSeconds.value() * 1000,
    },
    exit: () => process.exit(1),
  };
  return (payload: TaskPayload) => worker.processJob(payload, deps);
});

async function startListeners(): Promise<Listener> {
  const [{ collectGarbageEarly }, { ListenerPool }] = await Promise.all([
    import('../audio/detect/heap.ts'),
    import('../audio/detect/listenerPool.ts'),
  ]);
  collectGarbageEarly();
  return new ListenerPool();
}
