/** Checks of what comes from outside: bounded work, bounded complaints, and no exception of the checker's own. */
import * as z from 'zod';
import { AppError } from './errors.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** Sentences that say what is wrong, for the sender. */
  | { readonly ok: false; readonly complaint: string };

/** Complaints that one answer names, and the characters of each: the sender mends them one after the other. */
export const MAX_COMPLAINTS = 10;
const MAX_COMPLAINT_LENGTH = 300;

export function check<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, complaint: sentences(result.error.issues) };
  } catch {
    // zod compares the `length` of whatever has one, and an object in its place may refuse to be compared.
    return { ok: false, complaint: 'A value is of another type than is expected.' };
  }
}

/**
 * A list of `min` to `max` items. The length is checked before any item is, so that a wrong list of a million items is one complaint.
 * @param rule the complaint about a list that is none, too short or too long
 */
export function boundedList<T extends z.ZodType>(max: number, item: T, rule: string, min = 1) {
  const isBounded = (value: unknown): boolean => Array.isArray(value) && value.length >= min && value.length <= max;
  return z.custom<unknown[]>(isBounded, rule).pipe(z.array(item));
}

/**
 * Whether a document may have this id. Anything else would be a path of its own in Firestore, and `__x__` is Firestore's own:
 * asking for those would fail, instead of finding nothing.
 */
export function isDocumentId(value: string): boolean {
  return /^[\w-]{1,128}$/.test(value) && !/^__.*__$/.test(value);
}

/** A text that has to be given. @param rule the complaint about one that is none or empty */
export function requiredText(rule: string) {
  return z.string(rule).min(1, rule);
}

/** Whose conversation it is, and whether it is there, is looked up. */
export const conversationIdText = requiredText('the id of a conversation');

/** What people write: not empty, without blanks around it, and in characters that can be stored. @param max UTF-16 units. */
export function shortText(max: number) {
  const rule = `a text of 1 to ${max} characters`;
  return z
    .string(rule)
    .max(2 * max, rule)
    .trim()
    .min(1, rule)
    .max(max, rule)
    .refine((text) => !/\p{Surrogate}/u.test(text), rule);
}

const timeRule = 'a time as 2026-01-31T08:00:00.000Z';

/**
 * ISO 8601 in UTC, as the contract's views have it; gives Unix milliseconds. From 1970 to 2999: far from the first and the last moment
 * that Firestore stores, so that looking around it never fails.
 */
export const isoTime = z
  .string(timeRule)
  .regex(/^(?:19[7-9]\d|2\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, timeRule)
  .transform((text) => Date.parse(text))
  .refine((ms) => !Number.isNaN(ms), timeRule);

/** @throws AppError `invalid_request`, with a sentence for each of the first things that are wrong. */
export function requireValid<T>(schema: z.ZodType<T>, value: unknown): T {
  const checked = check(schema, value);
  if (checked.ok) return checked.value;
  throw new AppError('invalid_request', { message: checked.complaint });
}

/** "limit: a number from 1 to 100. status: one of …." */
function sentences(issues: z.ZodError['issues']): string {
  const shown = issues.slice(0, MAX_COMPLAINTS).map(({ path, message }) => {
    return clip(`${path.length === 0 ? '' : `${path.join('.')}: `}${message}.`, MAX_COMPLAINT_LENGTH);
  });
  const rest = issues.length - shown.length;
  return [...shown, ...(rest > 0 ? [`And ${String(rest)} more.`] : [])].join(' ');
}

/** @param length characters, at least 1. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
