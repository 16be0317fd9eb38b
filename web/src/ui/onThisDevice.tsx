import { useApp } from './app.ts';
import { bytes } from '../domain/time.ts';
import { hrefs } from '../router.ts';
import type { LocalRecording } from '../sync/outbox.ts';
import { Glyph } from './icons.tsx';
import { tellProblem } from './toast.tsx';

const STATES: Readonly<Record<LocalRecording['state'], string>> = {
  waiting: 'waiting to be sent',
  uploading: 'sending',
  uploaded: 'sent, queued',
  processing: 'being processed',
  synced: 'done: deleted here',
  failed: 'stopped',
};

/** Recordings that this device still has, or just had. */
export function OnThisDevice() {
  const { outbox } = useApp();
  const recordings = outbox.recordings.value;
  return (
    <section aria-labelledby="on-this-device">
      <h2 id="on-this-device">On this device</h2>
      <p class="hint">A recording stays here until the server says that it is transcribed, silent or known.</p>
      {recordings.length === 0 ? (
        <p class="empty">Everything is sent.</p>
      ) : (
        <ul class="files">
          {recordings.map((recording) => (
            <Row key={recording.id} recording={recording} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ recording: { id, name, size, state, jobId, failure } }: { recording: LocalRecording }) {
  const { outbox } = useApp();
  return (
    <li class="file-row">
      <span class={`state-dot ${state}`} aria-hidden="true" />
      <div>
        <p class="file-name">{name}</p>
        <p class="hint">
          {bytes(size)}
          {jobId !== null && (
            <>
              {' · '}
              <a href={hrefs.job(jobId)}>job</a>
            </>
          )}
        </p>
        {failure !== null && <p class="reason">{failure.message}</p>}
      </div>
      <span class="file-state">{STATES[state]}</span>
      {state === 'failed' && (
        <span class="row">
          {failure?.retryable === true && (
            <button
              class="button small"
              onClick={() => {
                outbox.retry(id).catch(tellProblem);
              }}
            >
              Try again
            </button>
          )}
          <button
            class="icon-button"
            aria-label={`Remove ${name} from this device`}
            onClick={() => {
              outbox.remove(id).catch(tellProblem);
            }}
          >
            <Glyph name="trash" size={18} />
          </button>
        </span>
      )}
    </li>
  );
}
