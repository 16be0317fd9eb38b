/** What an upload asks for besides its files: form fields and the Idempotency-Key. */
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { check, requireValid } from '../validation.ts';

export interface UploadFields {
  /** For recordings whose names carry none, and the label of the job. */
  readonly deviceId: string | null;
  readonly conversationId: string | null;
  /** Added to every capture time, milliseconds. */
  readonly clockOffsetMs: number;
}

/** No clock is off by more than this; a larger number is a mistake of units. */
const MAX_CLOCK_OFFSET_MS = 10 * 365 * 24 * 3600 * 1000;

const offsetRule = 'a whole number of milliseconds, ten years at most';
const keyRule = '1 to 200 visible ASCII characters';

/** What both ways in take; an Idempotency-Key is a header or a field. */
export const REQUEST = {
  deviceId: z.string('1 to 64 letters and digits').regex(/^[A-Za-z0-9]{1,64}$/, '1 to 64 letters and digits'),
  conversationId: z.string('the id of a conversation').regex(/^[\w-]{1,128}$/, 'the id of a conversation'),
  clockOffsetMs: z.int(offsetRule).min(-MAX_CLOCK_OFFSET_MS, offsetRule).max(MAX_CLOCK_OFFSET_MS, offsetRule),
  idempotencyKey: z.string(keyRule).regex(/^[\x21-\x7e]{1,200}$/, keyRule),
};

const fieldsShape = z.object({
  device_id: REQUEST.deviceId.optional(),
  conversation_id: REQUEST.conversationId.optional(),
  clock_offset_ms: z
    .string()
    .regex(/^[+-]?\d{1,15}$/, offsetRule)
    .transform(Number)
    .pipe(REQUEST.clockOffsetMs)
    .default(0),
});

/**
 * Unknown fields are ignored; an empty field is one that was not given, as in an HTML form.
 * @throws AppError `invalid_request`
 */
export function parseFields(fields: ReadonlyMap<string, string>): UploadFields {
  const given = [...fields].filter(([, value]) => value !== '');
  const asked = requireValid(fieldsShape, Object.fromEntries(given));
  const { device_id: deviceId, conversation_id: conversationId, clock_offset_ms: clockOffsetMs } = asked;
  return { deviceId: deviceId ?? null, conversationId: conversationId ?? null, clockOffsetMs };
}

/** @returns null without the header. @throws AppError `invalid_request` */
export function parseIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const checked = check(REQUEST.idempotencyKey, header);
  if (!checked.ok) throw new AppError('invalid_request', { message: `Idempotency-Key: ${keyRule}.` });
  return checked.value;
}
