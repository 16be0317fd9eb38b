import { useMemo } from 'preact/hooks';
import { conversationsOfDay, speechOfDay } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { Conversation, Job, Segment } from '../data/model.ts';
import { filesBetween, figuresOf, knownDays, lanesOf, recordingsOf, type KnownDay } from '../domain/day.ts';
import { addDays, clock, dayOf, duration, longDay, shortDay, startOfDay, weekday } from '../domain/time.ts';
import { conversationOf, segmentsOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { hrefs, navigate } from '../router.ts';
import { Glyph } from '../ui/icons.tsx';
import { LedgerBar } from '../ui/ledger.tsx';
import { useLive, usePages } from '../ui/live.ts';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';
import { Timeline } from '../ui/timeline.tsx';
import { NothingScreen } from './nothing.tsx';
import { Welcome } from './welcome.tsx';

/** More conversations than a day can hold within reason. */
const DAY_LIMIT = 300;

/** The newest day of which anything is known. */
export function HomeScreen() {
  const { conversations, jobs } = useApp();
  if (conversations.kind === 'failed') return <Problem error={conversations.error} />;
  if (conversations.kind === 'loading' || jobs.kind === 'loading') return <Waiting what="your days" />;
  const [newest] = knownDays(conversations.value, jobs.kind === 'ready' ? jobs.value : []);
  if (newest !== undefined) return <DayScreen key={newest.day} day={newest.day} />;
  return conversations.fromCache ? <Unreached what="your days" /> : <Welcome />;
}

export function DayScreen({ day }: { day: string }) {
  const from = startOfDay(day);
  if (from === null) return <NothingScreen />;
  return <DayOf day={day} from={from} to={startOfDay(addDays(day, 1)) ?? from} />;
}

function DayOf({ day, from, to }: { day: string; from: number; to: number }) {
  const { uid, jobs: allJobs, conversations: known } = useApp();
  const span = useMemo(() => ({ from, to }), [from, to]);
  const conversations = useLive(`day/${uid}/${day}`, () =>
    liveQuery(conversationsOfDay(uid, new Date(from), new Date(to), DAY_LIMIT), conversationOf),
  );
  const jobs = allJobs.kind === 'ready' ? allJobs.value : [];
  const talks = conversations.kind === 'ready' ? [...conversations.value].reverse() : [];
  const isServed = conversations.kind === 'ready' && !conversations.fromCache;
  const { items: speech } = usePages<Segment[]>({
    key: `${uid}/${day}/${revisionOf(talks)}`,
    query: () => speechOfDay(uid, new Date(from), new Date(to)),
    parse: segmentsOf,
    isServed,
  });
  const lanes = useMemo(() => {
    const spoken = (speech ?? []).flat().map(({ deviceId, startedAt, endedAt }) => ({
      deviceId,
      from: startedAt,
      to: endedAt,
    }));
    return lanesOf(recordingsOf(filesBetween(jobs, span)), talks, spoken);
  }, [allJobs, conversations, speech, span]);
  const days = knownDays(known.kind === 'ready' ? known.value : [], jobs);

  return (
    <Screen
      title={longDay(from)}
      context={<span>{new Date(from).getFullYear()}</span>}
      actions={<DayPicker day={day} days={days} />}
    >
      <DayStrip day={day} days={days} />
      {conversations.kind === 'failed' && <Problem error={conversations.error} />}
      {conversations.kind === 'loading' && <Waiting what="the day" />}
      {conversations.kind === 'ready' && lanes.length === 0 && !isServed && <Unreached what="the day" />}
      {isServed && lanes.length === 0 && (
        <p class="empty">Nothing was recorded on this day, or it has not been sent yet.</p>
      )}
      {lanes.length > 0 && (
        <>
          <Figures jobs={jobs} span={span} conversations={talks} />
          <Timeline day={span} lanes={lanes} />
          <ConversationList conversations={talks} />
        </>
      )}
    </Screen>
  );
}

/** Changes when any of them does. */
function revisionOf(conversations: readonly Conversation[]): string {
  return conversations.map(({ id, revision }) => `${id}:${revision}`).join();
}

function DayPicker({ day, days }: { day: string; days: readonly KnownDay[] }) {
  const earlier = days.find((known) => known.day < day)?.day ?? addDays(day, -1);
  const later = days.findLast((known) => known.day > day)?.day ?? addDays(day, 1);
  return (
    <div class="day-picker">
      <a class="icon-button" href={hrefs.day(earlier)} aria-label="Earlier day" title="Earlier day">
        <Glyph name="left" />
      </a>
      <label>
        <span class="visually-hidden">Day</span>
        <input
          type="date"
          value={day}
          max={dayOf(Date.now())}
          onChange={({ currentTarget }) => {
            if (startOfDay(currentTarget.value) !== null) navigate(hrefs.day(currentTarget.value));
          }}
        />
      </label>
      {later > dayOf(Date.now()) ? (
        <span class="icon-button" aria-hidden="true" data-disabled>
          <Glyph name="right" />
        </span>
      ) : (
        <a class="icon-button" href={hrefs.day(later)} aria-label="Later day" title="Later day">
          <Glyph name="right" />
        </a>
      )}
    </div>
  );
}

/** The newest days with something in them: most of the time one of these is wanted. */
function DayStrip({ day, days }: { day: string; days: readonly KnownDay[] }) {
  if (days.length < 2) return null;
  return (
    <nav class="day-strip" aria-label="Days with recordings">
      {days.slice(0, 14).map(({ day: other, conversations }) => {
        const at = startOfDay(other) ?? 0;
        const count = conversations === 1 ? '1 conversation' : `${conversations} conversations`;
        return (
          <a key={other} href={hrefs.day(other)} aria-current={other === day ? 'date' : undefined} title={count}>
            <small>{weekday(at)}</small>
            <b>{shortDay(at)}</b>
            <span class="visually-hidden">, {count}</span>
            <span class="dots" aria-hidden="true">
              {'•'.repeat(Math.min(conversations, 5))}
            </span>
          </a>
        );
      })}
    </nav>
  );
}

interface FiguresProps {
  readonly jobs: readonly Job[];
  readonly span: { readonly from: number; readonly to: number };
  readonly conversations: readonly Conversation[];
}

/** What was recorded, and what of it was billed. */
function Figures({ jobs, span, conversations }: FiguresProps) {
  const { ledger, billedSeconds } = figuresOf(jobs, span);
  const words = conversations.reduce((sum, { wordCount }) => sum + wordCount, 0);
  const recorded = ledger.audioSeconds > 0;
  return (
    <section class="figures" aria-label="The day in figures">
      <dl>
        {recorded && <Figure label="recorded" value={duration(ledger.audioSeconds)} />}
        {recorded && (
          <Figure
            label="billed"
            value={duration(billedSeconds)}
            note={`${Math.round((billedSeconds / ledger.audioSeconds) * 100)} % of what was recorded`}
          />
        )}
        <Figure
          label={conversations.length === 1 ? 'conversation' : 'conversations'}
          value={String(conversations.length)}
        />
        <Figure label="words" value={words.toLocaleString('en')} />
      </dl>
      {recorded ? (
        <LedgerBar ledger={ledger} />
      ) : (
        <p class="hint">The recordings of this day are no longer listed: a job is kept for some days after its end.</p>
      )}
    </section>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note?: string }) {
  return (
    <div class="figure" title={note}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function ConversationList({ conversations }: { conversations: readonly Conversation[] }) {
  if (conversations.length === 0) return <p class="empty">Nothing was said in these recordings.</p>;
  return (
    <section aria-labelledby="conversations">
      <h2 id="conversations">Conversations</h2>
      <ol class="conversations">
        {conversations.map((conversation) => (
          <li key={conversation.id} class={conversation.onlyFillers ? 'faint' : undefined}>
            <a href={hrefs.conversation(conversation.id)}>
              <span class="when">
                {clock(conversation.startedAt)}
                <small>{duration((conversation.finishedAt - conversation.startedAt) / 1000)}</small>
              </span>
              <span class="what">
                <b>{conversation.title ?? 'Conversation'}</b>
                {conversation.overview !== null && <span class="overview-text">{conversation.overview}</span>}
              </span>
              <span class="who">
                {conversation.deviceId}
                <small>{conversation.wordCount} words</small>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}
