import { useState } from 'preact/hooks';
import { filesOfJobs, isFinished, jobPath, NO_LIMIT } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Job, JobFile } from '../data/model.ts';
import { counted } from '../domain/counted.ts';
import { canCancel, devicesOf, reasonsOf, retryOf } from '../domain/jobText.ts';
import { FILE_STATES } from '../domain/recordingText.ts';
import { isDenied } from '../domain/sentence.ts';
import { bytes, clock, clockSeconds, dayOf, dayOfYear, duration } from '../domain/time.ts';
import { filePageOf, jobOf } from '../firebase/documents.ts';
import { call, liveDocument, liveQuery } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { Confirm } from '../ui/confirm.tsx';
import { ConversationLinks } from '../ui/conversationLinks.tsx';
import { Glyph } from '../ui/icons.tsx';
import { JobProgress, StatusChip, WaitingFor } from '../ui/job.tsx';
import { LedgerBar } from '../ui/ledger.tsx';
import { useLive } from '../ui/live.ts';
import { LongList } from '../ui/longList.tsx';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';
import { tell, tellProblem } from '../ui/toast.tsx';

export function JobScreen({ id }: { id: string }) {
  const { uid } = useApp();
  const job = useLive(`job/${id}`, () => liveDocument(jobPath(id), jobOf));
  const pages = useLive(`job/${id}/files`, () => liveQuery(filesOfJobs(uid, id, NO_LIMIT), filePageOf));
  if (job.kind === 'failed') return isDenied(job.error) ? <Gone /> : <Problem error={job.error} />;
  if (job.kind === 'ready' && job.value === null && !job.fromCache) return <Gone />;
  if (job.kind === 'loading') return <Waiting what="the job" />;
  if (job.value === null) return <Unreached what="the job" />;
  const files = pages.kind === 'ready' ? pages.value.flatMap((page) => page.files) : [];
  return (
    <>
      <JobView job={{ ...job.value, files }} />
      {pages.kind === 'failed' && <Problem error={pages.error} />}
    </>
  );
}

function Gone() {
  return (
    <Screen title="This job is gone" context={<a href={hrefs.jobs}>Jobs</a>}>
      <p>Jobs are removed some days after their end. Their conversations stay: see your days.</p>
    </Screen>
  );
}

function JobView({ job }: { job: Job }) {
  const count = counted(job.fileCount, 'recording');
  return (
    <Screen
      title={`${count} of ${devicesOf(job)}`}
      context={<a href={hrefs.jobs}>Jobs</a>}
      actions={<Commands job={job} />}
    >
      <p class="row start">
        <StatusChip status={job.status} />
        <span class="hint">
          sent {dayOfYear(job.createdAt)}, {clock(job.createdAt)}
          {job.finishedAt !== null && `, ended ${clock(job.finishedAt)}`}
        </span>
      </p>
      {!isFinished(job.status) && (
        <div class="card">
          <JobProgress job={job} />
          <WaitingFor job={job} />
        </div>
      )}
      <Reasons job={job} />
      {job.ledger.audioSeconds > 0 && (
        <section aria-labelledby="ledger">
          <h2 id="ledger">Where every second went</h2>
          <LedgerBar ledger={job.ledger} />
          <p class="hint">
            {duration(job.ledger.audioSeconds)} of audio, {duration(job.billedSeconds)} billed for transcription.
          </p>
        </section>
      )}
      <Outcome job={job} />
      <section aria-labelledby="recordings">
        <h2 id="recordings">Recordings</h2>
        <LongList
          class="files"
          items={job.files}
          rowHeight={FILE_ROW_HEIGHT}
          row={(file) => <FileRow key={file.name} file={file} />}
        />
      </section>
      {isFinished(job.status) && (
        <p class="hint">This page is kept until {dayOfYear(job.expiresAt)}. Conversations stay.</p>
      )}
    </Screen>
  );
}

/** Height of a row, pixels. */
const FILE_ROW_HEIGHT = 64;

function Commands({ job }: { job: Job }) {
  const [busy, setBusy] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const retry = retryOf(job);
  const command = (name: 'retrySyncJob' | 'cancelSyncJob', done: string): void => {
    setBusy(true);
    call(name, { job_id: job.id })
      .then(() => {
        tell(done);
      }, tellProblem)
      .finally(() => {
        setBusy(false);
      });
  };
  return (
    <>
      {retry !== 'no' && (
        <button
          class={retry === 'likely' ? 'button primary' : 'button'}
          aria-disabled={busy}
          onClick={() => {
            command('retrySyncJob', 'The failed recordings are tried again.');
          }}
        >
          <Glyph name="retry" size={18} /> Try again
        </button>
      )}
      {canCancel(job) && (
        <button
          class="button"
          aria-disabled={busy}
          onClick={() => {
            setCancelling(true);
          }}
        >
          <Glyph name="close" size={18} /> Cancel
        </button>
      )}
      {cancelling && (
        <Confirm
          title="Cancel this job?"
          action="Cancel the job"
          onAnswer={(confirmed) => {
            setCancelling(false);
            if (confirmed) command('cancelSyncJob', 'The job is cancelled.');
          }}
        >
          <p>What is transcribed already stays. The audio of the rest is deleted on the server.</p>
        </Confirm>
      )}
    </>
  );
}

function Reasons({ job }: { job: Job }) {
  const reasons = reasonsOf(job);
  if (reasons.length === 0) return null;
  return (
    <section class="reasons" aria-label="What went wrong">
      {reasons.map(({ code, message, wayOut, files }) => (
        <div key={`${code}/${message}`} class="notice bad">
          <p>
            <b>{message}</b>
          </p>
          <p>{wayOut}</p>
          {files.length > 0 && (
            <p class="hint">
              {files.length === 1 ? files[0] : counted(files.length, 'recording')} · <code>{code}</code>
            </p>
          )}
        </div>
      ))}
    </section>
  );
}

/** Number of conversations that are shown at first. A button shows more. */
const NAMED = 30;

/** The conversations that the job added to or created. */
function Outcome({ job }: { job: Job }) {
  const [shown, setShown] = useState(NAMED);
  const ids = job.conversationIds;
  if (ids.length === 0) return null;
  const parts = Array.from({ length: Math.ceil(Math.min(shown, ids.length) / NAMED) }, (_, i) =>
    ids.slice(i * NAMED, (i + 1) * NAMED),
  );
  const rest = ids.length - shown;
  return (
    <section aria-labelledby="outcome">
      <h2 id="outcome">Conversations</h2>
      {parts.map((part, i) => (
        <ConversationLinks key={i} ids={part} />
      ))}
      {rest > 0 && (
        <button
          class="button"
          onClick={() => {
            setShown(shown + NAMED);
          }}
        >
          Show {Math.min(rest, NAMED)} of {rest} more
        </button>
      )}
    </section>
  );
}

function FileRow({ file }: { file: JobFile }) {
  const { name, state, startedAt, sizeBytes, durationSeconds, speechSeconds, duplicateOf, error } = file;
  return (
    <li class="file-row">
      <span class={`state-dot ${state}`} aria-hidden="true" />
      <div>
        <p class="file-name" dir="auto">
          {name}
        </p>
        <p class="hint">
          <a href={hrefs.day(dayOf(startedAt))}>
            {dayOfYear(startedAt)}, {clockSeconds(startedAt)}
          </a>
          {' · '}
          {bytes(sizeBytes)}
          {durationSeconds !== null && ` · ${duration(durationSeconds)}`}
          {speechSeconds > 0 && ` · ${duration(speechSeconds)} speech`}
        </p>
        {duplicateOf !== null && <p class="hint">The same audio as {duplicateOf}: it is not billed again.</p>}
        {error !== null && <p class="reason">{error.message}</p>}
      </div>
      <span class="file-state">{FILE_STATES[state]}</span>
    </li>
  );
}
