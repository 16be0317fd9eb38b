import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.ts';
import { parseMultipart } from '../../../src/upload/multipart.ts';
import type { MultipartLimits } from '../../../src/upload/multipart.ts';
import { filePart, multipart } from '../../support/multipart.ts';
import type { MultipartBody, Part } from '../../support/multipart.ts';

const LIMITS: MultipartLimits = { maxRequestBytes: 1_000_000, maxFiles: 5 };

function parse({ contentType, body }: MultipartBody, limits = LIMITS) {
  return parseMultipart(contentType, body, limits);
}

function assertRefused(parsing: () => unknown, code: string, message?: RegExp): void {
  assert.throws(parsing, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}

/** The form, or the error that the client would see. Any other error is a fault of the parser. */
function assertAnswered(contentType: string, body: Buffer): void {
  try {
    parseMultipart(contentType, body, LIMITS);
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
  }
}

describe('parseMultipart', () => {
  it('returns fields and files, in order, byte for byte', () => {
    const field = fc.record({ field: fc.constantFrom('a', 'b', 'c'), content: fc.stringMatching(/^[ -~]{0,40}$/) });
    const file = fc.uint8Array({ maxLength: 3000 });
    const fields = fc.uniqueArray(field, { selector: (part) => part.field, maxLength: 3 });
    fc.assert(
      fc.property(fields, fc.array(file, { minLength: 1, maxLength: 5 }), (fields, files) => {
        const parts = files.map((content, index) => filePart(`f${String(index)}.bin`, content));
        const form = parse(multipart([...fields, ...parts]));
        assert.deepEqual(
          [...form.fields],
          fields.map(({ field, content }) => [field, content]),
        );
        assert.deepEqual(
          form.files.map(({ filename, bytes }) => [filename, Buffer.from(bytes)]),
          files.map((content, index) => [`f${String(index)}.bin`, Buffer.from(content)]),
        );
      }),
    );
  });

  it('keeps bytes that look like the start of a boundary', () => {
    const content = Buffer.from('\r\n--test-boundary\r\n--test-boundary-7f3b\r\n\r\n--\r\n');
    const form = parse(multipart([filePart('a.bin', content)]));
    assert.deepEqual(Buffer.from(form.files[0]!.bytes), content);
  });

  it('shares the memory of the body instead of copying it', () => {
    const sent = multipart([filePart('a.bin', Buffer.alloc(200_000, 7))]);
    const form = parse(sent);
    assert.equal(form.files[0]!.bytes.buffer, sent.body.buffer);
  });

  it('reads names as UTF-8 and drops directories', () => {
    const form = parse(multipart([filePart('../up/größe_1760000000.bin', 'x')]));
    assert.equal(form.files[0]!.filename, 'größe_1760000000.bin');
  });

  for (const contentType of [
    undefined,
    '',
    'application/json',
    'multipart/mixed; boundary=x',
    'audio/wav',
    'multipart/form-data-x',
  ]) {
    it(`refuses the content type ${String(contentType)}`, () => {
      assertRefused(() => parseMultipart(contentType, Buffer.from('x'), LIMITS), 'unsupported_media_type');
    });
  }

  it('refuses multipart without a boundary', () => {
    assertRefused(() => parseMultipart('multipart/form-data', Buffer.from('x'), LIMITS), 'invalid_multipart');
  });

  it('refuses a body cut off anywhere, and an empty one', () => {
    const { contentType, body } = multipart([
      { field: 'device_id', content: 'omi' },
      filePart('a.bin', Buffer.alloc(300, 1)),
      filePart('b.bin', Buffer.alloc(300, 2)),
    ]);
    // The form ends with "--": what follows is the epilogue.
    for (let length = 0; length < body.length - 2; length += 1) {
      assertRefused(() => parseMultipart(contentType, body.subarray(0, length), LIMITS), 'invalid_multipart');
    }
  });

  it('refuses a part with a broken header', () => {
    const body = Buffer.from('--b\r\nContent-Disposition form-data\r\n\r\nx\r\n--b--\r\n');
    assertRefused(() => parseMultipart('multipart/form-data; boundary=b', body, LIMITS), 'invalid_multipart');
  });

  it('refuses a form without files', () => {
    assertRefused(() => parse(multipart([])), 'no_files');
    assertRefused(() => parse(multipart([{ field: 'device_id', content: 'omi' }])), 'no_files');
  });

  it('accepts as many files as allowed, and not one more', () => {
    const parts = (count: number): Part[] =>
      Array.from({ length: count }, (_, index) => filePart(`${String(index)}.bin`, 'x'));
    assert.equal(parse(multipart(parts(5))).files.length, 5);
    assertRefused(() => parse(multipart(parts(6))), 'too_many_files', /At most 5 /);
  });

  it('accepts a body of exactly the limit, and not one byte more', () => {
    const sent = multipart([filePart('a.bin', Buffer.alloc(500))]);
    const { length } = sent.body;
    assert.equal(parse(sent, { ...LIMITS, maxRequestBytes: length }).files.length, 1);
    assertRefused(() => parse(sent, { ...LIMITS, maxRequestBytes: length - 1 }), 'payload_too_large');
  });

  it('refuses a file in another field', () => {
    const part = { field: 'file', filename: 'a.bin', content: 'x' };
    assertRefused(() => parse(multipart([filePart('b.bin', 'x'), part])), 'invalid_request', /field "files"/);
  });

  it('refuses a field given twice, a long one, and too many of them', () => {
    const field = (name: string, content = 'x'): Part => ({ field: name, content });
    assertRefused(
      () => parse(multipart([field('a'), field('a'), filePart('a.bin', 'x')])),
      'invalid_request',
      /"a" is there twice/,
    );
    const longest = multipart([field('a', 'x'.repeat(1024)), filePart('a.bin', 'x')]);
    assert.equal(parse(longest).fields.get('a')?.length, 1024);
    const tooLong = multipart([field('a', 'x'.repeat(1025)), filePart('a.bin', 'x')]);
    assertRefused(() => parse(tooLong), 'invalid_request', /longer than 1024/);
    const many = Array.from({ length: 21 }, (_, index) => field(`f${String(index)}`));
    assertRefused(() => parse(multipart([...many, filePart('a.bin', 'x')])), 'invalid_request', /At most 20 /);
  });

  it('parses or refuses any bytes, and never hangs or breaks', () => {
    const sent = multipart([{ field: 'device_id', content: 'omi' }, filePart('a.bin', Buffer.alloc(100, 1))]);
    const mutation = fc.record({ at: fc.nat(sent.body.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 6 }), (mutations) => {
        const body = Buffer.from(sent.body);
        for (const { at, value } of mutations) body[at] = value;
        assertAnswered(sent.contentType, body);
      }),
      { numRuns: 500 },
    );
  });
});
