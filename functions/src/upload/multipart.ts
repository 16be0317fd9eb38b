/** multipart/form-data (RFC 7578) as it arrives in a function: the whole body, already in memory. */
import busboy from 'busboy';
import { AppError } from '../errors.ts';

export interface UploadedFile {
  /** As sent, without directories; empty where the part names no file. */
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

/** The field that carries recordings. */
const FILES_FIELD = 'files';
const MAX_FIELDS = 20;
const MAX_FIELD_BYTES = 1024;

/**
 * @param rawBody `req.rawBody`. The platform has read the request already: piping `req` would wait for ever.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `invalid_multipart`, `too_many_files`, `no_files`,
 * `invalid_request`
 */
export async function parseMultipart(
  contentType: string | undefined,
  rawBody: Uint8Array,
  limits: MultipartLimits,
): Promise<MultipartForm> {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')) throw new AppError('unsupported_media_type');
  if (rawBody.length > limits.maxRequestBytes) throw new AppError('payload_too_large');

  const form = await readForm(contentType, rawBody, limits);
  if (form.files.length === 0) throw new AppError('no_files');
  return form;
}

function readForm(
  contentType: string | undefined,
  rawBody: Uint8Array,
  limits: MultipartLimits,
): Promise<MultipartForm> {
  return new Promise((resolve, reject) => {
    const parser = createParser(contentType, limits.maxFiles);
    const fields = new Map<string, string>();
    const files: UploadedFile[] = [];
    // The first complaint is the answer. A limit that was passed comes before the "broken body" that stopping there causes.
    const refuse = (error: AppError): void => {
      reject(error);
      parser.destroy();
    };

    parser.on('file', (field, stream, { filename }: { filename: string | undefined }) => {
      if (field !== FILES_FIELD) {
        refuse(invalidRequest(`Send recordings in the field "${FILES_FIELD}"; another file field is not taken.`));
      }
      const content = new ContiguousBytes();
      stream.on('data', (part: Buffer) => {
        content.append(part);
      });
      stream.on('end', () => files.push({ filename: filename ?? '', bytes: content.bytes }));
      // A body cut off inside a file ends this stream and the parser with the same error; the parser's is the one reported.
      stream.on('error', () => undefined);
    });
    parser.on('field', (name, value, { valueTruncated }) => {
      if (valueTruncated)
        refuse(invalidRequest(`The field "${name}" is longer than ${String(MAX_FIELD_BYTES)} bytes.`));
      if (fields.has(name)) refuse(invalidRequest(`The field "${name}" is there twice.`));
      fields.set(name, value);
    });
    parser.on('filesLimit', () => {
      refuse(
        new AppError('too_many_files', {
          message: `At most ${String(limits.maxFiles)} recordings in one request; send fewer.`,
        }),
      );
    });
    parser.on('fieldsLimit', () => {
      refuse(invalidRequest(`At most ${String(MAX_FIELDS)} form fields in one request.`));
    });
    parser.on('error', (cause) => {
      reject(new AppError('invalid_multipart', { cause }));
    });
    parser.on('close', () => {
      resolve({ fields, files });
    });
    parser.end(rawBody);
  });
}

function createParser(contentType: string | undefined, maxFiles: number): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': contentType },
      defParamCharset: 'utf8',
      preservePath: false,
      // busboy calls a value cut off when it reaches the limit, not when it passes it.
      limits: { files: maxFiles, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES + 1 },
    });
  } catch (cause) {
    // No boundary.
    throw new AppError('invalid_multipart', { cause });
  }
}

/**
 * Bytes that arrive in parts. busboy hands out consecutive views of the one body, which join without a copy; only parts
 * that do not touch are copied together.
 */
class ContiguousBytes {
  #parts: Uint8Array[] = [];

  append(part: Uint8Array): void {
    const last = this.#parts.at(-1);
    if (last?.buffer === part.buffer && last.byteOffset + last.length === part.byteOffset) {
      this.#parts[this.#parts.length - 1] = new Uint8Array(part.buffer, last.byteOffset, last.length + part.length);
    } else {
      this.#parts.push(part);
    }
  }

  get bytes(): Uint8Array {
    const [first, ...rest] = this.#parts;
    if (first === undefined) return new Uint8Array();
    return rest.length === 0 ? first : Buffer.concat(this.#parts);
  }
}

function invalidRequest(message: string): AppError {
  return new AppError('invalid_request', { message });
}
