/** Checks the recordings of one upload: names, sizes and, in a multipart upload, bytes. */
import { createHash } from 'node:crypto';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError, fileProblem } from '../errors.ts';
import type { FileProblem } from '../errors.ts';
import type { RecordingFormat } from '../audio/read/format.ts';
import { namePrefix, parseRecordingName } from '../audio/read/name.ts';
import { recogniseFormat } from '../audio/read/recognise.ts';
import { checkRecording } from '../audio/read/scanFrames.ts';
import type { UploadedFile } from './multipart.ts';
import type { UploadFields } from './request.ts';

/** A recording as it is known before its bytes arrive: from its name and the request. */
export interface DeclaredRecording {
  readonly name: string;
  readonly deviceId: string;
  readonly format: RecordingFormat;
  /** Unix milliseconds, clock offset applied. */
  readonly startedAtMs: number;
  /** Bytes. */
  readonly size: number;
  /** Base64, as in Storage; null if it was not given. */
  readonly md5: string | null;
  /** Null if only reading the bytes tells. */
  readonly durationSeconds: number | null;
}

/** A recording that passed every check, with its bytes. */
export interface Recording extends DeclaredRecording {
  readonly bytes: Uint8Array;
  readonly md5: string;
}

/** An uploaded file, with its device if that is known from elsewhere than its name. */
export interface DeviceFile extends UploadedFile {
  readonly deviceId?: string;
}

/** A recording that will be uploaded to Storage. */
export interface DeclaredFile {
  readonly name: string;
  readonly size: number;
  readonly md5: string | null;
}

/** The device of recordings if neither their names nor the request have one. */
const UNNAMED_DEVICE = 'unknown';

/**
 * Tells such recorders apart by the beginnings of their files' names: `kitchen_1760000000.m4a` and `office_1760000000.m4a` are of two
 * recorders, `Recording 12_…` and `Recording 13_…` of one.
 * @param prefix the name before its time.
 */
function unnamedDevice(prefix: string): string {
  const letters = prefix
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}]+/gu, '');
  if (letters === '') return UNNAMED_DEVICE;
  return `${UNNAMED_DEVICE}${createHash('sha256').update(letters).digest('hex').slice(0, 10)}`;
}

export interface RecordingRules {
  readonly nowMs: number;
  readonly maxRecordingBytes: number;
}

type Names = Pick<UploadFields, 'deviceId' | 'clockOffsetMs' | 'timeZone'>;

/** The recordings of an upload that can be accepted, and the problems of the others. */
export interface CheckedFiles<R> {
  readonly recordings: R[];
  readonly problems: FileProblem[];
}

/** @throws AppError `invalid_recording` with all problems of all recordings. */
export function checkRecordings(files: readonly UploadedFile[], fields: Names, rules: RecordingRules): Recording[] {
  return allOrNone(checkEach(files, fields, rules));
}

/** Checks each file by itself: an invalid one does not reject the others. */
export function checkEach(files: readonly DeviceFile[], fields: Names, rules: RecordingRules): CheckedFiles<Recording> {
  return sorted(
    files.map((file) => ({ ...file, name: file.filename, size: file.bytes.length, md5: null })),
    (file) => {
      const checked = checkDeclared(file, { ...fields, deviceId: file.deviceId ?? fields.deviceId }, rules);
      if (!checked.ok) return checked;
      try {
        const { bytes } = file;
        const format = recogniseFormat(bytes, checked.recording.format);
        const { durationSeconds } = checkRecording(bytes, format);
        const md5 = createHash('md5').update(bytes).digest('base64');
        return { ok: true, recording: { ...checked.recording, format, bytes, md5, durationSeconds } };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { ok: false, problems: [fileProblem(file.name, error.code, error.message)] };
      }
    },
  );
}

/** Checks names and sizes. @throws AppError `invalid_recording` with all problems of all recordings. */
export function checkManifest(
  files: readonly DeclaredFile[],
  fields: Names,
  rules: RecordingRules,
): DeclaredRecording[] {
  return allOrNone(sorted(files, (file) => checkDeclared(file, fields, rules)));
}

type Checked<R> =
  | { readonly ok: true; readonly recording: R }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

function sorted<F extends DeclaredFile, R>(files: readonly F[], check: (file: F) => Checked<R>): CheckedFiles<R> {
  const problems: FileProblem[] = [];
  const recordings: R[] = [];
  const names = new Set<string>();
  for (const file of files) {
    const isRepeated = names.has(file.name);
    if (isRepeated) problems.push(fileProblem(file.name, 'duplicate_name'));
    names.add(file.name);
    const checked = check(file);
    if (!checked.ok) problems.push(...checked.problems);
    else if (!isRepeated) recordings.push(checked.recording);
  }
  return { recordings, problems };
}

function allOrNone<R>({ recordings, problems }: CheckedFiles<R>): R[] {
  if (problems.length > 0) throw new AppError('invalid_recording', { details: problems });
  return recordings;
}

function checkDeclared(
  { name, size, md5 }: DeclaredFile,
  { deviceId, clockOffsetMs, timeZone }: Names,
  { nowMs, maxRecordingBytes }: RecordingRules,
): Checked<DeclaredRecording> {
  const parsed = parseRecordingName(name, {
    nowMs,
    clockOffsetMs,
    timeZone,
    maxAheadMs: LIMITS.maxCaptureAheadMs,
  });
  const problems = parsed.ok ? [] : [parsed.problem];
  if (size === 0) problems.push(fileProblem(name, 'empty_recording'));
  if (size > maxRecordingBytes) problems.push(fileProblem(name, 'recording_too_large'));
  if (!parsed.ok || problems.length > 0) return { ok: false, problems };
  const { format, startedAtMs, deviceId: namedDevice } = parsed.name;
  const device = namedDevice ?? deviceId ?? unnamedDevice(namePrefix(name));
  return { ok: true, recording: { name, deviceId: device, format, startedAtMs, size, md5, durationSeconds: null } };
}

type Identity = Pick<DeclaredRecording, 'name' | 'deviceId' | 'startedAtMs' | 'size' | 'md5'>;

/**
 * Finds recordings that repeat another one of the same upload: the same bytes at the same time of the same device, for example under a
 * name in seconds and one in milliseconds. The same bytes at different times are two recordings of silence. Recordings without a known
 * MD5 are left out. @returns the original of each, by name
 */
export function repeatedRecordings(recordings: readonly Identity[]): Map<string, string> {
  const firsts = new Map<string, string>();
  const repeated = new Map<string, string>();
  for (const { name, deviceId, startedAtMs, size, md5 } of recordings) {
    if (md5 === null) continue;
    const identity = JSON.stringify([deviceId, startedAtMs, size, md5]);
    const first = firsts.get(identity);
    if (first === undefined) firsts.set(identity, name);
    else repeated.set(name, first);
  }
  return repeated;
}
