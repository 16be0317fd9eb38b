/** Validates input from outside, with bounded work and bounded messages, and without exceptions of the validator. */
import * as z from 'zod';
import { AppError } from './errors.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** Sentences for the caller that say what is wrong. */
  | { readonly ok: false; readonly complaint: string };

/** The most complaints of one answer. */
export const MAX_COMPLAINTS = 10;
const MAX_COMPLAINT_LENGTH = 300;

export function check<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, complaint: sentences(result.error.issues) };
  } catch {
    // zod compares the `length` of every value that has one, and comparing may throw if it is an object.
    return { ok: false, complaint: 'A value is of another type than is expected.' };
  }
}

/**
 * A list of `min` to `max` items. The length is checked before any item is, so that a wrong list of a million items is one complaint.
 * @param rule the complaint about a value that is no list, too short or too long
 */
export function boundedList<T extends z.ZodType>(max: number, item: T, rule: string, min = 1) {
  const isBounded = (value: unknown): boolean => Array.isArray(value) && value.length >= min && value.length <= max;
  return z.custom<unknown[]>(isBounded, rule).pipe(z.array(item));
}

/**
 * Whether a document may have this id. Other ids would be paths in Firestore, and `__x__` is reserved: reading them would fail instead
 * of finding nothing.
 */
export function isDocumentId(value: string): boolean {
  return /^[\w-]{1,128}$/.test(value) && !/^__.*__$/.test(value);
}

/** A required text. @param rule the complaint about a value that is no text, or empty */
export function requiredText(rule: string) {
  return z.string(rule).min(1, rule);
}

/** Only the form is checked: the caller looks up whether the conversation exists, and whose it is. */
export const conversationIdText = requiredText('the id of a conversation');

/** A text by people: trimmed, not empty, and with characters that can be stored. @param max UTF-16 units. */
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
 * ISO 8601 in UTC, as the contract's views have it; gives Unix milliseconds. From 1970 to 2999: far from the limits of Firestore's
 * times, so that queries around it never fail.
 */
export const isoTime = z
  .string(timeRule)
  .regex(/^(?:19[7-9]\d|2\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, timeRule)
  .transform((text) => Date.parse(text))
  .refine((ms) => !Number.isNaN(ms), timeRule);

/** @throws AppError `invalid_request`, with a sentence for each of the first problems. */
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
