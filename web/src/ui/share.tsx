/** Sharing a conversation by a link that ends, and what is shared at the moment. */
import { useState } from 'preact/hooks';
import { sharesOf } from 'offline-audio-sync-contract';
import type { EditedConversation } from '../data/model.ts';
import { clock, dayOfYear } from '../domain/time.ts';
import { shareOf, type Share } from '../firebase/documents.ts';
import { call, liveQuery } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { useApp } from './app.ts';
import { FormDialog } from './formDialog.tsx';
import { useLive } from './live.ts';
import { tell, tellProblem } from './toast.tsx';

const LENGTHS = [
  { hours: 24, label: 'a day' },
  { hours: 7 * 24, label: 'a week' },
  { hours: 30 * 24, label: '30 days' },
  { hours: 365 * 24, label: 'a year' },
] as const;

interface ShareDialogProps {
  readonly conversation: EditedConversation;
  readonly onClose: () => void;
}

export function ShareDialog({ conversation: { id }, onClose }: ShareDialogProps) {
  const [hours, setHours] = useState<number>(LENGTHS[1].hours);
  const [link, setLink] = useState<string | null>(null);
  if (link !== null) return <NewLink link={link} onClose={onClose} />;
  return (
    <FormDialog
      title="Share this conversation"
      action="Make a link"
      onClose={onClose}
      closesItself={false}
      onSubmit={async () => {
        const { token } = await call('shareConversation', { conversation_id: id, hours });
        // Behind #, so that it is sent to no server, and is in no log.
        setLink(`${location.origin}${hrefs.shared}#${token}`);
      }}
    >
      <p>Everybody who has the link can read the text as it is now, without an account. The audio is not shared.</p>
      <label class="field">
        <span>It ends after</span>
        <select
          value={hours}
          onChange={({ currentTarget }) => {
            setHours(Number(currentTarget.value));
          }}
        >
          {LENGTHS.map(({ hours: one, label }) => (
            <option key={one} value={one}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </FormDialog>
  );
}

function NewLink({ link, onClose }: { link: string; onClose: () => void }) {
  return (
    <FormDialog
      title="The link is made"
      action="Copy it"
      onClose={onClose}
      onSubmit={async () => {
        await navigator.clipboard.writeText(link);
        tell('The link is on the clipboard.');
      }}
    >
      <p>It is shown this once: only its hash is stored. You can withdraw it at any time.</p>
      <label class="field">
        <span>Link</span>
        <input readOnly value={link} />
      </label>
    </FormDialog>
  );
}

/** @param conversationId null for all that the user shares */
export function Shares({ conversationId }: { conversationId: string | null }) {
  const { uid } = useApp();
  const shares = useLive(`shares/${uid}`, () => liveQuery(sharesOf(uid), shareOf));
  const now = Date.now();
  const shown =
    shares.kind === 'ready'
      ? shares.value.filter(
          (share) => share.expiresAt > now && share.conversationId === (conversationId ?? share.conversationId),
        )
      : [];
  if (shown.length === 0) return conversationId === null ? <p class="hint">Nothing is shared at the moment.</p> : null;
  return (
    <ul class="links" aria-label="Links that are shared">
      {shown.map((share) => (
        <ShareRow key={share.id} share={share} hasLink={conversationId === null} />
      ))}
    </ul>
  );
}

function ShareRow({ share: { id, conversationId, expiresAt }, hasLink }: { share: Share; hasLink: boolean }) {
  const [busy, setBusy] = useState(false);
  return (
    <li>
      {hasLink && <a href={hrefs.conversation(conversationId)}>Conversation</a>}
      <span class="hint">
        shared by a link until {dayOfYear(expiresAt)}, {clock(expiresAt)}
      </span>
      <button
        class="button small"
        disabled={busy}
        onClick={() => {
          setBusy(true);
          call('withdrawShare', { share_id: id })
            .then(() => {
              tell('The link does not work any more.');
            }, tellProblem)
            .finally(() => {
              setBusy(false);
            });
        }}
      >
        Withdraw
      </button>
    </li>
  );
}
