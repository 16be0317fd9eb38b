/** Deletes everything, or the account with everything. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { counted } from '../domain/counted.ts';
import { isToSend } from '../domain/recordingText.ts';
import { sentenceOf } from '../domain/sentence.ts';
import { hrefs } from '../router.ts';
import { beforeLeaving, setSignOutMessage } from '../session.ts';
import { deleteEverything, type Left } from '../sync/deleteEverything.ts';
import { useApp } from './app.ts';
import { Glyph } from './icons.tsx';
import { ProgressBar } from './progressBar.tsx';
import { tellProblem } from './toast.tsx';
import { TypedConfirm } from './typedConfirm.tsx';

type Work =
  | { readonly kind: 'none' }
  | { readonly kind: 'deleting'; readonly left: Left | null; readonly atFirst: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Belongs to the page, not to the screen: the deletion continues while another screen is shown. */
const underWay = signal<Work>({ kind: 'none' });

type What = 'everything' | 'account';

interface DeletingProps {
  /** Also deletes what this browser has stored. */
  readonly onSignOut: () => Promise<void>;
}

export function Deleting({ onSignOut }: DeletingProps) {
  const [asking, setAsking] = useState<What | null>(null);
  const work = underWay.value;
  const button = (what: What, label: string): JSX.Element => (
    <button
      class="button danger quiet"
      aria-disabled={work.kind === 'deleting'}
      onClick={() => {
        setAsking(what);
      }}
    >
      <Glyph name="trash" size={18} /> {label}
    </button>
  );
  return (
    <section class="card stack" aria-labelledby="delete">
      <h2 id="delete">Delete</h2>
      <p>First export what you may need again: what is deleted cannot be restored.</p>
      <div class="row start wrap">
        {button('everything', 'Delete everything')}
        {button('account', 'Delete my account')}
      </div>
      {work.kind === 'deleting' && <UnderWay {...work} />}
      {work.kind === 'failed' && (
        <p class="notice bad" role="alert">
          {sentenceOf(work.error)} The service deletes the rest within hours. You can also press the button again.
        </p>
      )}
      {asking !== null && (
        <Confirm
          what={asking}
          onSignOut={onSignOut}
          onClose={() => {
            setAsking(null);
          }}
        />
      )}
    </section>
  );
}

interface ConfirmProps extends DeletingProps {
  readonly what: What;
  readonly onClose: () => void;
}

function Confirm({ what, onSignOut, onClose }: ConfirmProps) {
  const { uid } = useApp();
  if (what === 'everything') {
    return (
      <TypedConfirm
        title="Delete everything?"
        action="Delete everything"
        onClose={onClose}
        onConfirm={() => {
          void removeEverything(uid, onSignOut);
          return Promise.resolve();
        }}
      >
        <p>
          All conversations, corrections, links, audio and jobs, on all your devices. Your account and its settings
          stay. You are signed out then, so that this browser forgets them, too.
        </p>
        <NotSent />
      </TypedConfirm>
    );
  }
  return (
    <TypedConfirm
      title="Delete your account and everything in it?"
      action="Delete my account"
      onClose={onClose}
      onConfirm={() => removeAccount(onSignOut)}
    >
      <p>
        Your account, and with it all conversations, corrections, links, audio, jobs and settings, on all your devices.
      </p>
      <NotSent />
    </TypedConfirm>
  );
}

const ALL_GONE =
  'Everything was deleted: conversations, corrections, links, audio and jobs. Your account is still there.';
const ACCOUNT_GONE = 'Your account was deleted. Everything in it is deleted within minutes.';

/** Never rejects: {@link underWay} has the result. */
async function removeEverything(uid: string, onSignOut: () => Promise<void>): Promise<void> {
  let atFirst = 0;
  underWay.value = { kind: 'deleting', left: null, atFirst };
  try {
    await deleteEverything(uid, (left) => {
      atFirst = Math.max(atFirst, left.conversations + left.jobs);
      underWay.value = { kind: 'deleting', left, atFirst };
    });
    setSignOutMessage(ALL_GONE);
    await onSignOut();
  } catch (error) {
    underWay.value = { kind: 'failed', error };
    if (location.pathname !== hrefs.settings) tellProblem(error);
  }
}

/** @throws Error with a sentence for the user if Firebase requires a recent sign-in */
async function removeAccount(onSignOut: DeletingProps['onSignOut']): Promise<void> {
  let left: Promise<void> | null = null;
  const leaveOnce = (): Promise<void> => (left ??= onSignOut());
  // Firebase ends the session when the account is gone, and the page is left then.
  const removeTask = beforeLeaving(leaveOnce);
  const removeMessage = setSignOutMessage(ACCOUNT_GONE);
  try {
    await (await import('../firebase/auth.ts')).deleteAccount();
  } catch (error) {
    removeTask();
    removeMessage();
    throw error;
  }
  await leaveOnce();
}

function UnderWay({ left, atFirst }: { left: Left | null; atFirst: number }) {
  const rest = left === null ? 0 : left.conversations + left.jobs;
  const text =
    left === null
      ? 'Deleting …'
      : `${counted(left.conversations, 'conversation')} and ${counted(left.jobs, 'job')} are left`;
  return (
    <div class="progress">
      <ProgressBar label="Deleting" percent={atFirst === 0 ? 0 : 100 * (1 - rest / atFirst)} text={text} />
      <p role="status">{text}</p>
    </div>
  );
}

/** Warns of recordings that only this device has: the service cannot delete them. */
function NotSent() {
  const { outbox } = useApp();
  const waiting = outbox.recordings.value.filter(isToSend).length;
  if (waiting === 0) return null;
  return (
    <p class="hint">
      {counted(waiting, 'recording')} on this device {waiting === 1 ? 'was' : 'were'} not sent yet and{' '}
      {waiting === 1 ? 'stays' : 'stay'} here: remove {waiting === 1 ? 'it' : 'them'} under Record first, if you want.
    </p>
  );
}
