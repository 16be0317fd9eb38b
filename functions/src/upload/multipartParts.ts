/**
 * Cuts multipart/form-data (RFC 7578, RFC 2046 section 5.1) into parts, whose headers busboy reads. The platform passes the whole body,
 * so no stream is needed: each part takes one search for the next delimiter, and its content is a view of the body. The work is linear
 * in the length of the body, whatever is in it, and ends at the closing delimiter or at the first mistake. busboy alone neither ends at
 * the closing delimiter nor stays linear for every body.
 */
import busboy from 'busboy';
import { AppError } from '../errors.ts';

export interface Part extends Disposition {
  /** Shares the memory of the body. */
  readonly content: Buffer;
}

interface Disposition {
  readonly field: string;
  /** Without directories; null if the part has no file name. */
  readonly filename: string | null;
}

/** Bytes of one part's headers. Two lines, with a long path in one of them, are about 1,000. */
const MAX_HEADER_BYTES = 8192;

const CRLF = '\r\n';
const HEADERS_END = '\r\n\r\n';

/** RFC 2046, 5.1.1: 1 to 70 of these characters. A longer boundary would also make every search slower. */
const BOUNDARY = /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i;

/** @returns null for a Content-Type without a boundary, or with one that RFC 2046 does not allow. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? plain ?? null;
}

/**
 * The parts, in the order of the body. Bytes before the first delimiter and behind the closing one are ignored.
 * @throws AppError `invalid_multipart` when it reaches a broken part.
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

/**
 * Parses a part's headers with busboy, which gets a body of this part alone, without content. busboy reports a header that it accepts
 * before `end` returns; it is silent about a part that it skips.
 */
function parseDisposition(headers: string): Disposition {
  const found: Disposition[] = [];
  const parser = busboy({ headers: { 'content-type': 'multipart/form-data; boundary=b' }, defParamCharset: 'utf8' });
  parser.on('file', (field, stream, { filename }: { filename: string | undefined }) => {
    found.push({ field, filename: filename ?? '' });
    stream.resume();
  });
  parser.on('field', (field) => found.push({ field, filename: null }));
  parser.on('error', () => undefined);
  parser.end(`--b${CRLF}${headers}${HEADERS_END}${CRLF}--b--`);
  const [disposition] = found;
  // busboy gives a part without a name an empty name, or none.
  if (!disposition?.field) throw broken('a part is not form-data with a name');
  return disposition;
}

/** @param what completes the sentence that begins "The multipart body is broken:". */
function broken(what: string): AppError {
  return new AppError('invalid_multipart', { message: `The multipart body is broken: ${what}. Send it again whole.` });
}
