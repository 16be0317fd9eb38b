/** Lists the links that work, each with a button that withdraws it. */
import { useEffect, useState } from 'preact/hooks';
import { NO_LIMIT, sharesOf } from 'offline-audio-sync-contract';
import type { Share } from '../data/model.ts';
import { clock, dayOfYear } from '../domain/time.ts';
import { shareOf } from '../firebase/documents.ts';
import { call, liveQuery } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { useApp } from './app.ts';
import { useLive } from './live.ts';
import { useNow } from './now.ts';
import { Problem, Unreached, Waiting } from './screen.tsx';

interface SharesProps {
  /** Lists the links of this conversation; without it, all links of the user. */
  readonly conversationId?: string;
  readonly onProblem: (error: unknown) => void;
}

/** The newest first. Expired links are left out: they no longer show anything. */
export function Shares({ conversationId, onProblem }: SharesProps) {
  const { uid } = useApp();
  const now = useNow(60_000);
  const known = useLive(`shares/${uid}`, () => liveQuery(sharesOf(uid, NO_LIMIT), shareOf));
  const [said, setSaid] = useState('');
  if (known.kind === 'failed') return <Problem error={known.error} />;
  if (known.kind === 'loading') return <Waiting what="your links" />;
  // The server may have links that this device's cache does not have.
  if (known.fromCache && known.value.length === 0) return <Unreached what="your links" />;
  const shares = known.value.filter(
    (share) => share.expiresAt > now && (conversationId === undefined || share.conversationId === conversationId),
  );
  return (
    <div class="stack tight">
      {shares.length === 0 && <p class="hint">No link works.</p>}
      <ul class="shares">
        {shares.map((share) => (
          <ShareRow
            key={share.id}
            share={share}
            isOfOne={conversationId !== undefined}
            onProblem={onProblem}
            onWithdrawn={() => {
              setSaid('The link no longer works.');
            }}
          />
        ))}
      </ul>
      <p class="hint" role="status">
        {said}
      </p>
    </div>
  );
}

interface ShareRowProps {
  readonly share: Share;
  readonly isOfOne: boolean;
  readonly onProblem: SharesProps['onProblem'];
  readonly onWithdrawn: () => void;
}

function ShareRow({ share, isOfOne, onProblem, onWithdrawn }: ShareRowProps) {
  const { id, conversationId, startedAt, createdAt, expiresAt, withAudio } = share;
  const [busy, setBusy] = useState(false);
  const made = `made ${moment(createdAt)}`;
  useFocusOnHeadingWhenGone();
  return (
    <li>
      <span>
        {isOfOne ? (
          `Made ${moment(createdAt)}`
        ) : (
          <a href={hrefs.conversation(conversationId)}>Conversation of {moment(startedAt)}</a>
        )}
        <br />
        <small class="hint">
          works until {moment(expiresAt)}
          {withAudio && ', with its audio'}
        </small>
      </span>
      <button
        class="button small"
        aria-disabled={busy}
        aria-label={`Withdraw the link ${made}`}
        onClick={() => {
          setBusy(true);
          call('withdrawShare', { share_id: id }).then(onWithdrawn, (error: unknown) => {
            setBusy(false);
            onProblem(error);
          });
        }}
      >
        Withdraw
      </button>
    </li>
  );
}

/** Withdrawing a link removes its row, and with it the button that has the focus. */
function useFocusOnHeadingWhenGone(): void {
  useEffect(
    () => () => {
      setTimeout(() => {
        if (document.activeElement !== document.body) return;
        document.querySelector<HTMLElement>('dialog[open] h2, #shared-links')?.focus();
      });
    },
    [],
  );
}

const moment = (ms: number): string => `${dayOfYear(ms)}, ${clock(ms)}`;
