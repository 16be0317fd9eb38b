import { memo } from 'preact/compat';
import { useMemo, useState } from 'preact/hooks';
import { useApp } from './app.ts';
import type { LocalRecording } from '../data/keptRecordings.ts';
import { LOCAL_STATES } from '../domain/recordingText.ts';
import { SendingProgress, sendingText } from '../domain/sending.ts';
import { isPassing, statusText } from '../domain/statusText.ts';
import { bytes, until } from '../domain/time.ts';
import { hrefs } from '../router.ts';
import { Confirm } from './confirm.tsx';
import { ConfirmEmailButton, useConfirmEmail } from './confirmEmail.tsx';
import { Glyph } from './icons.tsx';
import { LongList } from './longList.tsx';
import { useNow, useOnline } from './now.ts';
import { ProgressBar } from './progressBar.tsx';
import { tellProblem } from './toast.tsx';

/** Completed recordings are shown for this long, so that the user sees that they are done, milliseconds. */
const SHOWN_AFTER_MS = 10 * 60_000;

/** Height of a row, pixels. */
const ROW_HEIGHT = 64;

/** Recordings that this device has, or had until a moment ago. */
export function OnThisDevice() {
  const { outbox } = useApp();
  const now = useNow(30_000);
  const recordings = outbox.recordings.value.filter(
    ({ state, changedAt }) => state !== 'synced' || now - changedAt < SHOWN_AFTER_MS,
  );
  return (
    <section aria-labelledby="on-this-device">
      <h2 id="on-this-device">On this device</h2>
      <p class="hint">
        A recording stays here until the server says that it is transcribed, silent, or a duplicate. Reloading, closing
        and losing the network do no harm.
      </p>
      <Status />
      <Sending />
      {!outbox.isRead.value && <p class="hint">Reading the recordings on this device …</p>}
      {recordings.length === 0 ? (
        outbox.isRead.value && <p class="empty">Nothing waits to be sent.</p>
      ) : (
        <LongList
          class="files"
          items={recordings}
          rowHeight={ROW_HEIGHT}
          row={(recording) => <Row key={recording.id} recording={recording} />}
        />
      )}
    </section>
  );
}

/** Says why nothing is being sent, if so. */
function Status() {
  const { outbox } = useApp();
  const online = useOnline();
  const now = useNow(1000);
  const status = outbox.status.value;
  const text = statusText(status);
  const seenAt = useMemo(Date.now, [status]);
  // Some platforms report "offline" although the network works.
  if (!online && status.state !== 'uploading')
    return <p class="notice">There is no network: what is recorded waits here, and goes on by itself.</p>;
  if (text === null) return null;
  if (status.until === null) return <p class="notice">{text}</p>;
  if (status.until < now || isPassing(status, seenAt)) return null;
  return (
    <div class={status.state === 'signed_out' ? 'notice bad row wrap' : 'notice row wrap'}>
      <span>
        {text} It is tried again {until(status.until, now)}.
      </span>
      <button
        class="button small"
        onClick={() => {
          outbox.syncNow().catch(tellProblem);
        }}
      >
        Now
      </button>
      {status.reason === 'sign_up_not_allowed' && <ConfirmEmail />}
    </div>
  );
}

/** Says how many recordings are sent, and how long the rest will take. */
function Sending() {
  const { outbox } = useApp();
  const progress = useMemo(() => new SendingProgress(), [outbox]);
  useNow(1000);
  const sending = progress.update(outbox.recordings.value, performance.now());
  if (sending === null) return null;
  const text = sendingText(sending);
  return (
    <div class="progress">
      <ProgressBar label="Sending" percent={(100 * sending.sentBytes) / sending.totalBytes} text={text} />
      <p>{text}</p>
    </div>
  );
}

/** Offers to confirm the e-mail address: some services admit only accounts that did. */
function ConfirmEmail() {
  const { state, confirm } = useConfirmEmail();
  return state === 'unconfirmed' ? <ConfirmEmailButton confirm={confirm} /> : null;
}

/** Rendered again only if it has changed, because many rows change at different times. */
const Row = memo(function Row({ recording }: { recording: LocalRecording }) {
  const { id, name, size, state, jobId, failure, sentBytes } = recording;
  const { outbox } = useApp();
  const [removing, setRemoving] = useState(false);
  const sent = state === 'uploading' && sentBytes !== null ? `${bytes(sentBytes)} of ${bytes(size)}` : bytes(size);
  return (
    <li class="file-row">
      <span class={`state-dot ${state}`} aria-hidden="true" />
      <div>
        <p class="file-name" dir="auto">
          {name}
        </p>
        <p class="hint">
          {sent}
          {jobId !== null && (
            <>
              {' · '}
              <a href={hrefs.job(jobId)} aria-label={`Job of ${name}`}>
                job
              </a>
            </>
          )}
        </p>
        {failure !== null && <p class="reason">{failure.message}</p>}
      </div>
      <span class="file-state">{LOCAL_STATES[state]}</span>
      {(state === 'failed' || state === 'waiting') && (
        <span class="row">
          {state === 'failed' && (
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
              setRemoving(true);
            }}
          >
            <Glyph name="trash" size={18} />
          </button>
        </span>
      )}
      {removing && (
        <Confirm
          title="Remove this recording?"
          action="Remove it"
          onAnswer={(confirmed) => {
            setRemoving(false);
            if (confirmed) outbox.discard(id).catch(tellProblem);
          }}
        >
          <p>It was not transcribed. There may be no other copy of it.</p>
        </Confirm>
      )}
    </li>
  );
});
