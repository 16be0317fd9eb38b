import type { JobStatus } from 'offline-audio-sync-contract';
import type { Job } from '../data/model.ts';
import { stageLabel, statusLabel, statusTone } from '../domain/jobText.ts';
import { clock, until } from '../domain/time.ts';
import { Glyph } from './icons.tsx';
import { useNow } from './now.ts';
import { ProgressBar } from './progressBar.tsx';

export function StatusChip({ status }: { status: JobStatus }) {
  return <span class={`chip ${statusTone(status)}`}>{statusLabel(status)}</span>;
}

export function JobProgress({ job }: { job: Job }) {
  const { percent } = job;
  return (
    <div class="progress">
      <ProgressBar label="Progress" percent={percent} text={stageLabel(job)} />
      <p>
        <b>{Math.round(percent)} %</b> {stageLabel(job)}
      </p>
    </div>
  );
}

/** Says what a job waits for, and until when. */
export function WaitingFor({ job }: { job: Job }) {
  const { waitingFor } = job;
  const now = useNow((waitingFor?.until ?? null) === null ? null : 1000);
  // Every job waits a moment for a worker and for its uploads. The progress says so already.
  if (waitingFor === null || waitingFor.reason === 'queue' || waitingFor.reason === 'uploads') return null;
  return (
    <p class="waiting-for">
      <Glyph name="wait" size={18} />
      <span>
        {waitingFor.message}
        {waitingFor.until !== null && (
          <>
            {' '}
            <b>
              Goes on {until(waitingFor.until, now)} ({clock(waitingFor.until)}).
            </b>
          </>
        )}
      </span>
    </p>
  );
}
