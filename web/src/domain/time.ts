/** Formats times and durations for people. Days are those of the time zone of the browser. */
import { nextTask } from '../nextTask.ts';
import { grouped } from './counted.ts';
import { localeOf } from './locale.ts';

const LOCALE = localeOf(navigator.language);

const FORMATS: (() => Intl.DateTimeFormat)[] = [];

/** Creates a format when it is first used: each takes a browser several milliseconds. */
function format(options: Intl.DateTimeFormatOptions): () => Intl.DateTimeFormat {
  let made: Intl.DateTimeFormat | undefined;
  const formatter = (): Intl.DateTimeFormat => (made ??= new Intl.DateTimeFormat(LOCALE, options));
  FORMATS.push(formatter);
  return formatter;
}

/** Creates all formats in separate tasks while the page waits for data, so that rendering does not wait for them. */
export async function prepareFormats(): Promise<void> {
  for (const formatter of FORMATS) {
    await nextTask();
    formatter();
  }
}

const CLOCK = format({ hour: '2-digit', minute: '2-digit' });
const CLOCK_SECONDS = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = format({ weekday: 'long', day: 'numeric', month: 'long' });
const DAY_OF_YEAR = format({ day: 'numeric', month: 'long', year: 'numeric' });
const SHORT_DAY = format({ day: 'numeric', month: 'short' });

/** Months are the same in all kinds of English. Asking the browser for their names takes several milliseconds. */
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

export const clock = (ms: number): string => CLOCK().format(ms);

const HALF_OF_DAY = /\s[AP]M$/i;

/** For example `08:21 – 08:45 AM`; one time if both are the same. It does not use `formatRange`, which takes a hundred times as long. */
export function clockRange(from: number, to: number): string {
  const [begins, ends] = [clock(from), clock(to)];
  if (begins === ends) return begins;
  const half = HALF_OF_DAY.exec(ends)?.[0] ?? '';
  return `${half !== '' && begins.endsWith(half) ? begins.slice(0, -half.length) : begins} – ${ends}`;
}

export const clockSeconds = (ms: number): string => CLOCK_SECONDS().format(ms);
export const longDay = (ms: number): string => DAY().format(ms);
export const dayOfYear = (ms: number): string => DAY_OF_YEAR().format(ms);
export const shortDay = (ms: number): string => SHORT_DAY().format(ms);
/** `Fri` */
export const weekday = (ms: number): string => (WEEKDAYS[new Date(ms).getDay()] ?? '').slice(0, 3);

/** `yyyy-mm-dd` */
export type DayKey = string;

export function dayOf(ms: number): DayKey {
  const date = new Date(ms);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** The day as a UTC date, independent of time zones. Null if this is not a date. */
function calendarDay(day: DayKey): Date | null {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  if (year === undefined) return null;
  const found = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)));
  return keyOf(found) === day ? found : null;
}

const keyOf = (calendar: Date): DayKey => calendar.toISOString().slice(0, 10);

/** The midnight at which a day begins, Unix milliseconds; null if this is not a date. */
export function startOfDay(day: DayKey): number | null {
  const found = calendarDay(day);
  return found && new Date(found.getUTCFullYear(), found.getUTCMonth(), found.getUTCDate()).getTime();
}

/** Adds days by the calendar, because a day may have 23 or 25 hours. */
export function addDays(day: DayKey, days: number): DayKey {
  const date = calendarDay(day) ?? new Date(0);
  date.setUTCDate(date.getUTCDate() + days);
  return keyOf(date);
}

/** The day, but not later than `latest`. */
export const clampDay = (day: DayKey, latest: DayKey): DayKey => (day > latest ? latest : day);

/** `yyyy-mm` */
export type MonthKey = string;

export const monthOf = (day: DayKey): MonthKey => day.slice(0, 7);

/** The days of a month in order; empty if this is not a month. */
export function daysOfMonth(month: MonthKey): DayKey[] {
  const first = `${month}-01`;
  if (startOfDay(first) === null) return [];
  const days = Array.from({ length: 31 }, (_, index) => addDays(first, index));
  return days.filter((day) => monthOf(day) === month);
}

/** The month so many months later. */
export function addMonths(month: MonthKey, months: number): MonthKey {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return monthOf(keyOf(new Date(Date.UTC(year, number - 1 + months, 1))));
}

const nameOf = (month: MonthKey): string => MONTHS[Number(month.slice(5)) - 1] ?? '';

/** `November 2026` */
export const monthName = (month: MonthKey): string => `${nameOf(month)} ${month.slice(0, 4)}`;

/** `Nov` */
export const shortMonth = (month: MonthKey): string => nameOf(month).slice(0, 3);

/** `today`, `yesterday`, or a date. */
export function relativeDay(ms: number, now: number): string {
  const day = dayOf(ms);
  if (day === dayOf(now)) return 'today';
  if (day === addDays(dayOf(now), -1)) return 'yesterday';
  return new Date(ms).getFullYear() === new Date(now).getFullYear() ? SHORT_DAY().format(ms) : DAY_OF_YEAR().format(ms);
}

/** `8 s`, `4 min 10 s`, `12 h 5 min` */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return '< 1 s';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** Rounded for small spaces: `12 min`, `3.4 h`, `120 h` */
export function shortDuration(seconds: number): string {
  if (seconds < 3570) return `${Math.ceil(seconds / 60)} min`;
  const hours = seconds / 3600;
  return `${hours < 9.95 ? hours.toFixed(1) : grouped(Math.round(hours))} h`;
}

function joined(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** `0:07`, `12:34`, `1:02:03` */
export function stopwatch(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** The time until a moment: `in 40 s`, `in 5 min`, `any moment`. */
export function until(ms: number, now: number): string {
  const seconds = Math.round((ms - now) / 1000);
  if (seconds <= 0) return 'any moment';
  if (seconds < 90) return `in ${seconds} s`;
  return `in ${duration(Math.round(seconds / 60) * 60)}`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${Math.round(count / 1000)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

/** `yyyy-mm-ddThh:mm:ss` in the browser's time zone, as the value of an input for date and time. */
export function localTime(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
