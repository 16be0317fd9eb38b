import { useMemo } from 'preact/hooks';
import { conversationsDuring, jobsSince, NO_LIMIT } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Conversation, Job } from '../data/model.ts';
import { withEdits } from '../domain/edited.ts';
import { filesAcross, lanesOf, recordingsOf } from '../domain/day.ts';
import { addDays, dayOf, longDay, monthName, monthOf, startOfDay } from '../domain/time.ts';
import { conversationOf, jobOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { ConversationList } from '../ui/conversationList.tsx';
import { DayPicker, DayStrip, useDayStrip } from '../ui/dayNav.tsx';
import { useEdits } from '../ui/edits.ts';
import { DayFigures } from '../ui/figures.tsx';
import { useJobFiles } from '../ui/jobFiles.ts';
import { useLive, valueOf, type Loaded } from '../ui/live.ts';
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
  const strip = useDayStrip(day);
  const conversations = useMemo(() => heard.map((one) => withEdits(one, edits)), [heard, edits]);
  const isServed = talks.kind === 'ready' && !talks.fromCache;
  const lanes = useMemo(
    () => lanesOf(recordingsOf(filesAcross(jobs, span)), conversations),
    [jobs, conversations, span],
  );
  return (
    <Screen
      title={longDay(from)}
      context={<a href={hrefs.month(monthOf(day))}>{monthName(from)}</a>}
      actions={<DayPicker day={day} strip={strip} />}
    >
      <DayStrip day={day} strip={strip} />
      {talks.kind === 'failed' && <Problem error={talks.error} />}
      {talks.kind === 'loading' && <Waiting what="the day" />}
      {talks.kind === 'ready' && lanes.length === 0 && !isServed && <Unreached what="the day" />}
      {isServed && lanes.length === 0 && (
        <p class="empty">Nothing was recorded on this day, or it has not been sent yet.</p>
      )}
      {talks.kind === 'ready' && lanes.length > 0 && (
        <>
          <DayFigures jobs={jobs} isWhole={isWhole} span={span} conversations={conversations} />
          <Timeline day={span} lanes={lanes} conversations={heard} isServed={isServed} />
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
  const held = useLive(`day/${uid}/${from}`, () =>
    liveQuery(conversationsDuring(uid, new Date(from), new Date(to), NO_LIMIT), conversationOf),
  );
  const newestFirst = valueOf(held);
  const value = useMemo(() => newestFirst?.toReversed() ?? [], [newestFirst]);
  return held.kind === 'ready' ? { ...held, value } : held;
}

/** All jobs that may have recordings of the day: nothing was sent before it was recorded. */
function useJobsOf({ from }: Pick<DayProps, 'from'>) {
  const { uid } = useApp();
  // Clocks of devices may be ahead of the server's.
  const since = useLive(`jobs-since/${uid}/${from}`, () =>
    liveQuery(jobsSince(uid, new Date(from - HOUR_MS), NO_LIMIT), jobOf),
  );
  const { jobs, isWhole } = useJobFiles(valueOf(since) ?? NO_JOBS);
  return { jobs, isWhole: isWhole && since.kind === 'ready' };
}
