import { useMemo } from 'preact/hooks';
import {
  conversationsAcross,
  conversationsOfDay,
  jobsSince,
  LONGEST_PAGE_MS,
  NO_LIMIT,
  speechOfDay,
} from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Conversation, Job, Segment } from '../data/model.ts';
import { withEdits } from '../domain/edited.ts';
import { filesAcross, lanesOf, recordingsOf } from '../domain/day.ts';
import { addDays, dayOf, longDay, monthName, monthOf, startOfDay } from '../domain/time.ts';
import { conversationOf, jobOf, segmentsOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { ConversationList } from '../ui/conversationList.tsx';
import { DayPicker, DayStrip } from '../ui/dayNav.tsx';
import { useEdits } from '../ui/edits.ts';
import { DayFigures } from '../ui/figures.tsx';
import { useJobFiles } from '../ui/jobFiles.ts';
import { useLive, usePages, type Loaded } from '../ui/live.ts';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';
import { Timeline } from '../ui/timeline.tsx';
import { NothingScreen } from './nothing.tsx';
import { Welcome } from './welcome.tsx';

const HOUR_MS = 3_600_000;

const NO_JOBS: readonly Job[] = [];
const NO_TALKS: readonly Conversation[] = [];

/** The newest day of which anything is known. */
export function HomeScreen() {
  const { newest, jobs } = useApp();
  const [conversation] = newest.kind === 'ready' ? newest.value : [];
  const spokenAt = conversation?.finishedAt ?? null;
  // What was recorded since may be silence: the day is there nevertheless.
  const later = useMemo(
    () =>
      newest.kind === 'ready' && jobs.kind === 'ready'
        ? jobs.value.filter(({ createdAt }) => createdAt > (spokenAt ?? 0))
        : NO_JOBS,
    [newest.kind, jobs, spokenAt],
  );
  const { jobs: withFiles, isWhole } = useJobFiles(later);
  if (newest.kind === 'failed') return <Problem error={newest.error} />;
  if (newest.kind === 'loading' || jobs.kind === 'loading') return <Waiting what="your days" />;
  const recorded = withFiles.flatMap(({ files }) => files.map(({ startedAt }) => startedAt));
  const moments = spokenAt === null ? recorded : [spokenAt, ...recorded];
  if (moments.length > 0) {
    const day = dayOf(moments.reduce((a, b) => Math.max(a, b)));
    return <DayScreen key={day} day={day} />;
  }
  if (newest.fromCache) return <Unreached what="your days" />;
  return isWhole ? <Welcome /> : <Waiting what="your days" />;
}

export function DayScreen({ day }: { day: string }) {
  const from = startOfDay(day);
  if (from === null) return <NothingScreen />;
  return <DayOf day={day} from={from} to={startOfDay(addDays(day, 1)) ?? from} />;
}

interface DayProps {
  readonly day: string;
  readonly from: number;
  readonly to: number;
}

function DayOf({ day, from, to }: DayProps) {
  const span = useMemo(() => ({ from, to }), [from, to]);
  const talks = useTalks(span);
  const { jobs, isWhole } = useJobsOf(span);
  const heard = talks.kind === 'ready' ? talks.value : NO_TALKS;
  const first = heard[0]?.startedAt ?? from;
  const edits = useEdits(Math.min(first, from), to);
  const conversations = useMemo(() => heard.map((one) => withEdits(one, edits)), [heard, edits]);
  const isServed = talks.kind === 'ready' && !talks.fromCache;
  const speech = useSpeech(span, heard, isServed);
  const lanes = useMemo(
    () => lanesOf(recordingsOf(filesAcross(jobs, span)), conversations, speech),
    [jobs, conversations, speech, span],
  );
  return (
    <Screen
      title={longDay(from)}
      context={<a href={hrefs.month(monthOf(day))}>{monthName(from)}</a>}
      actions={<DayPicker day={day} from={from} to={to} />}
    >
      <DayStrip day={day} />
      {talks.kind === 'failed' && <Problem error={talks.error} />}
      {talks.kind === 'loading' && <Waiting what="the day" />}
      {talks.kind === 'ready' && lanes.length === 0 && !isServed && <Unreached what="the day" />}
      {isServed && lanes.length === 0 && (
        <p class="empty">Nothing was recorded on this day, or it has not been sent yet.</p>
      )}
      {talks.kind === 'ready' && lanes.length > 0 && (
        <>
          <DayFigures jobs={jobs} isWhole={isWhole} span={span} conversations={conversations} />
          <Timeline day={span} lanes={lanes} />
          <ConversationList conversations={conversations} />
          <p>
            <a href={hrefs.takeAlong(day)}>Take this day along</a>
          </p>
        </>
      )}
    </Screen>
  );
}

/** All conversations that were held on the day, also those that began before it, in order of time. */
function useTalks({ from, to }: Pick<DayProps, 'from' | 'to'>): Loaded<Conversation[]> {
  const { uid } = useApp();
  const began = useLive(`day/${uid}/${from}`, () =>
    liveQuery(conversationsOfDay(uid, new Date(from), new Date(to), NO_LIMIT), conversationOf),
  );
  const across = useLive(`across/${uid}/${from}`, () =>
    liveQuery(conversationsAcross(uid, new Date(from), NO_LIMIT), conversationOf),
  );
  return useMemo(() => {
    if (began.kind !== 'ready') return began;
    if (across.kind !== 'ready') return across;
    return {
      kind: 'ready',
      value: [...began.value, ...across.value].reverse(),
      fromCache: began.fromCache || across.fromCache,
    };
  }, [began, across]);
}

/** All jobs that may have recordings of the day: nothing was sent before it was recorded. */
function useJobsOf({ from }: Pick<DayProps, 'from'>) {
  const { uid } = useApp();
  // Clocks of devices may be ahead of the server's.
  const since = useLive(`jobs-since/${uid}/${from}`, () =>
    liveQuery(jobsSince(uid, new Date(from - HOUR_MS), NO_LIMIT), jobOf),
  );
  const { jobs, isWhole } = useJobFiles(since.kind === 'ready' ? since.value : NO_JOBS);
  return { jobs, isWhole: isWhole && since.kind === 'ready' };
}

/** Where speech lies on the day's axis. */
function useSpeech({ from, to }: Pick<DayProps, 'from' | 'to'>, talks: readonly Conversation[], isServed: boolean) {
  const { uid } = useApp();
  const { items } = usePages<Segment[]>({
    key: `${uid}/${from}/${revisionOf(talks)}`,
    query: () => speechOfDay(uid, new Date(from - LONGEST_PAGE_MS), new Date(to)),
    parse: segmentsOf,
    isServed,
  });
  return useMemo(
    () =>
      (items ?? [])
        .flat()
        .flatMap(({ deviceId, startedAt, endedAt }) =>
          endedAt > from && startedAt < to ? [{ deviceId, from: startedAt, to: endedAt }] : [],
        ),
    [items, from, to],
  );
}

/** Changes when any of them does. */
function revisionOf(conversations: readonly Conversation[]): string {
  return conversations.map(({ id, revision }) => `${id}:${revision}`).join();
}
