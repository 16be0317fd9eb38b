/** The ways from one day to another. */
import { useMemo, useRef, useState } from 'preact/hooks';
import { conversationBefore, conversationFrom, type ReadQuery } from 'offline-audio-sync-contract';
import { counted } from '../domain/counted.ts';
import { addDays, clampDay, dayOf, shortDay, startOfDay, weekday, type DayKey } from '../domain/time.ts';
import { conversationOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { hrefs, navigate } from '../router.ts';
import { useApp } from './app.ts';
import { Arrow } from './arrow.tsx';
import { useTotals } from './dayTotals.ts';
import { useLive } from './live.ts';

/** The day before and the day after with something in them, and any day by its date. */
export function DayPicker({ day, from, to }: { day: DayKey; from: number; to: number }) {
  const { uid } = useApp();
  const today = dayOf(Date.now());
  const earlier = useDayOf(`before/${day}`, conversationBefore(uid, new Date(from))) ?? addDays(day, -1);
  const next = useDayOf(`from/${day}`, conversationFrom(uid, new Date(to))) ?? addDays(day, 1);
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

/** The day of the one conversation that a query is for. */
function useDayOf(key: string, read: ReadQuery): DayKey | null {
  const { uid } = useApp();
  const found = useLive(`${uid}/${key}`, () => liveQuery(read, conversationOf));
  const [conversation] = found.kind === 'ready' ? found.value : [];
  return conversation === undefined ? null : dayOf(conversation.startedAt);
}

/** Goes to a day that is picked; one that is typed counts when it is whole: with Enter, or when the field is left. */
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

const STRIP_DAYS = 14;

/** Two weeks with this day in them, and how much is in each. */
export function DayStrip({ day }: { day: DayKey }) {
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
  const totals = useTotals(days);
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

/** One dot for one, five for a hundred and more. */
const dotsOf = (count: number): number => (count === 0 ? 0 : Math.min(5, 1 + Math.floor(Math.log10(count) * 2)));
