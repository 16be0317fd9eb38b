/**
 * multipart/form-data (RFC 7578, RFC 2046 section 5.1) cut into parts. The platform hands over the whole body at once, so no
 * stream is needed: each part takes one search for the next delimiter, and its content is a view of the body. The work is
 * proportional to the length of the body, whatever is in it, and ends at the closing delimiter or at the first mistake.
 */
import { AppError } from '../errors.ts';

export interface Part extends Disposition {
  /** Shares the memory of the body. */
  readonly content: Buffer;
}

interface Disposition {
  readonly field: string;
  /** Without directories; null where the part names no file. */
  readonly filename: string | null;
}

/** Bytes of one part's headers. Two lines, with a long path in one of them, are about 1,000. */
const MAX_HEADER_BYTES = 8192;

const CRLF = '\r\n';
const HEADERS_END = '\r\n\r\n';

/** RFC 2046, 5.1.1: 1 to 70 of these characters. A longer boundary would also make every search slower. */
const BOUNDARY = /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i;

/** @returns null for a Content-Type that names no boundary, or one that RFC 2046 does not allow. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? plain ?? null;
}

/**
 * The parts, in the order of the body. What lies before the first delimiter and behind the closing one is ignored.
 * @throws AppError `invalid_multipart`, when the part that is wrong is reached.
 */
export function* partsOf(body: Buffer, boundary: string): Generator<Part> {
  const delimiter = `${CRLF}--${boundary}`;
  const startsAtOnce = body.toString('latin1', 0, delimiter.length - CRLF.length) === delimiter.slice(CRLF.length);
  let delimiterAt = startsAtOnce ? -CRLF.length : requireFound(body.indexOf(delimiter));
  for (;;) {
    const behind = delimiterAt + delimiter.length;
    if (body.toString('latin1', behind, behind + 2) === '--') return;
    const headersAt = endOfLine(body, behind);
    const contentAt = endOfHeaders(body, headersAt);
    // The empty line that ends the headers may also begin the delimiter: the content is empty then.
    delimiterAt = requireFound(body.indexOf(delimiter, contentAt - CRLF.length));
    const disposition = parseDisposition(body.toString('utf8', headersAt, contentAt - HEADERS_END.length));
    yield { ...disposition, content: body.subarray(contentAt, Math.max(contentAt, delimiterAt)) };
  }
}

function requireFound(index: number): number {
  if (index === -1) throw broken('its closing boundary is missing');
  return index;
}

/** RFC 2046, 5.1.1: a delimiter may have spaces and tabs behind it, and nothing else. */
function endOfLine(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x09) at++;
  if (body.toString('latin1', at, at + CRLF.length) !== CRLF) throw broken('a boundary is not on a line of its own');
  return at + CRLF.length;
}

/** @returns where the content begins: behind the empty line. */
function endOfHeaders(body: Buffer, headersAt: number): number {
  const window = body.subarray(headersAt, headersAt + MAX_HEADER_BYTES);
  const length = window.indexOf(HEADERS_END);
  if (length === -1) throw broken('the headers of a part do not end, or are too long');
  return headersAt + length + HEADERS_END.length;
}

/** The one header that says what a part is (RFC 7578, 4.2). Its other headers are ignored. */
function parseDisposition(headers: string): Disposition {
  // RFC 5322, 2.2.3: a line that begins with white space continues the one before.
  const lines = headers.replace(/\r\n[ \t]/g, ' ').split(CRLF);
  const dispositions = lines.flatMap((line) => {
    const [, name, value] = /^([!#$%&'*+.^`|~\w-]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw broken('a part has a line that is no header');
    return name.toLowerCase() === 'content-disposition' ? value : [];
  });
  const [disposition] = dispositions;
  if (disposition === undefined || dispositions.length > 1) throw broken('a part needs one Content-Disposition');
  const parameters = parseParameters(disposition);
  const field = parameters.get('name');
  if (field === undefined) throw broken('a part has no name');
  const filename = parameters.get('filename*') ?? parameters.get('filename') ?? null;
  return { field, filename: filename && withoutDirectories(filename) };
}

/** One parameter: a quoted string, in which a quote is escaped by a backslash, or a token. */
const PARAMETER = /;[ \t]*([!#$%&'*+.^`|~\w-]+)=(?:"((?:[^"\\]|\\[^])*)"|([^\s;"]*))[ \t]*/y;

function parseParameters(disposition: string): ReadonlyMap<string, string> {
  const type = /^[ \t]*form-data[ \t]*/i.exec(disposition)?.[0];
  if (type === undefined) throw broken('a part is not form-data');
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = type.length;
  while (PARAMETER.lastIndex < disposition.length) {
    const [, rawName, quoted, token] = PARAMETER.exec(disposition) ?? [];
    const name = rawName?.toLowerCase();
    if (name === undefined || parameters.has(name)) throw broken('a Content-Disposition is malformed');
    // A backslash before anything else is one of a Windows path.
    const value = quoted?.replace(/\\(["\\])/g, '$1') ?? token ?? '';
    parameters.set(name, name.endsWith('*') ? decodeExtended(value) : value);
  }
  return parameters;
}

/** `UTF-8''caf%C3%A9.wav` (RFC 8187). RFC 7578 advises against it; some clients send it for names beyond ASCII. */
function decodeExtended(value: string): string {
  const [, encoded] = /^utf-8'[\w-]*'(.*)$/i.exec(value) ?? [];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // A percent sign that begins no byte, or bytes that are not UTF-8.
  }
  throw broken('an extended parameter is not UTF-8');
}

function withoutDirectories(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** @param what completes the sentence that begins "The multipart body is broken:". */
function broken(what: string): AppError {
  return new AppError('invalid_multipart', { message: `The multipart body is broken: ${what}. Send it again whole.` });
}
