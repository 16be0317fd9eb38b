/** Finds the capture time in the name of a recording, in the forms that recorders, phones and meeting tools write. */
import { captureTimeMs } from 'offline-audio-sync-contract';
import { zonedTimeMs } from './timeZone.ts';
import type { WallTime } from './timeZone.ts';

/** A time found in a name. */
export interface CaptureTime {
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  /** The position of the time in the name. `to` is exclusive. */
  readonly from: number;
  readonly to: number;
}

/**
 * The first letters of month names, January to December: English, German, French, Spanish, Portuguese, Italian, Dutch, the
 * languages of Scandinavia, Indonesian, Turkish, Polish and Russian. A word that means different months in two languages (`lis`
 * in Polish and Croatian) is left out.
 */
const MONTHS = [
  'jan|ene|gen|oca|sty|янв',
  'feb|fév|fev|şub|lut|фев',
  'mar|mär|mrt|maa|мар',
  'apr|avr|abr|nis|kwi|апр',
  'may|mai|mei|mag|maj|мая|май',
  'jun|juin|giu|haz|cze|июн',
  'jul|juil|lug|tem|lip|июл',
  'aug|aoû|ago|agu|ağu|sie|авг',
  'sep|set|eyl|wrz|сен',
  'oct|okt|out|ott|eki|paź|окт',
  'nov|kas|marras|ноя',
  'dec|dez|déc|dic|des|ara|gru|дек',
].map((names) => names.split('|'));
/** Longer names come first, so that `marras` is not read as `mar`. */
const MONTH_NAMES = MONTHS.flat().toSorted((a, b) => b.length - a.length);
const MONTH = `(?<month>${MONTH_NAMES.join('|')})\\p{L}*\\.?`;

/** No digit comes before the start or after the end of a number. */
const START = String.raw`(?<!\d)`;
const END = String.raw`(?!\d)`;
const YEAR = String.raw`(?<year>19[7-9]\d|20\d\d)`;

/** A year cannot be the third of six numbers: 05_01_2025_10_33_12 begins with a day or a month. */
const NOT_THIRD = String.raw`(?<!\d\k<sep>\d\d?\k<sep>\d{4}\k<sep>)`;

/**
 * Forms of dates, the most explicit first. A day before a numeric month is accepted with dots, because no country writes a
 * month first with them. It is also accepted if only one of the two can be the month, or if both are equal. 09-10-2025 may mean
 * either, and is not accepted.
 */
const DATES = [
  String.raw`${START}${YEAR}(?<sep>[-_.: ])${NOT_THIRD}(?<month>\d\d?)\k<sep>(?<day>\d\d?)${END}`,
  String.raw`${START}${YEAR}(?<month>\d\d)(?<day>\d\d)`,
  String.raw`${START}(?<day>\d\d?)\. ?(?<month>\d\d?)\. ?${YEAR}`,
  String.raw`${START}(?<day>1[3-9]|2\d|3[01])(?<sep>[-_ ])(?<month>\d\d?)\k<sep>${YEAR}`,
  String.raw`${START}(?<month>\d\d?)(?<sep>[-_. ])(?<day>1[3-9]|2\d|3[01])\k<sep>${YEAR}`,
  String.raw`${START}(?<day>\d\d?)(?<sep>[-_])(?<month>\k<day>)\k<sep>${YEAR}`,
  String.raw`${START}(?<day>\d\d?)(?:st|nd|rd|th|er|º)?[ _.-]{0,2}(?:de )?${MONTH}(?: de )?[ _.,-]{0,2}${YEAR}`,
  String.raw`(?<!\p{L})${MONTH}[ _.-](?<day>\d\d?)(?:st|nd|rd|th)?[ _.,-]{1,2}${YEAR}`,
  String.raw`${YEAR}[ _.-]{1,2}${MONTH}[ _.-](?<day>\d\d?)`,
  String.raw`${YEAR}(?:[年년] ?|\. )(?<month>\d\d?)(?:[月월] ?|\. )(?<day>\d\d?)(?:[日일]|\.)`,
] as const;

/** Words between a date and its time, in the languages of the months. */
const WORD = String.raw`(?<!\p{L})(?:at|um|à|às|as|a las?|alle|ore|om|kl|klo|kello|klokken|saat|pukul|godz|г|[vwoво])(?!\p{L})`;
/** The characters between a date and its time. */
const BETWEEN = String.raw`[ T_,.@$-]{0,8}(?:${WORD}[ _,.]{1,3}){0,2}(?:(?<halfBefore>[上下]午|午[前後]|오[전후]) ?)?`;
/**
 * A time of day in two to four parts. Letters may separate hours and minutes, too (10h33m12s). Programs that print numbers
 * without padding write 9-3-2.
 */
const TIME = String.raw`(?<hour>\d\d?)(?:[:._\- 点點時时]|시 ?| ?h ?)(?<minute>\d\d|\d(?=[:._-]\d))(?:(?:[:._\-m 分]|분 ?| ?min ?)(?<second>\d\d?)[s秒초]?(?:[.,](?<fraction>\d{1,9})|[_-](?<millisecond>\d{3}(?:\d{3}){0,2}))?)?${END}`;
const COMPACT_TIME = String.raw`(?<hour>\d\d)(?<minute>\d\d)(?:(?<second>\d\d)(?:[.,](?<fraction>\d{1,9})|(?:[_-](?=\d{3,9}Z))?(?<millisecond>\d{3,9}))?)?${END}`;
/** An hour alone is a time only if `am` or `pm` follows it. */
const HOUR = String.raw`(?<hour>\d\d?)(?=[ _]?[ap]\.? ?m(?!\p{L}))`;
/** Before a date, a time must have seconds, and no number may come directly before it. */
const TIME_BEFORE = String.raw`(?<!\d|\d[:._ -])(?<hour>\d\d?)(?<point>[:._-])(?<minute>\d\d)\k<point>(?<second>\d\d)[ _,-]{1,3}`;
/** The half of the day of a twelve-hour clock, also in Greek and Arabic. */
const HALF_DAY = String.raw`(?:[ _]?(?<half>[apπμ])\.? ?[mμ](?!\p{L})\.?|[ _]?(?<halfAlone>[صم])(?!\p{L}))?`;
/** The offsets that exist. Other numbers of four digits behind a dash are usually a counter of the recorder. */
const OFFSET = String.raw`(?:(?:0[1-9]|1[0-4])[:._]?(?:00|15|30|45)|00[:._]?00)${END}`;
/**
 * The offsets from UTC of abbreviations that mean one zone only, as meeting tools write them. IST, CST, BST and others mean
 * several zones; for them the zone of the request is used.
 */
const ABBREVIATIONS: Readonly<Record<string, string>> = Object.fromEntries(
  `CET+01:00 CEST+02:00 EET+02:00 EEST+03:00 MSK+03:00 SAST+02:00 EST-05:00 EDT-04:00 CDT-05:00 MST-07:00 MDT-06:00 PST-08:00 PDT-07:00
  AKST-09:00 AKDT-08:00 HST-10:00 HKT+08:00 JST+09:00 KST+09:00 AWST+08:00 ACST+09:30 ACDT+10:30 AEST+10:00 AEDT+11:00 NZST+12:00 NZDT+13:00`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, -6), entry.slice(-6)]),
);
const ZONE = String.raw`(?<zone>[ _]?(?:Z|UTC|GMT)(?:[+-]\d\d?(?:[:.]?\d\d)?)?(?![a-z\d])| ?[+-]${OFFSET}|\+\d\d-\d\d${END}|\+(?:0\d|1[0-4])(?![:._-]?\d)|[ _](?:${Object.keys(ABBREVIATIONS).join('|')})(?![\p{L}\d]))?`;

const FORMS: readonly RegExp[] = [
  // Years of two digits are accepted only before a time, as recorders write them: 251009_1033, 251009-103312.
  ...DATES.flatMap((date) => [TIME, COMPACT_TIME, HOUR].map((time) => `${date}${BETWEEN}${time}`)),
  ...DATES.map((date) => `${TIME_BEFORE}${date}${END}`),
  String.raw`${START}(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d)[ _T-]${COMPACT_TIME}`,
  String.raw`${START}(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d)[ _T-]${TIME}`,
  String.raw`${START}(?<shortYear>\d\d)(?<month>\d\d)(?<day>\d\d)(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)${END}`,
].map((form) => new RegExp(`(?<utc>GMT|UTC)?${form}${HALF_DAY}${ZONE}`, 'diu'));

const DAYS: readonly RegExp[] = DATES.map((date) => new RegExp(`${date}${END}`, 'diu'));

/** The number of digits of Unix seconds, milliseconds, microseconds and nanoseconds from 2001 to 2286. No date has so many. */
const TIMESTAMP_DIGITS: ReadonlySet<number> = new Set([10, 13, 16, 19]);
/** A Unix time without an underscore before it, which would mark it as a timestamp. Until 2033, seconds begin with 1. */
const BARE_TIMESTAMP = /(?:^1\d{9}(?:\.\d{1,9})?|(?:^|[-. ])(?:\d{13}|1\d{15}|1\d{18}))$/;
/** Unix seconds with a fraction, as some programs print them. */
const FRACTIONAL_TIMESTAMP = /_1\d{9}\.\d{1,9}$/;
/** Unix milliseconds followed by other characters. Used if nothing else is found. */
const INNER_TIMESTAMP = /(?<!\d)1\d{12}(?!\d)/;
/** The mark that systems add to the name of a copy, and converters to the name of their output. */
const COPY_MARK =
  /(?: ?\(\d{1,3}\)|\[\d{1,3}\]|~\d{1,3}|(?: -)? (?:copy|kopie|copie|copia|cópia|kopia|копия)(?: \d{1,3})?|\.[a-z][a-z\d]{2,3}){1,3}$/i;

/**
 * Finds the time in a name without its extension. A number behind the last underscore is a Unix time, unless it is part of a
 * date. A date without a time of day means the start of that day.
 * @param zone the zone of times that do not name one: an IANA name or an offset, as `parseTimeZone` returns it
 * @param isFramed whether the name is that of a `.bin` recording. Its number may be any Unix time, also that of a clock that
 * restarted in 1970. In other names, a short number is a counter or a telephone number
 * @returns null if there is no time in the name
 */
export function findCaptureTime(base: string, zone: string, isFramed: boolean): CaptureTime | null {
  const name = inAscii(base).replace(COPY_MARK, '');
  const timestamp = /_(?<digits>\d+)$/.exec(name);
  const digits = timestamp?.groups?.['digits'] ?? '';
  if (timestamp && TIMESTAMP_DIGITS.has(digits.length)) return epoch(timestamp.index, name);
  const bare = BARE_TIMESTAMP.exec(name) ?? FRACTIONAL_TIMESTAMP.exec(name);
  if (bare) return epoch(bare.index, name);
  const matches = [...FORMS, ...DAYS].map((form) => form.exec(name)).filter((match) => match !== null);
  for (const match of matches) {
    const found = timeOf(match, zone);
    if (found !== null) return found;
  }
  // A number behind an impossible date is its time of day, and not a Unix time.
  const isPartOfDate = matches.some(({ index }) => index <= (timestamp?.index ?? 0));
  if (isFramed) return timestamp && !isPartOfDate ? epoch(timestamp.index, name) : null;
  const inner = INNER_TIMESTAMP.exec(name);
  return inner && epoch(inner.index, name.slice(0, inner.index + inner[0].length));
}

/**
 * Replaces digits, dashes, spaces and colons of other scripts by those of ASCII, each at its place: phones write those of their
 * language. Signs that replace a slash, which no name may have, become dashes.
 */
function inAscii(name: string): string {
  return name
    .replaceAll(/\p{Zs}/gu, ' ')
    .replaceAll(/[\u2010-\u2015\u2212\uff0d\u2044\u2215\u29f8\uff0f]/g, '-')
    .replaceAll(/[\uff1a\ua789\u2236\u02d0]/g, ':')
    .replaceAll(/\p{Nd}/gu, (digit) => (digit.length === 1 ? asciiDigit(digit.charCodeAt(0)) : digit));
}

/** The ten digits of a script have consecutive codes. The code of the zero ends in hexadecimal 0 or 6. */
function asciiDigit(code: number): string {
  const start = code & ~0xf;
  const zero = /\p{Nd}/u.test(String.fromCharCode(start)) ? start : start + 6;
  return String(code - zero);
}

/** The timestamp at the end of a name. @param from the position where it begins, its separator included */
function epoch(from: number, name: string): CaptureTime {
  const [, digits = '', fraction = ''] = /(\d+)(\.\d+)?$/.exec(name.slice(from)) ?? [];
  const isFiner = digits.length === 16 || digits.length === 19;
  const wholeMs = captureTimeMs(Number(isFiner ? digits.slice(0, 13) : digits));
  return { startedAtMs: wholeMs + Math.floor(Number(`0${fraction}`) * 1000), from, to: name.length };
}

function timeOf(match: RegExpExecArray, zone: string): CaptureTime | null {
  const parts = match.groups as Partial<Record<string, string>>;
  const { year, shortYear, month = '', day, hour = '0', minute = '0', second = '0', fraction, millisecond } = parts;
  const wall: WallTime = {
    year: shortYear === undefined ? Number(year) : fullYear(Number(shortYear)),
    month: /^\d/.test(month) ? Number(month) : MONTHS.findIndex((names) => names.includes(month.toLowerCase())) + 1,
    day: Number(day),
    hour: hourOf(Number(hour), parts['half'] ?? parts['halfAlone'] ?? parts['halfBefore']),
    minute: Number(minute),
    second: Number(second),
    millisecond: Math.floor(Number(`0.${fraction ?? millisecond ?? 0}`) * 1000),
  };
  if (!isPossible(wall)) return null;
  const ownZone = parts['zone'] ?? (parts['utc'] === undefined ? undefined : 'UTC');
  const startedAtMs = zonedTimeMs(wall, ownZone === undefined ? zone : (offsetOf(ownZone) ?? zone));
  const [from, to] = match.indices?.[0] ?? [0, 0];
  return { startedAtMs, from, to };
}

/**
 * The full year. 70 to 99 are years of the last century, because recorders count from 1970 or 1980 until their clock is set.
 */
function fullYear(short: number): number {
  return short < 70 ? 2000 + short : 1900 + short;
}

/** The mark of the second half of a day in several languages. */
const PM = /^(?:p|μ|م|下午|午後|오후)$/i;

/**
 * The hour of 24. Some programs add PM to an hour of 24, and some clocks begin a half with 0. @returns NaN for 13 to 23 in the
 * morning
 */
function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  const isAfternoon = PM.test(half);
  if (hour > 12) return isAfternoon ? hour : NaN;
  return (hour % 12) + (isAfternoon ? 12 : 0);
}

/** Whether a date and time exist. 24:00:00 and leap seconds do. */
function isPossible({ year, month, day, hour, minute, second }: WallTime): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isTime = hour < 24 ? minute < 60 && second <= 60 : hour === 24 && minute === 0 && second === 0;
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && isTime;
}

/** `Z`, `UTC`, `GMT+2`, `+0200`, `+02:00` or `CEST` as an offset; null if the word only looks like a zone. */
function offsetOf(written: string): string | null {
  const name = written.replace(/^[ _]/, '');
  if (Object.hasOwn(ABBREVIATIONS, name.toUpperCase())) return ABBREVIATIONS[name] ?? null;
  const [, sign, hours = '', minutes = '00'] = /([+-])(\d\d?)[:._-]?(\d\d)?$/.exec(written) ?? [];
  return sign === undefined ? 'UTC' : `${sign}${hours.padStart(2, '0')}:${minutes}`;
}
