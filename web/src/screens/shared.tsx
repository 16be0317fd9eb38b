/** A conversation that somebody shared, for who has the link: without an account, and without Firebase. */
import { useEffect, useState } from 'preact/hooks';
import { SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { SharedConversationView } from 'offline-audio-sync-contract';
import { clockRange, dayOfYear } from '../domain/time.ts';
import type { Line } from '../domain/export.ts';
import { Mark } from '../ui/icons.tsx';
import { Transcript } from '../ui/transcript.tsx';

type Shown =
  | { readonly kind: 'loading' }
  | { readonly kind: 'there'; readonly view: SharedConversationView }
  | { readonly kind: 'failed'; readonly message: string };

export default function SharedScreen() {
  const [shown, setShown] = useState<Shown>({ kind: 'loading' });
  useEffect(() => {
    read(location.hash.slice(1)).then(
      (view) => {
        setShown({ kind: 'there', view });
      },
      (error: unknown) => {
        setShown({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
      },
    );
  }, []);
  return (
    <main class="shared screen">
      <p class="brand">
        <Mark size={28} />
        <span>Audio sync</span>
      </p>
      {shown.kind === 'loading' && <p class="waiting">Loading …</p>}
      {shown.kind === 'failed' && (
        <>
          <h1>There is nothing to read here</h1>
          <p role="alert">{shown.message}</p>
        </>
      )}
      {shown.kind === 'there' && <Conversation view={shown.view} />}
    </main>
  );
}

function Conversation({ view }: { view: SharedConversationView }) {
  const { title, language, segments, is_cut: isCut } = view;
  const [from, to, end] = [view.started_at, view.finished_at, view.expires_at].map((time) => Date.parse(time));
  const lines = segments.map(({ started_at, ended_at, text, speaker, speaker_name }): Line => {
    return { startedAt: Date.parse(started_at), endedAt: Date.parse(ended_at), text, speaker, name: speaker_name };
  });
  useEffect(() => {
    document.title = `${title ?? 'Conversation'} · Audio sync`;
  }, [title]);
  return (
    <>
      <h1 dir="auto">{title ?? 'Conversation'}</h1>
      <p class="hint">
        {dayOfYear(from ?? 0)}, {clockRange(from ?? 0, to ?? 0)}. Somebody shared this with you until{' '}
        {dayOfYear(end ?? 0)}.
      </p>
      <Transcript lines={lines} matches={NO_MATCHES} language={language} />
      {isCut && <p class="notice">More was said than is shown here.</p>}
    </>
  );
}

const NO_MATCHES = new Map();

const GONE = 'This link does not work: it has ended, or was withdrawn. Ask who sent it for another one.';

async function read(token: string): Promise<SharedConversationView> {
  if (token === '') throw new Error(GONE);
  const response = await fetch('/v2/sync/shared', { headers: { [SHARE_TOKEN_HEADER]: token } }).catch(() => {
    throw new Error('There is no connection. Open the link again when it is back.');
  });
  if (response.status >= 500) throw new Error('The service does not answer. Open the link again in a minute.');
  if (!response.ok) throw new Error(GONE);
  return (await response.json()) as SharedConversationView;
}
