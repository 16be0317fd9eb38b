/** The recordings of one upload: all of them valid, or none taken. */
import { createHash } from 'node:crypto';
import { AppError, fileProblem } from '../errors.ts';
import type { FileProblem } from '../errors.ts';
import type { RecordingFormat } from '../recordings/format.ts';
import { parseRecordingName } from '../recordings/name.ts';
import { scanRecording } from '../recordings/scan.ts';
import type { UploadedFile } from './multipart.ts';
import type { UploadFields } from './request.ts';

/** A recording that passed every check, with its bytes. */
export interface Recording {
  readonly name: string;
  readonly deviceId: string;
  readonly format: RecordingFormat;
  /** Unix milliseconds, clock offset applied. */
  readonly startedAtMs: number;
  readonly bytes: Uint8Array;
  /** Base64, as Storage keeps it. */
  readonly md5: string;
  /** Null where only decoding tells. */
  readonly durationSeconds: number | null;
}

/** The device of recordings that name none, in a request that names none. */
const UNNAMED_DEVICE = 'unknown';

export interface RecordingRules {
  readonly nowMs: number;
  readonly maxRecordingBytes: number;
}

/** @throws AppError `invalid_recording` with everything that is wrong with any of them. */
export function checkRecordings(
  files: readonly UploadedFile[],
  fields: Pick<UploadFields, 'deviceId' | 'clockOffsetMs'>,
  rules: RecordingRules,
): Recording[] {
  const problems: FileProblem[] = [];
  const recordings: Recording[] = [];
  const names = new Set<string>();

  for (const file of files) {
    if (names.has(file.filename)) problems.push(fileProblem(file.filename, 'duplicate_name'));
    names.add(file.filename);
    const checked = checkRecording(file, fields, rules);
    if (checked.ok) recordings.push(checked.recording);
    else problems.push(...checked.problems);
  }

  if (problems.length > 0) throw new AppError('invalid_recording', { details: problems });
  return recordings;
}

type Checked = { ok: true; recording: Recording } | { ok: false; problems: FileProblem[] };

function checkRecording(
  { filename, bytes }: UploadedFile,
  { deviceId, clockOffsetMs }: Pick<UploadFields, 'deviceId' | 'clockOffsetMs'>,
  { nowMs, maxRecordingBytes }: RecordingRules,
): Checked {
  const parsed = parseRecordingName(filename, { nowMs, clockOffsetMs });
  const problems = parsed.ok ? [] : [parsed.problem];
  if (bytes.length === 0) problems.push(fileProblem(filename, 'empty_recording'));
  if (bytes.length > maxRecordingBytes) problems.push(fileProblem(filename, 'recording_too_large'));
  if (!parsed.ok || problems.length > 0) return { ok: false, problems };

  const { format, startedAtMs, deviceId: namedDevice } = parsed.name;
  try {
    const { durationSeconds } = scanRecording(bytes, format);
    const md5 = createHash('md5').update(bytes).digest('base64');
    const device = namedDevice ?? deviceId ?? UNNAMED_DEVICE;
    return {
      ok: true,
      recording: { name: filename, deviceId: device, format, startedAtMs, bytes, md5, durationSeconds },
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, problems: [fileProblem(filename, error.code, error.message)] };
  }
}

/**
 * Recordings that repeat another one of the same upload, and which: the same bytes at the same time of the same device
 * (a name in seconds and one in milliseconds, say). The same bytes at different times are two recordings of silence.
 */
export function repeatedRecordings(recordings: readonly Recording[]): Map<string, string> {
  const firsts = new Map<string, string>();
  const repeated = new Map<string, string>();
  for (const { name, deviceId, startedAtMs, bytes, md5 } of recordings) {
    const identity = JSON.stringify([deviceId, startedAtMs, bytes.length, md5]);
    const first = firsts.get(identity);
    if (first === undefined) firsts.set(identity, name);
    else repeated.set(name, first);
  }
  return repeated;
}
