/** Structured logs without content: the interface of loggers, and the deployed one. */
import { write } from 'firebase-functions/logger';
import type { LogSeverity } from 'firebase-functions/logger';
import { RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';
import { LOG_EVENTS } from './logEvents.ts';
import type { LogEvent } from './logEvents.ts';

/** Implemented by `cloudLogger`, and by a list in tests. */
export interface Logger {
  /** @param fields ids, counts, durations and codes; never tokens, transcripts, file names or contents. */
  info(event: LogEvent, fields?: Fields): void;
  warn(event: LogEvent, fields?: Fields): void;
  error(event: LogEvent, fields?: Fields): void;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Writes to Cloud Logging: the event's key, for filters and alerts, and its sentence as the message. It does not use `error()` of
 * firebase-functions, which replaces the message by a stack.
 */
export const cloudLogger: Logger = { info: writer('INFO'), warn: writer('WARNING'), error: writer('ERROR') };

function writer(severity: LogSeverity): Logger['info'] {
  return (event, fields) => {
    write({ ...redacted(fields), severity, event, message: LOG_EVENTS[event] });
  };
}

/**
 * The fields of an error that may be logged. Never the error object itself: errors of HTTP clients have the request with its
 * Authorization header and body. Never the whole stack: `at` is the one place of it that helps.
 */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: redact(String(error)) };
  const at = /\/((?:src|lib)\/[^\s()]+:\d+):\d+/.exec(error.stack ?? '')?.[1];
  return {
    error: redact(`${error.name}: ${error.message}`),
    ...(at === undefined ? {} : { at }),
    ...('code' in error ? { errorCode: error.code } : {}),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}

/** Removes names of recordings from all strings, because Google's clients quote paths in their messages. */
function redacted(fields: Fields = {}): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]),
  );
}

const EXTENSIONS = `(?:${RECORDING_EXTENSIONS.join('|')})\\b`;
const PATH = new RegExp(`\\buploads(?:/|%2F).*\\.${EXTENSIONS}`, 'gis');
const NAME = new RegExp(`[^\\s"'/]+\\.${EXTENSIONS}`, 'gi');

/** Matches a name at the end of a text that may be cut off. */
const CUT_NAME = /(?:\buploads(?:\/|%2F)(?!…)[^]*|\S*)$/i;
/** Characters of a text that are logged. The search for names takes quadratic time. */
const MAX_LOGGED_LENGTH = 2000;

/** Names of recordings say who recorded what, where and when. */
function redact(text: string): string {
  const clean = text.slice(0, MAX_LOGGED_LENGTH).replace(PATH, 'uploads/…').replace(NAME, '…');
  return text.length > MAX_LOGGED_LENGTH ? clean.replace(CUT_NAME, '…') : clean;
}
