import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { parseMultipart } from '../../src/upload/multipart.ts';
import { oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const LIMITS = { maxRequestBytes: 1_000_000, maxFiles: 5 };

/** The parts of a body, in any order. Most bodies are refused, many of them late. */
const piece = fc.oneof(
  fc.constantFrom(
    '--b\r\n',
    '--b--',
    '\r\n',
    '\r\n--b',
    '\r\n--b--\r\n',
    '--',
    '--bb\r\n',
    '\r\n\r\n',
    '\n',
    ' \t',
    '"',
    '\\',
  ),
  fc.constantFrom(
    'Content-Disposition: form-data; name="files"; filename="a.bin"\r\n',
    'Content-Disposition: form-data; name="a"\r\n\r\n',
    "Content-Disposition: form-data; name=files; filename*=UTF-8''%e2%82%ac.bin\r\n\r\n",
    'Content-Type: text/plain\r\n',
  ),
  oddString.map((value) => `Content-Disposition: form-data; name="files"; filename="${value}"\r\n\r\n`),
  oddString,
);
const body = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const contentType = fc.oneof(
  { weight: 5, arbitrary: fc.constant('multipart/form-data; boundary=b') },
  { weight: 1, arbitrary: oddString.map((boundary) => `multipart/form-data; boundary=${boundary}`) },
  { weight: 1, arbitrary: oddString },
);

/** Every body is a form within the limits, or an AppError that says that the sender is at fault. */
export const multipart = fuzzTarget({ name: 'multipart', casesInTest: 3000 }, () =>
  fc.property(contentType, body, (type, bytes) => {
    try {
      const { fields, files } = parseMultipart(type, bytes, LIMITS);
      const taken = files.reduce((sum, file) => sum + file.bytes.length, 0);
      return files.length >= 1 && files.length <= 5 && fields.size <= 20 && taken <= bytes.length;
    } catch (error) {
      return error instanceof AppError && error.status >= 400 && error.status < 500;
    }
  }),
);
