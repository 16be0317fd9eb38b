/** The time in a recording's name, in the forms that recorders, phones and meeting tools write. */
import { captureTimeMs } from 'offline-audio-sync-contract';
import { zonedTimeMs } from './timeZone.ts';
import type { WallTime } from './timeZone.ts';

/** A time found in a name. */
export interface CaptureTime {
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  /** Where the time stands in the name. */
  readonly from: number;
  readonly to: number;
}

/** The beginnings of the months' names in English, German, French, Spanish, Portuguese, Italian and Dutch, in their order. */
const MONTHS = [
  'jan|ene|gen',
  'feb|fév|fev',
  'mar|mär|mrt|maa',
  'apr|avr|abr',
  'may|mai|mei|mag',
  'juin|jun|giu',
  'juil|jul|lug',
  'aug|aoû|ago',
  'sep|set',
  'oct|okt|out|ott',
  'nov',
  'dec|dez|déc|dic',
].map((names) => names.split('|'));
const MONTH = `(?<month>${MONTHS.flat().join('|')})\\p{L}*\\.?`;

/** No digit goes on where a number begins or ends. */
const START = String.raw`(?<!\d)`;
const END = String.raw`(?!\d)`;
const YEAR = String.raw`(?<year>19[7-9]\d|20\d\d)`;

/**
 * Dates, the most explicit first. A day before its month is taken with dots, because months are not written so, and where no month has its
 * number; 09-10-2025 may be either, and is not taken.
 */
const DATES = [
  String.raw`${START}${YEAR}(?<sep>[-_.: ])(?<month>\d\d?)\k<sep>(?<day>\d\d?)`,
  String.raw`${START}${YEAR}(?<month>\d\d)(?<day>\d\d)`,
  String.raw`${START}(?<day>\d\d?)\.(?<month>\d\d?)\.${YEAR}`,
  String.raw`${START}(?<day>1[3-9]|2\d|3[01])(?<sep>[-_])(?<month>\d\d?)\k<sep>${YEAR}`,
  String.raw`${START}(?<day>\d\d?)(?:st|nd|rd|th|er|º)?[ _.-]{1,2}(?:de )?${MONTH}(?: de )?[ _.,-]{0,2}${YEAR}`,
  String.raw`(?<!\p{L})${MONTH}[ _.-](?<day>\d\d?)(?:st|nd|rd|th)?[ _.,-]{1,2}${YEAR}`,
  String.raw`${YEAR}[ _.-]${MONTH}[ _.-](?<day>\d\d?)`,
  String.raw`${YEAR}[年년] ?(?<month>\d\d?)[月월] ?(?<day>\d\d?)[日일]`,
] as const;

/** Between a date and its time. */
const BETWEEN = String.raw`(?:[ T_,.@-]{0,8}(?:(?<!\p{L})(?:at|um|à|às|alle|om|kl|klo)(?!\p{L}))?[ T_,.@-]{0,8})`;
/** A time of day in two to four parts, and the zone behind it. Letters stand for hours and minutes, too (10h33m12s). */
const TIME = String.raw`(?<hour>\d\d?)(?:[:._\-h 点時时]|시 ?)(?<minute>\d\d)(?:(?:[:._\-m 分]|분 ?)(?<second>\d\d)s?(?:[.,_-](?<fraction>\d{1,6}))?)?${END}`;
const COMPACT_TIME = String.raw`(?<hour>\d\d)(?<minute>\d\d)(?:(?<second>\d\d)(?<fraction>\d{3})?)?${END}`;
const HALF_DAY = String.raw`(?:[ _]?(?<half>[ap])\.?m\b\.?)?`;
const ZONE = String.raw`(?<zone>[ _]?(?:Z|UTC|GMT)(?:[+-]\d\d?(?:[:.]?\d\d)?)?(?![a-z\d])|[+-]\d\d[:.]?\d\d${END}|\+\d\d-\d\d${END})?`;

const FORMS: readonly RegExp[] = [
  // Two-figure years stand only in front of a time, as recorders write them: 251009_1033, 251009-103312.
  ...DATES.flatMap((date) => [`${date}${BETWEEN}${TIME}`, `${date}${BETWEEN}${COMPACT_TIME}`]),
  String.raw`${START}(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d)[ _T-]${COMPACT_TIME}`,
  String.raw`${START}(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d)(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)${END}`,
].map((form) => new RegExp(`(?<utc>GMT|UTC)?${form}${HALF_DAY}${ZONE}`, 'diu'));

const DAYS: readonly RegExp[] = DATES.map((date) => new RegExp(`${date}${END}`, 'diu'));

/**
 * The time in a name without its extension. A number behind the last underscore is Unix seconds or milliseconds, unless it is
 * part of a date. A date without a time of day is the beginning of that day.
 * @param zone of times that do not name their own: an IANA name or an offset, as `parseTimeZone` gives it.
 */
export function findCaptureTime(base: string, zone: string): CaptureTime | null {
  const timestamp = /_(?<digits>\d+)$/d.exec(base);
  const digits = timestamp?.groups?.['digits'] ?? '';
  // Ten digits are seconds from 2001 to 2286, thirteen the same in milliseconds: neither is a date.
  if (timestamp && (digits.length === 10 || digits.length === 13)) return epoch(timestamp.index, digits);
  // A number of thirteen digits can be nothing else behind another separator, or alone; one of ten may be a telephone number.
  const milliseconds = /(?:^|[-. ])(\d{13})$/.exec(base);
  if (milliseconds?.[1] !== undefined) {
    const startedAtMs = captureTimeMs(Number(milliseconds[1]));
    return { startedAtMs, from: milliseconds.index, to: base.length };
  }
  const matches = [...FORMS, ...DAYS].map((form) => form.exec(base)).filter((match) => match !== null);
  for (const match of matches) {
    const found = timeOf(match, zone);
    if (found !== null) return found;
  }
  // Behind a date that there is not, a number is its time of day.
  return timestamp && matches.length === 0 ? epoch(timestamp.index, digits) : null;
}

function epoch(at: number, digits: string): CaptureTime {
  const number = Number(digits);
  const startedAtMs = captureTimeMs(number);
  return { startedAtMs, from: at, to: at + 1 + digits.length };
}

function timeOf(match: RegExpExecArray, zone: string): CaptureTime | null {
  const {
    year,
    shortYear,
    month = '',
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '0',
    half,
    utc,
  } = match.groups as Partial<Record<string, string>>;
  const wall: WallTime = {
    year: shortYear === undefined ? Number(year) : fullYear(Number(shortYear)),
    month: /^\d/.test(month) ? Number(month) : MONTHS.findIndex((names) => names.includes(month.toLowerCase())) + 1,
    day: Number(day),
    hour: hourOf(Number(hour), half),
    minute: Number(minute),
    second: Number(second),
    millisecond: Math.floor(Number(`0.${fraction}`) * 1000),
  };
  if (!isPossible(wall)) return null;
  const ownZone = match.groups?.['zone'];
  const startedAtMs = zonedTimeMs(wall, ownZone !== undefined ? offsetOf(ownZone) : utc !== undefined ? 'UTC' : zone);
  const [from, to] = match.indices?.[0] ?? [0, 0];
  return { startedAtMs, from, to };
}

/** Recorders count from 1970 or 1980 until their clock is set. */
function fullYear(short: number): number {
  return short < 70 ? 2000 + short : 1900 + short;
}

/** @returns NaN for an hour that no clock of twelve hours has. */
function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return NaN;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

function isPossible({ year, month, day, hour, minute, second }: WallTime): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
}

/** `Z`, `UTC`, `GMT+2`, `+0200`, `+02:00` as an offset. */
function offsetOf(written: string): string {
  const [, sign, hours = '', minutes = '00'] = /([+-])(\d\d?)[:.-]?(\d\d)?$/.exec(written) ?? [];
  return sign === undefined ? 'UTC' : `${sign}${hours.padStart(2, '0')}:${minutes}`;
}
