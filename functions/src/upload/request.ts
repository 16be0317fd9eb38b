/** Parses the fields of an upload besides its files, and the Idempotency-Key. */
import * as z from 'zod';
import { parseTimeZone } from '../audio/read/timeZone.ts';
import { AppError } from '../errors.ts';
import { check, requireValid } from '../validation.ts';

export interface UploadFields {
  /** The device of recordings whose names have none, and the label of the job. */
  readonly deviceId: string | null;
  readonly conversationId: string | null;
  /** Added to every capture time, milliseconds. */
  readonly clockOffsetMs: number;
  /** Time zone of dates in names without one, as `parseTimeZone` returns it. Default: UTC. */
  readonly timeZone?: string;
}

const offsetRule = 'a whole number of milliseconds';
const zoneRule = 'an IANA time zone (Europe/Berlin) or an offset (+02:00)';
const keyRule = '1 to 200 visible ASCII characters';

/** The fields of both ways of uploading. The Idempotency-Key is a header or a field. */
export const REQUEST = {
  deviceId: z.string('1 to 64 letters and digits').regex(/^[A-Za-z0-9]{1,64}$/, '1 to 64 letters and digits'),
  conversationId: z.string('the id of a conversation').regex(/^[\w-]{1,128}$/, 'the id of a conversation'),
  clockOffsetMs: z.int(offsetRule),
  timeZone: z.string(zoneRule).max(64, zoneRule).transform(parseTimeZone).pipe(z.string(zoneRule)),
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
  time_zone: REQUEST.timeZone.optional(),
});

/**
 * Parses the fields of a form. Unknown fields are ignored, and empty fields count as missing, as in an HTML form.
 * @throws AppError `invalid_request`
 */
export function parseFields(fields: ReadonlyMap<string, string>): UploadFields {
  const given = [...fields].filter(([, value]) => value !== '');
  const asked = requireValid(fieldsShape, Object.fromEntries(given));
  return uploadFields(asked);
}

/** The fields of both ways of uploading, by their names on the wire. */
interface AskedFields {
  readonly device_id?: string | null | undefined;
  readonly conversation_id?: string | null | undefined;
  readonly clock_offset_ms?: number | null | undefined;
  readonly time_zone?: string | null | undefined;
}

export function uploadFields(asked: AskedFields): UploadFields {
  const { device_id: deviceId, conversation_id: conversationId, clock_offset_ms: clockOffsetMs } = asked;
  return {
    deviceId: deviceId ?? null,
    conversationId: conversationId ?? null,
    clockOffsetMs: clockOffsetMs ?? 0,
    ...(typeof asked.time_zone === 'string' && { timeZone: asked.time_zone }),
  };
}

/** @returns null without the header. @throws AppError `invalid_request` */
export function parseIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const checked = check(REQUEST.idempotencyKey, header);
  if (!checked.ok) throw new AppError('invalid_request', { message: `Idempotency-Key: ${keyRule}.` });
  return checked.value;
}
