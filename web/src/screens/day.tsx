import { useEffect, useMemo, useRef } from 'preact/hooks';
import { conversationsDuring, jobsSince, NO_LIMIT } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Conversation, DayFigures as Figures, EditedConversation, Job } from '../data/model.ts';
import { withEdits } from '../domain/edited.ts';
import { figuresOf, filesAcross, lanesOf, recordingsOf } from '../domain/day.ts';
import { addDays, dayOf, longDay, monthName, monthOf, startOfDay } from '../domain/time.ts';
import type { Span } from '../domain/timeline.ts';
import { conversationOf, jobOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { keptDay, type KeptDay } from '../data/keptDay.ts';
import { hrefs } from '../router.ts';
import { ConversationList } from '../ui/conversationList.tsx';
import { DayPicker, DayStrip, useDayStrip } from '../ui/dayNav.tsx';
import { useEdits } from '../ui/edits.ts';
import { DayFigures, KnownHere } from '../ui/figures.tsx';
import { useJobFiles } from '../ui/jobFiles.ts';
import { useLive, valueOf, type Loaded } from '../ui/live.ts';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';
import { Timeline } from '../ui/timeline.tsx';
import { NothingScreen } from './nothing.tsx';
import { Welcome } from './welcome.tsx';

const HOUR_MS = 3_600_000;

const NO_JOBS: readonly Job[] = [];
const NO_CONVERSATIONS: readonly Conversation[] = [];

/** Shows the newest day that has anything in it. Until the service has said which day that is, it shows the day of the last visit. */
export function HomeScreen() {
  const { uid, newest, jobs } = useApp();
  const kept = useMemo(() => keptDay.get(uid)?.day ?? null, [uid]);
  const [conversation] = newest.kind === 'ready' ? newest.value : [];
  const spokenAt = conversation?.finishedAt ?? null;
  // The newest recording may have no speech. Its day is shown nevertheless.
  const later = useMemo(
    () =>
      newest.kind === 'ready' && jobs.kind === 'ready'
        ? jobs.value.filter(({ createdAt }) => createdAt > (spokenAt ?? 0))
        : NO_JOBS,
    [newest.kind, jobs, spokenAt],
  );
  const { jobs: withFiles, isWhole } = useJobFiles(later);
  const recorded = withFiles.flatMap(({ files }) => files.map(({ startedAt }) => startedAt));
  const moments = spokenAt === null ? recorded : [spokenAt, ...recorded];
  const isKnown = newest.kind === 'ready' && jobs.kind === 'ready';
  const isServed = isKnown && !newest.fromCache;
  const found = isKnown && moments.length > 0 ? dayOf(moments.reduce((a, b) => Math.max(a, b))) : null;
  const day = found ?? (isServed ? null : kept);
  const isNew = isServed && isWhole && day === null;
  useEffect(() => {
    if (isNew) keptDay.forget();
  }, [isNew]);
  for (const asked of [newest, jobs]) if (asked.kind === 'failed') return <Problem error={asked.error} />;
  if (day !== null) return <DayScreen key={day} day={day} isNewest />;
  if (isNew) return <Welcome />;
  return isKnown && !isServed ? <Unreached what="your days" /> : <Waiting what="your days" />;
}

export function DayScreen({ day, isNewest = false }: { readonly day: string; readonly isNewest?: boolean }) {
  const from = startOfDay(day);
  if (from === null) return <NothingScreen />;
  return <DayOf day={day} from={from} to={startOfDay(addDays(day, 1)) ?? from} isNewest={isNewest} />;
}

interface DayProps {
  readonly day: string;
  readonly from: number;
  readonly to: number;
  readonly isNewest: boolean;
}

function DayOf({ day, from, to, isNewest }: DayProps) {
  const span = useMemo(() => ({ from, to }), [from, to]);
  const read = useConversations(span);
  const kept = useKeptDay(day);
  const { conversations, isWhole } = useEdited(read, span, kept);
  const { jobs, added, isServed: isAddedUp } = useJobsOf(span);
  // The figures of the last visit are shown rather than a sum that this device makes without the service, which may be incomplete.
  const before = kept?.figures ?? null;
  const figures = isAddedUp ? (added ?? before) : (before ?? added);
  useKeeping(day, isNewest && isWhole ? conversations : null, figures);
  const strip = useDayStrip(day);
  const isServed = read.kind === 'ready' && !read.fromCache;
  const lanes = useMemo(
    () => lanesOf(recordingsOf(filesAcross(jobs, span)), conversations ?? NO_CONVERSATIONS),
    [jobs, conversations, span],
  );
  return (
    <Screen
      title={longDay(from)}
      context={<a href={hrefs.month(monthOf(day))}>{monthName(monthOf(day))}</a>}
      actions={<DayPicker day={day} strip={strip} />}
    >
      <DayStrip day={day} strip={strip} />
      {read.kind === 'failed' && <Problem error={read.error} />}
      {read.kind === 'loading' && conversations === null && <Waiting what="the day" />}
      {read.kind === 'ready' && lanes.length === 0 && !isServed && <Unreached what="the day" />}
      {isServed && lanes.length === 0 && (
        <p class="empty">Nothing was recorded on this day, or it has not been sent yet.</p>
      )}
      {conversations !== null && lanes.length > 0 && (
        <>
          <DayFigures {...{ figures, span, conversations }} />
          <Timeline day={span} lanes={lanes} conversations={conversations} isServed={isServed} />
          <ConversationList from={from} conversations={conversations} />
          <p>
            <a href={hrefs.exportDay(day)}>Export this day</a>
          </p>
          <KnownHere isServed={isServed} />
        </>
      )}
    </Screen>
  );
}

/** The day as it was at the last visit. It is shown until the day is read again. */
function useKeptDay(day: string): KeptDay | null {
  const { uid } = useApp();
  return useMemo(() => {
    const found = keptDay.get(uid);
    return found?.day === day ? found : null;
  }, [uid, day]);
}

/** The day is stored for the next visit when it has not changed for this long, milliseconds. */
const KEEP_AFTER_MS = 1000;

/** @param conversations all of the day, as the service has them; null if they are not known or must not be stored */
function useKeeping(day: string, conversations: KeptDay['conversations'] | null, figures: Figures | null): void {
  const { uid } = useApp();
  useEffect(() => {
    if (conversations === null) return undefined;
    const timer = setTimeout(() => {
      keptDay.keep(uid, conversations.length > 0 ? { day, conversations, figures } : null);
    }, KEEP_AFTER_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [uid, day, conversations, figures]);
}

interface Edited {
  /** Until they are read, those of the last visit; null if there are none of these. */
  readonly conversations: readonly EditedConversation[] | null;
  /** Whether the service has confirmed all conversations and corrections. */
  readonly isWhole: boolean;
}

/** The day's conversations with their user's corrections. */
function useEdited(read: Loaded<Conversation[]>, { from, to }: Span, kept: KeptDay | null): Edited {
  const stored = valueOf(read);
  const { edits, isKnown } = useEdits(Math.min(stored?.[0]?.startedAt ?? from, from), to);
  const edited = useMemo(() => stored?.map((one) => withEdits(one, edits)) ?? null, [stored, edits]);
  if (read.kind === 'failed') return { conversations: null, isWhole: false };
  const before = kept?.conversations ?? null;
  const conversations = isKnown || before === null ? (edited ?? before) : before;
  return { conversations, isWhole: read.kind === 'ready' && !read.fromCache && isKnown };
}

/** All conversations that went on during the day, also those that began before it, in order of time. */
function useConversations({ from, to }: Span): Loaded<Conversation[]> {
  const { uid } = useApp();
  const held = useLive(`day/${uid}/${from}`, () =>
    liveQuery(conversationsDuring(uid, new Date(from), new Date(to), NO_LIMIT), conversationOf),
  );
  const newestFirst = valueOf(held);
  const value = useMemo(() => newestFirst?.toReversed() ?? [], [newestFirst]);
  return held.kind === 'ready' ? { ...held, value } : held;
}

interface DayJobs {
  readonly jobs: readonly Job[];
  /** Null until the recordings of all these jobs are read for the first time, and if this device knows of none. */
  readonly added: Figures | null;
  /** Whether the service has confirmed that these are all. */
  readonly isServed: boolean;
}

/** All jobs that may have recordings of the day: a recording is never sent before it is captured. */
function useJobsOf(span: Span): DayJobs {
  const { uid } = useApp();
  const { from } = span;
  // The query begins earlier than the day, because clocks of devices may be ahead of the server's.
  const since = useLive(`jobs-since/${uid}/${from}`, () =>
    liveQuery(jobsSince(uid, new Date(from - HOUR_MS), NO_LIMIT), jobOf),
  );
  const { jobs, isWhole } = useJobFiles(valueOf(since) ?? NO_JOBS);
  const isServed = since.kind === 'ready' && !since.fromCache;
  const added = useMemo(() => {
    const figures = figuresOf(jobs, span);
    return isWhole && (isServed || figures.ledger.audioSeconds > 0) ? figures : null;
  }, [jobs, isWhole, isServed, span]);
  // While the recordings of another job are being read, the sums stay what they were.
  const last = useRef<{ readonly span: Span; readonly added: Figures } | null>(null);
  if (added !== null) last.current = { span, added };
  const shown = last.current?.span === span ? last.current.added : null;
  return { jobs, added: shown, isServed };
}
