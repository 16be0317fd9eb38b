/** What a reader of a shared link sees and plays, without an account and without Firebase. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { SharedConversationView } from 'offline-audio-sync-contract';
import type { Line } from '../domain/export.ts';
import type { Matches } from '../domain/search.ts';
import { sentenceOf } from '../domain/sentence.ts';
import { clock, clockRange, dayOfYear } from '../domain/time.ts';
import { isWholeToken, readShared, type Read } from '../sync/readShared.ts';
import { audibleSentences, readSharedAudio, ShareEnded } from '../sync/sharedAudio.ts';
import { Mark } from '../ui/icons.tsx';
import { Player, PlayFromHere, usePlayback } from '../ui/player.tsx';
import { Transcript } from '../ui/transcript.tsx';

export default function SharedScreen() {
  const token = useToken();
  const [read, setRead] = useState<Read | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setRead(null);
    const over = new AbortController();
    if (isWholeToken(token)) {
      void readShared(token, over.signal).then((found) => {
        if (!over.signal.aborted) setRead(found);
      });
    }
    return () => {
      over.abort();
    };
  }, [token, attempt]);
  if (!isWholeToken(token)) return <Sorry text={INCOMPLETE} />;
  switch (read?.kind) {
    case undefined:
      return (
        <Page title="Shared conversation">
          <p class="waiting" role="status">
            Loading what was shared …
          </p>
        </Page>
      );
    case 'shown':
      return (
        <Shown
          token={token}
          shared={read.shared}
          onEnded={() => {
            setRead({ kind: 'gone' });
          }}
        />
      );
    case 'gone':
      return <Sorry text={GONE} />;
    case 'unreached':
      return (
        <Sorry text="The service does not answer. Check your connection, then try again.">
          <button
            class="button"
            onClick={() => {
              setAttempt(attempt + 1);
            }}
          >
            Try again
          </button>
        </Sorry>
      );
  }
}

const INCOMPLETE = 'This link is incomplete. Open the whole link, including the part after the #, or ask for it again.';
const GONE =
  'This link does not work: it has expired or was withdrawn, or the conversation was deleted. Ask the sender for a new one.';

/** The token after `#` in the address. It changes when another link is pasted into the address bar. */
function useToken(): string {
  const [token, setToken] = useState(location.hash.slice(1));
  useEffect(() => {
    const update = (): void => {
      setToken(location.hash.slice(1));
    };
    addEventListener('hashchange', update);
    return () => {
      removeEventListener('hashchange', update);
    };
  }, []);
  return token;
}

interface ShownProps {
  readonly token: string;
  readonly shared: SharedConversationView;
  /** Called when the link was withdrawn or has expired. */
  readonly onEnded: () => void;
}

function Shown({ token, shared, onEnded }: ShownProps) {
  const [from, to, end] = [shared.started_at, shared.finished_at, shared.expires_at].map((time) => Date.parse(time));
  return (
    <Page title={shared.title ?? 'Conversation'}>
      <ul class="facts">
        <li>{dayOfYear(from ?? 0)}</li>
        <li>{clockRange(from ?? 0, to ?? 0)}, in your time zone</li>
      </ul>
      <Reading token={token} shared={shared} onEnded={onEnded} />
      {shared.is_cut && <p class="notice">More was said than a link can show: this is the beginning.</p>}
      <p class="hint">
        Everyone who has the link can read this conversation until {dayOfYear(end ?? 0)}, {clock(end ?? 0)}.
      </p>
    </Page>
  );
}

/** The transcript, with the same player as the user's own conversations if there is audio. */
function Reading({ token, shared, onEnded }: ShownProps) {
  const lines = useMemo(() => linesOf(shared), [shared]);
  const audible = useMemo(() => audibleSentences(shared), [shared]);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const playback = usePlayback(token, audible, {
    read: (audioId) => {
      setProblem(null);
      return readSharedAudio(token, audioId);
    },
    onProblem: (error) => {
      if (error instanceof ShareEnded) onEnded();
      else setProblem(error);
    },
  });
  if (audible.length === 0) return <Transcript lines={lines} matches={NO_MATCHES} language={shared.language} />;
  const chosen = audible.find(({ id }) => id === chosenId);
  return (
    <>
      <Player playback={playback} title={shared.title ?? 'Conversation'} />
      {problem !== null && (
        <p class="notice bad" role="alert">
          {sentenceOf(problem)}
        </p>
      )}
      <Transcript {...{ lines, chosenId }} matches={NO_MATCHES} language={shared.language} onChoose={setChosenId} />
      {chosen !== undefined && (
        <div class="sentence-bar" role="toolbar" aria-label="The chosen sentence">
          <PlayFromHere playback={playback} sentence={chosen} />
        </div>
      )}
    </>
  );
}

const NO_MATCHES: Matches = new Map();

function linesOf({ segments }: SharedConversationView): Line[] {
  return segments.map(({ started_at, ended_at, text, speaker, speaker_name: name }, index) => ({
    id: String(index),
    ...{ text, speaker, name, startedAt: Date.parse(started_at), endedAt: Date.parse(ended_at) },
  }));
}

function Sorry({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <Page title="There is nothing to read here">
      <p class="notice bad" role="alert">
        {text}
      </p>
      {children !== undefined && <div class="row start">{children}</div>}
    </Page>
  );
}

function Page({ title, children }: { title: string; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Audio sync`;
  }, [title]);
  return (
    <div class="shared">
      <header>
        {/* A full page load: the console starts from the beginning. */}
        <a class="brand" href="/" target="_top">
          <Mark size={28} />
          <span>Offline audio sync</span>
        </a>
      </header>
      <main class="stack">
        <h1 dir="auto">{title}</h1>
        {children}
      </main>
    </div>
  );
}
