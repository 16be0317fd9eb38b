/** A month at a glance, and the year that it is in. */
import { useMemo } from 'preact/hooks';
import { counted } from '../domain/counted.ts';
import {
  addDays,
  addMonths,
  dayOf,
  daysOfMonth,
  longDay,
  monthName,
  monthOf,
  shortMonth,
  startOfDay,
  type DayKey,
  type MonthKey,
} from '../domain/time.ts';
import { hrefs } from '../router.ts';
import { Arrow } from '../ui/arrow.tsx';
import { useCounts, type NamedSpan } from '../ui/dayCounts.ts';
import { Screen } from '../ui/screen.tsx';
import { NothingScreen } from './nothing.tsx';

const WEEK = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

export function MonthScreen({ month }: { month: MonthKey }) {
  const days = useMemo(() => daysOfMonth(month), [month]);
  if (days.length === 0) return <NothingScreen />;
  return <MonthOf month={month} days={days} />;
}

function MonthOf({ month, days }: { month: MonthKey; days: readonly DayKey[] }) {
  const spans = useMemo(() => days.map((day) => spanOf(day, day, addDays(day, 1))), [days]);
  const counts = useCounts(spans);
  const known = spans.flatMap(({ name }) => counts.get(name) ?? []);
  const total = known.reduce((sum, count) => sum + count, 0);
  const isWhole = known.length === days.length;
  return (
    <Screen title={monthName(spans[0]?.from ?? 0)} actions={<MonthPicker month={month} />}>
      <p class="lead">{isWhole ? `${counted(total, 'conversation')}.` : 'Counting …'}</p>
      <MonthTable days={days} counts={counts} />
      <Year month={month} />
    </Screen>
  );
}

function MonthPicker({ month }: { month: MonthKey }) {
  const isNow = month >= monthOf(dayOf(Date.now()));
  return (
    <div class="day-picker">
      <Arrow to={hrefs.month(addMonths(month, -1))} glyph="left" label="Earlier month" />
      <Arrow to={isNow ? null : hrefs.month(addMonths(month, 1))} glyph="right" label="Later month" />
    </div>
  );
}

function MonthTable({ days, counts }: { days: readonly DayKey[]; counts: ReadonlyMap<string, number> }) {
  const most = Math.max(1, ...counts.values());
  return (
    <table class="month">
      <caption class="visually-hidden">Conversations on each day</caption>
      <thead>
        <tr>
          {WEEK.map((name) => (
            <th key={name} scope="col">
              <abbr title={name}>{name.slice(0, 2)}</abbr>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeksOf(days).map((week, index) => (
          <tr key={index}>
            {week.map((day, column) => (
              <td key={column}>{day !== null && <Day day={day} count={counts.get(day) ?? null} most={most} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Day({ day, count, most }: { day: DayKey; count: number | null; most: number }) {
  const today = dayOf(Date.now());
  const number = Number(day.slice(-2));
  if (day > today) return <span class="month-day">{number}</span>;
  const words = count === null ? '' : `, ${counted(count, 'conversation')}`;
  return (
    <a class="month-day" href={hrefs.day(day)} aria-current={day === today ? 'date' : undefined}>
      <span class="visually-hidden">
        {longDay(startOfDay(day) ?? 0)}
        {words}
      </span>
      <b aria-hidden="true">{number}</b>
      <span class="month-bar" style={{ height: `${((count ?? 0) / most) * 100}%` }} />
      <small aria-hidden="true">{count === null || count === 0 ? '' : count.toLocaleString('en')}</small>
    </a>
  );
}

/** The months of the year, and the way to other years. */
function Year({ month }: { month: MonthKey }) {
  const year = Number(month.slice(0, 4));
  const now = monthOf(dayOf(Date.now()));
  const spans = useMemo(
    () =>
      Array.from({ length: 12 }, (_, index) => `${month.slice(0, 4)}-${String(index + 1).padStart(2, '0')}`)
        .filter((name) => name <= now)
        .map((name) => spanOf(name, `${name}-01`, `${addMonths(name, 1)}-01`)),
    [year],
  );
  const counts = useCounts(spans);
  return (
    <nav class="year" aria-label={`Months of ${year}`}>
      <a href={hrefs.month(addMonths(month, -12))}>{year - 1}</a>
      {spans.map(({ name, from }) => (
        <a key={name} href={hrefs.month(name)} aria-current={name === month ? 'page' : undefined}>
          {shortMonth(from)}
          <small>{counts.get(name)?.toLocaleString('en') ?? '…'}</small>
        </a>
      ))}
      {addMonths(month, 12) <= now && <a href={hrefs.month(addMonths(month, 12))}>{year + 1}</a>}
    </nav>
  );
}

function spanOf(name: string, first: DayKey, end: DayKey): NamedSpan {
  return { name, from: startOfDay(first) ?? 0, to: startOfDay(end) ?? 0 };
}

/** Rows of seven, from Monday; null before the first day of the month and after its last. */
function weeksOf(days: readonly DayKey[]): (DayKey | null)[][] {
  const before = (new Date(startOfDay(days[0] ?? '') ?? 0).getDay() + 6) % 7;
  const cells = [...Array.from({ length: before }, () => null), ...days];
  return Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => cells[week * 7 + day] ?? null),
  );
}
