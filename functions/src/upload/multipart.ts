/** Parses the form of an upload, and limits the kinds and the number of its parts. */
import type { Request } from 'firebase-functions/v2/https';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import { boundaryOf, partsOf } from './multipartParts.ts';

export interface UploadedFile {
  /** The name as it was sent, without directories; empty if the part has none. */
  readonly filename: string;
  /** Shares the memory of the request body. */
  readonly bytes: Uint8Array;
}

export interface MultipartForm {
  readonly fields: ReadonlyMap<string, string>;
  /** In the order of the body. */
  readonly files: readonly UploadedFile[];
}

export interface MultipartLimits {
  readonly maxRequestBytes: number;
  readonly maxFiles: number;
}

export interface UploadLimits extends MultipartLimits {
  readonly maxRecordingBytes: number;
}

export const UPLOAD_LIMITS: UploadLimits = {
  maxRequestBytes: LIMITS.maxRequestBytes,
  maxFiles: LIMITS.maxFilesPerRequest,
  maxRecordingBytes: LIMITS.maxRecordingBytes,
};

/** The field that carries recordings. */
const FILES_FIELD = 'files';
const MAX_FIELDS = 20;
const MAX_FIELD_BYTES = 1024;
/** Characters of a field's name that an error shows. */
const SHOWN_NAME_LENGTH = 64;

/** Reads the form in the body of a request, and the length of the body. @throws AppError as {@link parseMultipart} */
export function readForm(
  req: Request,
  limits: MultipartLimits,
): { readonly form: MultipartForm; readonly bytes: number } {
  // A request without a body has no rawBody, whatever the type says.
  const rawBody = (req.rawBody as Buffer | undefined) ?? Buffer.alloc(0);
  return { form: parseMultipart(req.get('Content-Type'), rawBody, limits), bytes: rawBody.length };
}

/**
 * Parses a body. Stops at the first mistake.
 * @param rawBody `req.rawBody`: the platform has read the whole request.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `invalid_multipart`, `too_many_files`, `no_files`, `invalid_request`
 */
export function parseMultipart(
  contentType: string | undefined,
  rawBody: Buffer,
  { maxRequestBytes, maxFiles }: MultipartLimits,
): MultipartForm {
  if (contentType === undefined || !/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new AppError('unsupported_media_type');
  }
  if (rawBody.length > maxRequestBytes) throw new AppError('payload_too_large');
  const boundary = boundaryOf(contentType);
  if (boundary === null) {
    throw new AppError('invalid_multipart', { message: 'The Content-Type names no boundary of 1 to 70 characters.' });
  }

  const fields = new Map<string, string>();
  const files: UploadedFile[] = [];
  for (const { field, filename, content } of partsOf(rawBody, boundary)) {
    if (field === FILES_FIELD) {
      if (files.length === maxFiles) {
        const message = `At most ${String(maxFiles)} recordings in one request; send fewer.`;
        throw new AppError('too_many_files', { message });
      }
      files.push({ filename: filename ?? '', bytes: content });
    } else if (filename !== null) {
      throw invalidRequest(`Send recordings in the field "${FILES_FIELD}"; another file field is not taken.`);
    } else {
      addField(fields, field, content);
    }
  }
  if (files.length === 0) throw new AppError('no_files');
  return { fields, files };
}

function addField(fields: Map<string, string>, name: string, content: Buffer): void {
  const shown = `"${name.slice(0, SHOWN_NAME_LENGTH)}"`;
  if (fields.size === MAX_FIELDS) throw invalidRequest(`At most ${String(MAX_FIELDS)} form fields in one request.`);
  if (fields.has(name)) throw invalidRequest(`The field ${shown} is there twice.`);
  if (content.length > MAX_FIELD_BYTES) {
    throw invalidRequest(`The field ${shown} is longer than ${String(MAX_FIELD_BYTES)} bytes.`);
  }
  fields.set(name, content.toString('utf8'));
}

function invalidRequest(message: string): AppError {
  return new AppError('invalid_request', { message });
}
