/** Turns recordings into stored results. Scanning continues while requests are in flight, but no faster than requests end. */
import pMap from 'p-map';
import type { Listener } from '../audio/detect/listener.ts';
import { failure } from '../completion/outcome.ts';
import { AppError } from '../errors.ts';
import { chunkId } from '../jobs/chunk.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { KeptAudio, UnnamedAudio } from '../storage/keptAudio.ts';
import type { StagedAudio } from '../storage/stagedAudio.ts';
import type { SpeechSettings } from '../transcription/preferences.ts';
import type { SpeechAudio, Transcriber } from '../transcription/transcriber.ts';
import type { FileWork } from './fileWork.ts';
import { ownAudio } from './keepAudio.ts';
import { ProgressReporter } from './progress.ts';
import { readAhead } from './readAhead.ts';
import type { Chunk } from './prepareWords.ts';
import type { Recorder } from './recorder.ts';
import { scanRecordings, seconds } from './scan.ts';
import type { ScanEvent, ScanSettings } from './scanEvent.ts';
import { speechAudio } from './chunkAudio.ts';
import { placeChunkWords, transcribePatiently } from './transcribe.ts';

export interface PipelineDeps {
  readonly audio: StagedAudio;
  readonly listener: () => Promise<Listener>;
  readonly transcriber: Transcriber;
  readonly coverage: Coverage;
  /** What the user prefers for transcription. */
  readonly speech: SpeechSettings;
  /** Null if no audio is kept. */
  readonly keptAudio: Pick<KeptAudio, 'put'> | null;
  readonly settings: ScanSettings;
  /** Requests in flight at most. */
  readonly concurrency: number;
  readonly isTimeUp: () => boolean;
  /** When requests in flight are abandoned, Unix milliseconds. */
  readonly requestsEndMs: number;
  /** See `ScanDeps.onReading`. Also called with the recording of a chunk that fails. */
  readonly onReading?: (file: JobFile) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly now: () => number;
}

/** Chunks planned in advance while all requests are in flight, so that the next request need not wait for its audio to be read. */
const CHUNKS_AHEAD = 2;

/** A chunk that waits for its request. */
interface Order extends Chunk {
  readonly uid: string;
  /** Its first recording. All of its recordings have one format. */
  readonly file: JobFile;
}

/** What an attempt works on. */
export interface Work {
  readonly jobId: string;
  readonly job: Job;
  /** All recordings of the job. */
  readonly all: readonly JobFile[];
  /** The recordings to process, in order of time. */
  readonly files: readonly JobFile[];
  readonly fileWork: FileWork;
  readonly recorder: Recorder;
}

/**
 * Processes recordings of the job as far as time allows.
 * @returns whether everything was scanned and has its result.
 * @throws the first failure that is not the fault of a recording or a chunk, after all requests in flight have ended, so that results
 * that are paid for are kept.
 */
export async function transcribeRecordings(work: Work, deps: PipelineDeps): Promise<{ complete: boolean }> {
  const { jobId, job, all, files, fileWork, recorder } = work;
  const progress = new ProgressReporter(job, all, (change) => recorder.save(change), deps.now);
  const byName = new Map(all.map((file) => [file.name, file]));
  const failures: unknown[] = [];
  let complete = true;
  let begun = 0;
  // Every attempt makes some progress: one result, or one recording that is done.
  const isTimeUp = (): boolean => deps.isTimeUp() && (begun > 0 || fileWork.done().length > 0);

  async function* orders(): AsyncGenerator<Order> {
    try {
      const onReading = async (file: JobFile): Promise<void> => {
        if (failures.length === 0) await deps.onReading?.(file);
      };
      const scan = {
        ...deps,
        ...(deps.onReading === undefined ? {} : { onReading }),
        jobId,
        listener: await deps.listener(),
        open: (file: JobFile) => deps.audio.open(file),
      };
      for await (const event of scanRecordings(files, scan)) {
        if (event.kind === 'chunk') {
          const { chunk: plan, file } = event;
          const id = chunkId(job.uid, file.deviceId, plan.spans, byName);
          fileWork.noteChunk(
            id,
            plan.spans.map(({ fileName }) => fileName),
          );
          await progress.chunkPlanned();
          yield { id, uid: job.uid, deviceId: file.deviceId, plan, file };
        } else {
          note(event, fileWork, deps.log);
          if (event.kind === 'planned') recorder.finalizeSoon();
          else await progress.fileScanned(event.file);
        }
        if (failures.length > 0) return;
        if (isTimeUp()) {
          complete = false;
          return;
        }
      }
    } catch (error) {
      failures.push(error);
    }
  }

  const transcribe = async (order: Order): Promise<void> => {
    if (failures.length > 0) return;
    if (isTimeUp()) {
      complete = false;
      return;
    }
    begun++;
    try {
      await transcribeChunk(order, recorder, progress, deps);
    } catch (error) {
      failures.push(error);
      // The scan already reads a later recording, but this chunk's fails.
      const file = byName.get(order.plan.spans[0]?.fileName ?? '');
      if (file !== undefined && !deps.signal.aborted) await deps.onReading?.(file).catch(() => undefined);
    }
  };

  await pMap(readAhead(orders(), CHUNKS_AHEAD), transcribe, { concurrency: deps.concurrency });
  if (failures.length > 0) throw failures[0];
  return { complete };
}

/** Notes what a scan has found out about a recording. */
function note(event: Exclude<ScanEvent, { kind: 'chunk' }>, fileWork: FileWork, log: Logger): void {
  const { file } = event;
  if (event.kind === 'planned') {
    fileWork.notePlanned(file.name);
    return;
  }
  const readSeconds = seconds(event.samples);
  const duplicateSeconds = seconds(event.duplicateSamples);
  if (event.kind === 'decoded') {
    const { corruptFrames, corruptSeconds, tornBytes, stoppedBecause } = event.report;
    fileWork.noteRead(file.name, {
      durationSeconds: readSeconds,
      lostSeconds: corruptSeconds,
      duplicateSeconds,
      error: stoppedBecause === null ? null : failure(file.name, 'recording_corrupt', stoppedBecause),
    });
    if (corruptFrames > 0 || tornBytes > 0) {
      log.warn('recording.damaged', { stage: 'decode', corruptFrames, corruptSeconds, tornBytes });
    }
  } else {
    const { code, message } = event.error;
    const durationSeconds = Math.max(file.durationSeconds ?? 0, readSeconds);
    fileWork.noteRead(file.name, {
      durationSeconds,
      lostSeconds: durationSeconds - readSeconds,
      duplicateSeconds,
      error: failure(file.name, code, message),
    });
    log.warn('recording.failed', { stage: 'decode', code });
  }
}

/** Keeps the audio of a chunk. If that fails, the chunk's words, which are paid for, are stored without it. */
async function keep(
  { id, uid, plan, file }: Order,
  sent: SpeechAudio,
  { keptAudio, log }: PipelineDeps,
): Promise<UnnamedAudio | null> {
  if (keptAudio === null) return null;
  try {
    return await keptAudio.put({ uid, chunkId: id, ...(await ownAudio(plan, file.format, sent)) });
  } catch (error) {
    log.warn('audio.not_kept', { stage: 'transcribe', chunkId: id, ...errorFields(error) });
    return null;
  }
}

async function transcribeChunk(
  order: Order,
  recorder: Recorder,
  progress: ProgressReporter,
  deps: PipelineDeps,
): Promise<void> {
  const { id, plan, file } = order;
  const started = deps.now();
  try {
    const { context } = plan;
    const audio = { preRoll: plan.preRoll, frames: [...context.frames, ...plan.frames] };
    const speech = await speechAudio(audio, file.format, plan.spans, deps.settings.channels);
    const request = { audio: speech, durationMs: context.durationMs + plan.durationMs, ...deps.speech };
    const result = await transcribePatiently(deps.transcriber, request, { ...deps, endsMs: deps.requestsEndMs });
    const heard = placeChunkWords(result.words, plan);
    const kept = heard.words.length === 0 ? null : await keep(order, speech, deps);
    await recorder.recordTranscription(order, result, heard, progress.chunkDone(), kept);
    deps.log.info('chunk.transcribed', {
      stage: 'transcribe',
      chunkId: id,
      requestId: result.requestId,
      transcriber: result.transcriber,
      billedSeconds: result.billedSeconds,
      words: result.words.length,
      ms: deps.now() - started,
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.remedy !== 'never') throw error;
    await recorder.recordRefusal(order, failure(null, error.code, error.message), progress.chunkDone());
    deps.log.warn('chunk.refused', { stage: 'transcribe', chunkId: id, code: error.code });
  }
}
