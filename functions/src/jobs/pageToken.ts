/** The token of the next page of jobs. It is opaque to clients, and validated when it comes back. */
import { Timestamp } from 'firebase-admin/firestore';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { check } from '../validation.ts';
import { isJobId } from './job.ts';

export interface PageEnd {
  readonly createdAt: Timestamp;
  readonly jobId: string;
}

/** The seconds of 9999-12-31T23:59:59Z, the last that Firestore stores. */
const MAX_SECONDS = 253_402_300_799;

const shape = z.tuple([z.int().min(0).max(MAX_SECONDS), z.int().min(0).max(999_999_999), z.string().refine(isJobId)]);

export function encodePageToken({ createdAt, jobId }: PageEnd): string {
  return Buffer.from(JSON.stringify([createdAt.seconds, createdAt.nanoseconds, jobId])).toString('base64url');
}

/** @throws AppError `invalid_request` for a token that is not one of ours. */
export function decodePageToken(token: string): PageEnd {
  const checked = check(shape, parseJson(Buffer.from(token, 'base64url').toString()));
  if (!checked.ok) {
    throw new AppError('invalid_request', {
      message: 'page_token is not one that this service gave out; start from the first page.',
    });
  }
  const [seconds, nanoseconds, jobId] = checked.value;
  return { createdAt: new Timestamp(seconds, nanoseconds), jobId };
}

/** @returns undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
