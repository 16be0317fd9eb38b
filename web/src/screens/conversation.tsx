import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { speakerNumbers, transcriptOf } from '../../../client/src/reading.ts';
import { useApp } from '../ui/app.ts';
import type { Conversation, Segment } from '../data/model.ts';
import { fileStem, speakerName, toJson, toMarkdown, toSrt, toText, turnsOf, type Line } from '../domain/export.ts';
import { findAll } from '../domain/search.ts';
import { clock, clockRange, clockSeconds, dayOf, dayOfYear, duration } from '../domain/time.ts';
import { segmentOf } from '../firebase/documents.ts';
import { call, readAll, watchConversation, type Found } from '../firebase/store.ts';
import { hrefs, navigate } from '../router.ts';
import { Confirm } from '../ui/confirm.tsx';
import { saveFile } from '../ui/download.ts';
import { Glyph } from '../ui/icons.tsx';
import { useLive } from '../ui/live.ts';
import { Problem, Screen, Waiting } from '../ui/screen.tsx';
import { tell, tellProblem } from '../ui/toast.tsx';

export function ConversationScreen({ id }: { id: string }) {
  const { uid } = useApp();
  const found = useLive<Found>(`conversation/${uid}/${id}`, () => watchConversation(uid, id));
  const mergedInto = found.kind === 'ready' && found.value.kind === 'merged' ? found.value.into : null;
  useEffect(() => {
    if (mergedInto !== null) navigate(hrefs.conversation(mergedInto), { replace: true });
  }, [mergedInto]);

  if (found.kind === 'failed') return <Problem error={found.error} />;
  if (found.kind === 'loading' || found.value.kind === 'merged') return <Waiting what="the conversation" />;
  if (found.value.kind === 'live') return <ConversationView conversation={found.value.conversation} />;
  if (found.fromCache) return <Waiting what="the conversation" />;
  return (
    <Screen title="This conversation is gone">
      <p>It was deleted, or it never was.</p>
      <p>
        <a href={hrefs.home}>Go to your days</a>
      </p>
    </Screen>
  );
}

function ConversationView({ conversation }: { conversation: Conversation }) {
  const { deviceId, startedAt, finishedAt, title, overview, wordCount, language, speechSeconds } = conversation;
  const { lines, complete } = useTranscript(conversation);
  const [query, setQuery] = useState('');
  const day = dayOf(startedAt);
  return (
    <Screen
      title={title ?? 'Conversation'}
      context={<a href={hrefs.day(day)}>{dayOfYear(startedAt)}</a>}
      actions={<Actions conversation={conversation} lines={lines} complete={complete} />}
    >
      <ul class="facts">
        <li>{clockRange(startedAt, finishedAt)}</li>
        <li>{duration(speechSeconds)} of speech</li>
        <li>{wordCount.toLocaleString('en')} words</li>
        {language !== null && <li lang="en">{languageName(language)}</li>}
        <li>{deviceId}</li>
      </ul>
      {overview !== null && <p class="overview-lead">{overview}</p>}
      {lines === null ? (
        <Waiting what="the transcript" />
      ) : (
        <>
          <Search query={query} lines={lines} onQuery={setQuery} />
          <Transcript lines={lines} query={query} language={language} />
        </>
      )}
    </Screen>
  );
}

/** The transcript, page by page; again when the conversation changed. */
function useTranscript(conversation: Conversation): { lines: readonly Line[] | null; complete: boolean } {
  const { uid } = useApp();
  const [segments, setSegments] = useState<readonly Segment[] | null>(null);
  const [complete, setComplete] = useState(false);
  const { deviceId, startedAt, finishedAt, revision } = conversation;
  useEffect(() => {
    const over = new AbortController();
    const time = (ms: number) => ({ toMillis: () => ms });
    const interval = { deviceId, startedAt: time(startedAt), finishedAt: time(finishedAt) };
    setComplete(false);
    readAll(transcriptOf(uid, interval), segmentOf, { onPage: setSegments, signal: over.signal }).then(() => {
      if (!over.signal.aborted) setComplete(true);
    }, tellProblem);
    return () => {
      over.abort();
    };
  }, [uid, conversation.id, revision]);
  const lines = useMemo(() => {
    const numbers = speakerNumbers(segments ?? []);
    return segments?.map((segment, index) => ({ ...segment, speaker: numbers[index] ?? null })) ?? null;
  }, [segments]);
  return { lines, complete };
}

interface ActionsProps {
  readonly conversation: Conversation;
  readonly lines: readonly Line[] | null;
  readonly complete: boolean;
}

function Actions({ conversation, lines, complete }: ActionsProps) {
  const [deleting, setDeleting] = useState(false);
  const [busy, setBusy] = useState(false);
  const ready = lines !== null && complete;
  const stem = fileStem(conversation, dayOf(conversation.startedAt));
  const exports = {
    Markdown: () => {
      saveFile(`${stem}.md`, 'text/markdown', toMarkdown(conversation, lines ?? [], { day: dayOfYear, clock }));
    },
    SRT: () => {
      saveFile(`${stem}.srt`, 'application/x-subrip', toSrt(conversation, lines ?? []));
    },
    JSON: () => {
      saveFile(`${stem}.json`, 'application/json', toJson(conversation, lines ?? []));
    },
  };
  const remove = (): void => {
    setBusy(true);
    call('deleteConversation', { conversation_id: conversation.id }).then(
      () => {
        tell('The conversation is deleted.');
        navigate(hrefs.day(dayOf(conversation.startedAt)));
      },
      (error: unknown) => {
        setBusy(false);
        tellProblem(error);
      },
    );
  };
  return (
    <>
      <button
        class="button"
        disabled={!ready}
        onClick={() => {
          navigator.clipboard.writeText(toText(lines ?? [])).then(() => {
            tell('The transcript is on the clipboard.');
          }, tellProblem);
        }}
      >
        <Glyph name="copy" size={18} /> Copy
      </button>
      <details class="menu">
        <summary class="button">
          <Glyph name="download" size={18} /> Export
        </summary>
        <ul>
          {Object.entries(exports).map(([name, save]) => (
            <li key={name}>
              <button disabled={!ready} onClick={save}>
                {name}
              </button>
            </li>
          ))}
        </ul>
      </details>
      <button
        class="button danger quiet"
        disabled={busy}
        onClick={() => {
          setDeleting(true);
        }}
      >
        <Glyph name="trash" size={18} /> {busy ? 'Deleting …' : 'Delete'}
      </button>
      {deleting && (
        <Confirm
          title="Delete this conversation?"
          action="Delete it"
          onAnswer={(confirmed) => {
            setDeleting(false);
            if (confirmed) remove();
          }}
        >
          <p>What was said is removed for good. Sending the same recordings again does not bring it back.</p>
        </Confirm>
      )}
    </>
  );
}

interface SearchProps {
  readonly query: string;
  readonly lines: readonly Line[];
  readonly onQuery: (query: string) => void;
}

function Search({ query, lines, onQuery }: SearchProps) {
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const count = useMemo(() => lines.reduce((sum, { text }) => sum + findAll(text, query).length, 0), [lines, query]);
  const show = (index: number): void => {
    const wrapped = count === 0 ? 0 : (index + count) % count;
    setAt(wrapped);
    const marks = document.querySelectorAll('.transcript mark');
    marks.forEach((mark, i) => mark.toggleAttribute('data-current', i === wrapped));
    marks[wrapped]?.scrollIntoView({ block: 'center' });
  };
  useEffect(() => {
    if (query !== '') show(0);
  }, [query]);
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', find);
    return () => {
      removeEventListener('keydown', find);
    };
  }, []);
  return (
    <search class="search">
      <Glyph name="search" size={18} />
      <input
        ref={input}
        type="search"
        placeholder="Search the transcript"
        aria-label="Search the transcript"
        value={query}
        onInput={({ currentTarget }) => {
          onQuery(currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') show(at + (event.shiftKey ? -1 : 1));
          if (event.key === 'Escape') onQuery('');
        }}
      />
      <span class="search-count" role="status">
        {query.trim() === '' ? '' : count === 0 ? 'no match' : `${at + 1} of ${count}`}
      </span>
    </search>
  );
}

interface TranscriptProps {
  readonly lines: readonly Line[];
  readonly query: string;
  readonly language: string | null;
}

function Transcript({ lines, query, language }: TranscriptProps) {
  const turns = useMemo(() => turnsOf(lines), [lines]);
  return (
    <ol class="transcript" lang={language ?? undefined}>
      {turns.map(({ speaker, lines: said }) => {
        const startedAt = said[0]?.startedAt ?? 0;
        return (
          <li key={startedAt} class={`turn speaker-${((speaker ?? 1) - 1) % 6}`}>
            <p class="turn-head" lang="en">
              <b>{speakerName(speaker)}</b>
              <time dateTime={new Date(startedAt).toISOString()}>{clockSeconds(startedAt)}</time>
            </p>
            <p>
              {said.map((line) => (
                <span key={line.startedAt} title={clockSeconds(line.startedAt)}>
                  <Marked text={line.text} query={query} />{' '}
                </span>
              ))}
            </p>
          </li>
        );
      })}
    </ol>
  );
}

function Marked({ text, query }: { text: string; query: string }) {
  const matches = findAll(text, query);
  if (matches.length === 0) return <>{text}</>;
  return (
    <>
      {matches.map(({ start, end }, index) => (
        <>
          {text.slice(matches[index - 1]?.end ?? 0, start)}
          <mark>{text.slice(start, end)}</mark>
        </>
      ))}
      {text.slice(matches.at(-1)?.end)}
    </>
  );
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag; // What the service calls it is no BCP-47 tag.
  }
}
