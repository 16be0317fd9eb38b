import { useRef, useState } from 'preact/hooks';
import { isFinished, newestJobs } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Job } from '../data/model.ts';
import { counted } from '../domain/counted.ts';
import { devicesOf } from '../domain/jobText.ts';
import { clock, duration, relativeDay } from '../domain/time.ts';
import { jobOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { JobProgress, StatusChip, WaitingFor } from '../ui/job.tsx';
import { LedgerBar } from '../ui/ledger.tsx';
import { useJobFiles } from '../ui/jobFiles.ts';
import { useLive } from '../ui/live.ts';
import { useNow } from '../ui/now.ts';
import { More } from '../ui/more.tsx';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';

/** Number of jobs on one page of the list. */
const PAGE = 30;

export function JobsScreen() {
  const { uid } = useApp();
  const [shown, setShown] = useState(PAGE);
  const jobs = useLive(`jobs/${uid}/${shown}`, () => liveQuery(newestJobs(uid, shown), jobOf));
  // The jobs that are listed stay while more are loaded.
  const last = useRef(jobs);
  if (jobs.kind !== 'loading') last.current = jobs;
  const known = last.current;
  return (
    <Screen title="Jobs">
      <p class="lead">What was sent, how far it is, and where every second went.</p>
      {known.kind === 'failed' && <Problem error={known.error} />}
      {known.kind === 'loading' && <Waiting what="jobs" />}
      {known.kind === 'ready' &&
        (known.fromCache && known.value.length === 0 ? <Unreached what="jobs" /> : <Jobs jobs={known.value} />)}
      {known.kind === 'ready' && (jobs.kind === 'loading' || known.value.length >= shown) && (
        <More
          label={`Show ${PAGE} older ones`}
          isBusy={jobs.kind === 'loading'}
          onMore={() => {
            setShown(shown + PAGE);
          }}
        />
      )}
    </Screen>
  );
}

/** Jobs that have not ended are always listed, however old they are. */
function Jobs({ jobs: newest }: { jobs: readonly Job[] }) {
  const { underWay } = useApp();
  const { jobs } = useJobFiles(newest);
  const known = new Set(jobs.map(({ id }) => id));
  const older = underWay.kind === 'ready' ? underWay.value.filter(({ id }) => !known.has(id)) : [];
  if (jobs.length === 0) {
    return (
      <p class="empty">
        There are no jobs. <a href={hrefs.record}>Record something, or add recordings.</a>
      </p>
    );
  }
  const moving = [...jobs.filter((job) => !isFinished(job.status)), ...older];
  const ended = jobs.filter((job) => isFinished(job.status));
  return (
    <>
      {moving.length > 0 && <JobList title="Under way" jobs={moving} />}
      {ended.length > 0 && <JobList title="Ended" jobs={ended} />}
    </>
  );
}

function JobList({ title, jobs }: { title: string; jobs: readonly Job[] }) {
  const now = useNow(60_000);
  const id = title.toLowerCase().replace(' ', '-');
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul class="cards">
        {jobs.map((job) => (
          <li key={job.id} class="card job-card">
            <div class="row">
              <a class="card-link" href={hrefs.job(job.id)}>
                {counted(job.fileCount, 'recording')} of {devicesOf(job)}
              </a>
              <StatusChip status={job.status} />
            </div>
            <p class="hint">
              {relativeDay(job.createdAt, now)}, {clock(job.createdAt)}
              {job.ledger.audioSeconds > 0 && ` · ${duration(job.ledger.audioSeconds)} of audio`}
              {job.conversationIds.length > 0 && ` · ${counted(job.conversationIds.length, 'conversation')}`}
            </p>
            {isFinished(job.status) ? (
              <LedgerBar ledger={job.ledger} legend={false} />
            ) : (
              <>
                <JobProgress job={job} />
                <WaitingFor job={job} />
              </>
            )}
            {job.failures[0] !== undefined && <p class="reason">{job.failures[0].message}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
