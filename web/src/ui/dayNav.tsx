/** The links from one day to others. */
import { useMemo, useRef, useState } from 'preact/hooks';
import { conversationBefore, conversationFrom, type ReadQuery } from 'offline-audio-sync-contract';
import { counted } from '../domain/counted.ts';
import { addDays, clampDay, dayOf, shortDay, startOfDay, weekday, type DayKey } from '../domain/time.ts';
import { conversationOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { hrefs, navigate } from '../router.ts';
import { useApp } from './app.ts';
import { Arrow } from './arrow.tsx';
import type { ConversationTotal } from '../data/model.ts';
import { useTotals, type NamedSpan } from './dayTotals.ts';
import { useLive, valueOf } from './live.ts';

const STRIP_DAYS = 14;

interface Strip {
  /** The newest day first. */
  readonly days: readonly NamedSpan[];
  /** What was said on each day, as far as it is added up. */
  readonly totals: ReadonlyMap<DayKey, ConversationTotal>;
}

/** Two weeks that include this day, and how many conversations each day has. */
export function useDayStrip(day: DayKey): Strip {
  const today = dayOf(Date.now());
  const last = clampDay(addDays(day, day > addDays(today, -STRIP_DAYS) ? STRIP_DAYS : STRIP_DAYS / 2 - 1), today);
  const days = useMemo(
    () =>
      Array.from({ length: STRIP_DAYS }, (_, back) => {
        const name = addDays(last, -back);
        return { name, from: startOfDay(name) ?? 0, to: startOfDay(addDays(name, 1)) ?? 0 };
      }),
    [last],
  );
  return { days, totals: useTotals(days).known };
}

interface StripProps {
  readonly day: DayKey;
  readonly strip: Strip;
}

/** Links to the nearest earlier and later day that has conversations, and a field for any date. */
export function DayPicker({ day, strip }: StripProps) {
  const { uid } = useApp();
  const today = dayOf(Date.now());
  const [latest, oldest] = [strip.days[0], strip.days.at(-1)];
  const [begins, ends] = [new Date(oldest?.from ?? 0), new Date(latest?.to ?? 0)];
  const before = strip.days.filter(({ name }) => name < day);
  const after = strip.days.filter(({ name }) => name > day).reverse();
  const earlier = useNearest(before, strip, conversationBefore(uid, begins)) ?? addDays(day, -1);
  const next = useNearest(after, strip, conversationFrom(uid, ends)) ?? addDays(day, 1);
  const later = next > today && day < today ? today : next;
  return (
    <div class="day-picker">
      <Arrow to={hrefs.day(earlier)} glyph="left" label="Earlier day" />
      <label>
        <span class="visually-hidden">Day</span>
        <DateField day={day} latest={today} />
      </label>
      <Arrow to={later > today ? null : hrefs.day(later)} glyph="right" label="Later day" />
    </div>
  );
}

/**
 * The nearest of the given days that is not known to be empty. If all of them are empty, the day of the one conversation beyond them. The
 * totals are loaded already, whereas a live query makes Firestore search its whole cache.
 */
function useNearest(days: readonly NamedSpan[], { totals }: Strip, behind: ReadQuery): DayKey | null {
  const near = days.find(({ name }) => totals.get(name)?.conversations !== 0);
  const isKnownEmpty = near === undefined && days.length > 0;
  const found = useLive(isKnownEmpty ? JSON.stringify(behind) : null, () => liveQuery(behind, conversationOf));
  const [conversation] = valueOf(found) ?? [];
  return near?.name ?? (conversation === undefined ? null : dayOf(conversation.startedAt));
}

/** Goes to the day that is picked. A typed date counts when it is complete: on Enter, or when the field loses focus. */
function DateField({ day, latest }: { day: DayKey; latest: DayKey }) {
  const [draft, setDraft] = useState(day);
  const isTyping = useRef(false);
  const go = (wanted: string): void => {
    isTyping.current = false;
    if (startOfDay(wanted) === null) setDraft(day);
    else if (wanted !== day) navigate(hrefs.day(clampDay(wanted, latest)));
  };
  return (
    <input
      type="date"
      value={draft}
      max={latest}
      onKeyDown={({ key, currentTarget }) => {
        if (key === 'Enter') go(currentTarget.value);
        else if (key !== 'Tab') isTyping.current = true;
      }}
      onPointerDown={() => {
        isTyping.current = false;
      }}
      onInput={({ currentTarget }) => {
        setDraft(currentTarget.value);
        if (!isTyping.current) go(currentTarget.value);
      }}
      onBlur={({ currentTarget }) => {
        go(currentTarget.value);
      }}
    />
  );
}

/** Two weeks with a link for each day. */
export function DayStrip({ day, strip: { days, totals } }: StripProps) {
  return (
    <nav class="day-strip" aria-label="Two weeks">
      {days.map(({ name, from }) => {
        const count = totals.get(name)?.conversations;
        const words = count === undefined ? '' : counted(count, 'conversation');
        return (
          <a key={name} href={hrefs.day(name)} aria-current={name === day ? 'date' : undefined} title={words}>
            <small>{weekday(from)}</small>
            <b>{shortDay(from)}</b>
            {words !== '' && <span class="visually-hidden">, {words}</span>}
            <span class="dots" aria-hidden="true">
              {'•'.repeat(dotsOf(count ?? 0))}
            </span>
          </a>
        );
      })}
    </nav>
  );
}

/** One dot for one conversation, up to five for a hundred and more. */
const dotsOf = (count: number): number => (count === 0 ? 0 : Math.min(5, 1 + Math.floor(Math.log10(count) * 2)));
