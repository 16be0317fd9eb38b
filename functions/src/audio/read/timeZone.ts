/** Converts wall-clock times to Unix time. */

/** A wall-clock time. `month` is 1 to 12. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The largest offset that is accepted. The zones of the world range from UTC-12:00 to UTC+14:00. */
const MAX_OFFSET_MINUTES = 14 * 60;

/**
 * Parses a time zone: an IANA name (`Europe/Berlin`, `UTC`) or an offset (`Z`, `+02:00`, `-0330`, `+2`).
 * @returns the form that {@link zonedTimeMs} takes; null if there is no such zone
 */
export function parseTimeZone(written: string): string | null {
  if (/^z$/i.test(written)) return 'UTC';
  const [, sign, hours, minutes = '00'] = /^(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?$/i.exec(written) ?? [];
  if (sign !== undefined && hours !== undefined) {
    const isPossible = Number(minutes) < 60 && Number(hours) * 60 + Number(minutes) <= MAX_OFFSET_MINUTES;
    return isPossible ? `${sign}${hours.padStart(2, '0')}:${minutes}` : null;
  }
  try {
    return new Intl.DateTimeFormat('en', { timeZone: written }).resolvedOptions().timeZone;
  } catch {
    return null; // RangeError: there is no such zone
  }
}

/**
 * The Unix milliseconds of a wall-clock time. If a clock is set back, some times occur twice; the first is returned. If it is
 * set forward, some times do not occur; they count as later by the same amount.
 * @param zone as {@link parseTimeZone} returns it
 */
export function zonedTimeMs(wall: WallTime, zone: string): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second, wall.millisecond);
  const offsets = [offsetMs(asUtc - DAY_MS, zone), offsetMs(asUtc + DAY_MS, zone)];
  const fitting = offsets.map((offset) => asUtc - offset).filter((time) => asUtc - offsetMs(time, zone) === time);
  return fitting.length > 0 ? Math.min(...fitting) : asUtc - (offsets[0] ?? 0);
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();
/** How many formatters are kept: making one takes longer than everything else here. */
const MAX_FORMATS = 100;

/** The offset of a zone from UTC at a time, milliseconds. */
function offsetMs(timeMs: number, zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (sign !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(timeMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(timeMs / 1000) * 1000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (FORMATS.size >= MAX_FORMATS) FORMATS.clear();
  FORMATS.set(zone, format);
  return format;
}
