/** Shows one month as a calendar, and links to the other months and years. */
import { memo } from 'preact/compat';
import { useMemo } from 'preact/hooks';
import type { ConversationTotal } from '../data/model.ts';
import { counted } from '../domain/counted.ts';
import {
  addDays,
  addMonths,
  dayOf,
  daysOfMonth,
  duration,
  longDay,
  monthName,
  monthOf,
  shortDuration,
  shortMonth,
  startOfDay,
  type DayKey,
  type MonthKey,
} from '../domain/time.ts';
import { sentenceOf } from '../domain/sentence.ts';
import { hrefs } from '../router.ts';
import { Arrow } from '../ui/arrow.tsx';
import { useTotals, type NamedSpan, type Totals } from '../ui/dayTotals.ts';
import { Screen, Unreached } from '../ui/screen.tsx';
import { NothingScreen } from './nothing.tsx';

const WEEK = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

export function MonthScreen({ month }: { month: MonthKey }) {
  const days = useMemo(() => daysOfMonth(month), [month]);
  if (days.length === 0) return <NothingScreen />;
  return <MonthOf month={month} days={days} />;
}

function MonthOf({ month, days }: { month: MonthKey; days: readonly DayKey[] }) {
  const spans = useMemo(
    () => days.filter((day) => day <= dayOf(Date.now())).map((day) => spanOf(day, day, addDays(day, 1))),
    [days],
  );
  const totals = useTotals(spans);
  const isMissing = spans.some(({ name }) => !totals.known.has(name) && !totals.failed.has(name));
  const isUnderWay = totals.isServed && isMissing;
  return (
    <Screen title={monthName(month)} actions={<MonthPicker month={month} />}>
      {isMissing && !isUnderWay ? (
        <Unreached what="what was said on these days" />
      ) : (
        <Sum spans={spans} totals={totals} isUnderWay={isUnderWay} />
      )}
      <MonthTable days={days} totals={totals} />
      <Year month={month} isWanted={!isMissing} />
    </Screen>
  );
}

interface SumProps {
  readonly spans: readonly NamedSpan[];
  readonly totals: Totals;
  readonly isUnderWay: boolean;
}

/** The sum of the days that are counted. A day that cannot be counted does not keep the others from being shown. */
function Sum({ spans, totals: { known, failed, retry }, isUnderWay }: SumProps) {
  const counts = spans.flatMap(({ name }) => known.get(name) ?? []);
  const sum = {
    conversations: sumOf(counts.map(({ conversations }) => conversations)),
    speechSeconds: sumOf(counts.map(({ speechSeconds }) => speechSeconds)),
  };
  const [problem] = failed.values();
  const soFar = counts.length === 0 ? '' : spoken(sum);
  return (
    <>
      <p class="lead">{isUnderWay ? `Counting … ${soFar}` : soFar === '' ? '' : `${soFar}.`}</p>
      {problem !== undefined && !isUnderWay && (
        <div class="notice bad" role="alert">
          <p>
            {counted(failed.size, 'day')} could not be counted, and {failed.size === 1 ? 'is' : 'are'} not in the sum.{' '}
            {sentenceOf(problem)}
          </p>
          <button class="button small" onClick={retry}>
            Count again
          </button>
        </div>
      )}
    </>
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

function MonthTable({ days, totals: { known, failed } }: { days: readonly DayKey[]; totals: Totals }) {
  const most = Math.max(1, ...[...known.values()].map(({ speechSeconds }) => speechSeconds));
  const today = dayOf(Date.now());
  return (
    <table class="month">
      <caption class="visually-hidden">What was said on each day</caption>
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
              <td key={column}>
                {day !== null && day > today && <span class="month-day">{Number(day.slice(-2))}</span>}
                {day !== null && day <= today && (
                  <Day
                    day={day}
                    isToday={day === today}
                    total={known.get(day) ?? null}
                    isFailed={failed.has(day)}
                    share={(known.get(day)?.speechSeconds ?? 0) / most}
                  />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface DayProps {
  readonly day: DayKey;
  readonly isToday: boolean;
  readonly total: ConversationTotal | null;
  /** Whether counting the day failed. */
  readonly isFailed: boolean;
  /** Speech of this day as a share of the day with the most speech, 0 to 1. */
  readonly share: number;
}

/** Rendered again only if its own values change, because sums arrive one after another. */
const Day = memo(function Day({ day, isToday, total, isFailed, share }: DayProps) {
  const seconds = total?.speechSeconds ?? 0;
  return (
    <a class="month-day" href={hrefs.day(day)} aria-current={isToday ? 'date' : undefined}>
      <span class="visually-hidden">
        {longDay(startOfDay(day) ?? 0)}
        {total !== null ? `, ${spoken(total)}` : isFailed ? ', not counted' : ''}
      </span>
      <span class="month-bar" style={{ height: `${share * 100}%` }} />
      <b aria-hidden="true">{Number(day.slice(-2))}</b>
      <small aria-hidden="true">{isFailed ? '?' : seconds === 0 ? '' : shortDuration(seconds)}</small>
    </a>
  );
});

const NO_SPANS: readonly NamedSpan[] = [];

interface YearProps {
  readonly month: MonthKey;
  /** False until the days are counted: the months are counted after them. */
  readonly isWanted: boolean;
}

/** The months of the year, and links to the years before and after. */
function Year({ month, isWanted }: YearProps) {
  const year = Number(month.slice(0, 4));
  const now = monthOf(dayOf(Date.now()));
  const spans = useMemo(
    () =>
      Array.from({ length: 12 }, (_, index) => `${month.slice(0, 4)}-${String(index + 1).padStart(2, '0')}`)
        .filter((name) => name <= now)
        .map((name) => spanOf(name, `${name}-01`, `${addMonths(name, 1)}-01`)),
    [year],
  );
  const { known, failed, retry } = useTotals(isWanted ? spans : NO_SPANS);
  return (
    <nav class="year" aria-label={`Months of ${year}`}>
      <a href={hrefs.month(addMonths(month, -12))}>{year - 1}</a>
      {spans.map(({ name }) => (
        <a key={name} href={hrefs.month(name)} aria-current={name === month ? 'page' : undefined}>
          {shortMonth(name)}
          <small>{failed.has(name) ? '?' : shortDurationOf(known.get(name))}</small>
        </a>
      ))}
      {failed.size > 0 && (
        <button class="button small" onClick={retry}>
          Count the months again
        </button>
      )}
      {addMonths(month, 12) <= now && <a href={hrefs.month(addMonths(month, 12))}>{year + 1}</a>}
    </nav>
  );
}

/** `12 conversations, 3 h 20 min of speech` */
const spoken = ({ conversations, speechSeconds }: ConversationTotal): string =>
  `${counted(conversations, 'conversation')}${conversations === 0 ? '' : `, ${duration(speechSeconds)} of speech`}`;

const shortDurationOf = (total: ConversationTotal | undefined): string =>
  total === undefined ? '…' : shortDuration(total.speechSeconds);

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

function spanOf(name: string, first: DayKey, end: DayKey): NamedSpan {
  return { name, from: startOfDay(first) ?? 0, to: startOfDay(end) ?? 0 };
}

/** Rows of seven days that begin on Monday. Null stands for days before and after the month. */
function weeksOf(days: readonly DayKey[]): (DayKey | null)[][] {
  const before = (new Date(startOfDay(days[0] ?? '') ?? 0).getDay() + 6) % 7;
  const cells = [...Array.from({ length: before }, () => null), ...days];
  return Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => cells[week * 7 + day] ?? null),
  );
}
