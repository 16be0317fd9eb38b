import { useEffect, useMemo, useState } from 'preact/hooks';
import { transcriptOf, type StoredEdit } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Conversation, Sentence } from '../data/model.ts';
import { exportOf, intervalOf, sentencesOf, withEdits } from '../domain/edited.ts';
import type { Line } from '../domain/export.ts';
import { languageName } from '../domain/locale.ts';
import { TranscriptSearch } from '../domain/search.ts';
import { sentenceOf } from '../domain/sentence.ts';
import { transcriberText } from '../domain/transcriberText.ts';
import { grouped } from '../domain/counted.ts';
import { clockRange, dayOf, dayOfYear, duration } from '../domain/time.ts';
import { isLocal } from '../env.ts';
import { segmentPageOf } from '../firebase/documents.ts';
import { watchConversation, type Found } from '../firebase/store.ts';
import { hrefs, navigate, search as address } from '../router.ts';
import { ConversationActions } from '../ui/conversationActions.tsx';
import { Tags } from '../ui/conversationHead.tsx';
import { useUnderDialog } from '../ui/dialog.tsx';
import { useEdits } from '../ui/edits.ts';
import { useLive, usePages, type Loaded, type Pages } from '../ui/live.ts';
import { useOwnPlayback } from '../ui/ownPlayback.ts';
import { Player } from '../ui/player.tsx';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';
import { SentenceBar } from '../ui/sentenceBar.tsx';
import { Search, sentenceElement, Transcript } from '../ui/transcript.tsx';

export function ConversationScreen({ id }: { id: string }) {
  const { uid } = useApp();
  const found = useLive<Found>(`conversation/${uid}/${id}`, () => watchConversation(uid, id));
  const mergedInto = found.kind === 'ready' && found.value.kind === 'merged' ? found.value.into : null;
  const shown = useUnderDialog(liveOf(found));
  useEffect(() => {
    if (mergedInto !== null && shown === undefined) navigate(hrefs.conversation(mergedInto), { replace: true });
  }, [mergedInto, shown === undefined]);

  if (shown !== undefined) return <ConversationView {...shown} />;
  if (found.kind === 'failed') return <Problem error={found.error} />;
  if (found.kind === 'loading' || found.value.kind === 'merged') return <Waiting what="the conversation" />;
  if (found.fromCache) return <Unreached what="the conversation" />;
  return (
    <Screen title="This conversation is gone">
      <p>It was deleted, or it never existed.</p>
      <p>
        <a href={hrefs.home}>Go to your days</a>
      </p>
    </Screen>
  );
}

interface ViewProps {
  readonly conversation: Conversation;
  /** Whether the service has confirmed that this is its current state. */
  readonly isServed: boolean;
}

function liveOf(found: Loaded<Found>): ViewProps | undefined {
  if (found.kind !== 'ready' || found.value.kind !== 'live') return undefined;
  return { conversation: found.value.conversation, isServed: !found.fromCache };
}

function ConversationView({ conversation: heard, isServed }: ViewProps) {
  const { edits, isKnown, ...corrections } = useEdits(heard.startedAt, heard.finishedAt);
  const conversation = useMemo(() => withEdits(heard, edits), [heard, edits]);
  const { deviceId, startedAt, finishedAt, title, overview, wordCount, language, speechSeconds } = conversation;
  const { lines, pages, state } = useTranscript(heard, edits, isServed);
  const day = dayOf(startedAt);
  if (!isKnown) return <Waiting what="the conversation" />;
  return (
    <Screen
      title={title ?? 'Conversation'}
      context={<a href={hrefs.day(day)}>{dayOfYear(startedAt)}</a>}
      actions={
        <ConversationActions
          conversation={conversation}
          lines={lines}
          isWhole={state === 'whole' && corrections.isServed}
          edits={edits}
          exported={() => exportOf(heard, pages ?? [], edits)}
        />
      }
    >
      <ul class="facts">
        <li>{clockRange(startedAt, finishedAt)}</li>
        <li>{duration(speechSeconds)} of speech</li>
        <li>{grouped(wordCount)} words</li>
        {language !== null && <li lang="en">{languageName(language)}</li>}
        <li>
          <bdi>{deviceId}</bdi>
        </li>
      </ul>
      <Tags conversation={conversation} />
      {overview !== null && (
        <p class="overview-lead" dir="auto">
          {overview}
        </p>
      )}
      {corrections.problem !== null && (
        <p class="notice bad" role="alert">
          Your corrections could not be read, so this is the transcript without them. It can be copied and exported when
          they can. {sentenceOf(corrections.problem)}
        </p>
      )}
      {lines !== null && <Reading conversation={conversation} lines={lines} state={state} />}
      {lines === null && state === 'reading' && <Waiting what="the transcript" />}
      {state === 'failed' && <p class="notice bad">The transcript could not be read.</p>}
    </Screen>
  );
}

/** Reads the transcript page by page, and again when the conversation has changed. */
function useTranscript(conversation: Conversation, edits: readonly StoredEdit[], isServed: boolean) {
  const { uid } = useApp();
  const { id, revision } = conversation;
  const { items: pages, state } = usePages({
    key: `${uid}/${id}/${revision}`,
    query: () => transcriptOf(uid, intervalOf(conversation)),
    parse: segmentPageOf,
    isServed,
  });
  const lines = useMemo(
    () => (pages === null ? null : sentencesOf(pages, conversation, edits)),
    [pages, edits, conversation],
  );
  return { lines, pages, state };
}

interface ReadingProps {
  readonly conversation: Conversation;
  readonly lines: readonly Sentence[];
  readonly state: Pages<unknown>['state'];
}

/** Shows what is known of the transcript, and says when it may be incomplete. */
function Reading({ conversation: { id, title, language }, lines, state }: ReadingProps) {
  const [query, setQuery] = useState('');
  const [chosenId, setChosenId] = useState<string | null>(null);
  const search = useMemo(() => new TranscriptSearch(lines), [lines]);
  const matches = useMemo(() => search.find(query), [search, query]);
  useWantedSentence(lines, setChosenId);
  const chosen = useUnderDialog(lines.find((line) => line.id === chosenId));
  const playback = useOwnPlayback(lines);
  return (
    <>
      {state === 'kept' && (
        <p class="notice" role="status">
          There is no connection: this is what this device has kept of the transcript, and it may be incomplete. It can
          be copied and exported when the connection is back.
        </p>
      )}
      {lines.length > 0 && (
        <>
          {playback !== null && <Player playback={playback} title={title ?? 'Conversation'} />}
          <Search query={query} matches={matches} onQuery={setQuery} />
          <Transcript lines={lines} matches={matches} language={language} chosenId={chosenId} onChoose={setChosenId} />
          {chosen !== undefined && (
            <SentenceBar conversationId={id} sentence={chosen} canSplit={chosen !== lines[0]} playback={playback} />
          )}
          <TranscribedBy lines={lines} />
        </>
      )}
    </>
  );
}

/** Goes to the sentence that a link names by its time: `?at=`, Unix milliseconds. */
function useWantedSentence(lines: readonly Line[], onChoose: (id: string) => void): void {
  const wanted = Number(new URLSearchParams(address.value).get('at') ?? Number.NaN);
  const id = lines.find(({ startedAt }) => startedAt === wanted)?.id ?? null;
  useEffect(() => {
    if (id === null) return;
    onChoose(id);
    document.querySelector<HTMLElement>('.transcript')?.focus({ preventScroll: true });
    sentenceElement(id)?.scrollIntoView({ block: 'center' });
  }, [id]);
}

/** Says which transcriber wrote the transcript, and who received the speech for that. */
function TranscribedBy({ lines }: { lines: readonly Sentence[] }) {
  const transcribers = new Set(lines.flatMap(({ transcriber }) => transcriber ?? []));
  return (
    <>
      {[...transcribers].map((transcriber) => (
        <p key={transcriber} class="hint">
          Transcribed by {transcriberText(transcriber, isLocal)}
        </p>
      ))}
    </>
  );
}
