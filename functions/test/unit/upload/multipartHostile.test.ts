/** Hostile multipart bodies: each is read or refused in a time proportional to its length. */
import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import { parseMultipart } from '../../../src/upload/multipart.ts';

const LIMITS = { maxRequestBytes: 30 * 1024 * 1024, maxFiles: 200 };
const FORM = 'multipart/form-data; boundary=b';
const file = (name: string, content = 'x'): string =>
  `--b\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n${content}\r\n`;

const parse = (body: string | Buffer, contentType = FORM) =>
  parseMultipart(contentType, typeof body === 'string' ? Buffer.from(body) : body, LIMITS);

function codeOf(body: string | Buffer, contentType?: string): string {
  try {
    parse(body, contentType);
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error.code;
  }
}

describe('parseMultipart, given a hostile body', () => {
  const refused: Record<string, string> = {
    'that goes on behind its closing boundary, and ends inside a file': `--b--\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="n"\r\n\r\nx`,
    'that is a closing boundary alone': '--b--',
    'whose closing boundary stands in the preamble': `preamble\r\n--b--\r\n${file('a.bin')}--b--`,
  };
  for (const [name, body] of Object.entries(refused)) {
    it(`finds no files in one ${name}`, () => {
      assert.equal(codeOf(body), 'no_files');
    });
  }

  const broken: Record<string, string> = {
    'without a closing boundary': file('a.bin'),
    'that ends in half a closing boundary': `${file('a.bin')}--b-`,
    'with a part without headers': '--b\r\n\r\nx\r\n--b--',
    'with a part without a Content-Disposition': '--b\r\nContent-Type: audio/wav\r\n\r\nx\r\n--b--',
    'with a part that is an attachment':
      '--b\r\nContent-Disposition: attachment; name="files"; filename="a"\r\n\r\nx\r\n--b--',
    'with a part without a name': '--b\r\nContent-Disposition: form-data; filename="a.bin"\r\n\r\nx\r\n--b--',
    'with a quote that does not end': '--b\r\nContent-Disposition: form-data; name="files\r\n\r\nx\r\n--b--',
    'with headers that do not end': `--b\r\nContent-Disposition: form-data; name="files"\r\n${'a: b\r\n'.repeat(5000)}`,
    'with headers of 16 KB': `--b\r\nContent-Disposition: form-data; name="files"\r\na: ${'x'.repeat(16_384)}\r\n\r\nx\r\n--b--`,
    'with an inner boundary that begins like its own': `--b\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n--b--`,
    'with line feeds alone': '--b\nContent-Disposition: form-data; name="files"; filename="a"\n\nx\n--b--',
  };
  for (const [name, body] of Object.entries(broken)) {
    it(`refuses one ${name}`, () => {
      assert.equal(codeOf(body), 'invalid_multipart');
    });
  }

  it('stops at the first mistake: what lies behind it is not read', () => {
    const fields = Array.from({ length: 21 }, (_, index) => `f${String(index)}`);
    const parts = fields.map((name) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n`).join('');
    assert.equal(codeOf(`${parts}--b\r\nno header\r\n\r\n`), 'invalid_request');
    assert.equal(codeOf(`${file('a').repeat(201)}--b\r\nno header\r\n\r\n`), 'too_many_files');
  });

  it('does not read behind the closing boundary', () => {
    assert.equal(parse(`${file('a.bin')}--b--\r\n${file('b.bin')}--b--`).files.length, 1);
  });

  it('accepts what RFC 2046 allows: a preamble, white space behind a boundary, a folded header, an empty part', () => {
    const folded =
      '--b \t\r\nContent-Type: audio/wav\r\ncontent-disposition:form-data;\r\n name=files; filename="a.bin"\r\n\r\n\r\n';
    const { files } = parse(`preamble\r\n${folded}--b\r\nContent-Disposition: form-data; name="files"\r\n\r\n--b--`);
    assert.deepEqual(
      files.map(({ filename, bytes }) => [filename, bytes.length]),
      [
        ['a.bin', 0],
        ['', 0],
      ],
    );
  });

  it('reads escaped, extended and Windows names', () => {
    const part = (parameters: string): string => `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\nx\r\n`;
    const { files } = parse(
      part('name="files"; filename="C:\\up\\a.bin"') +
        part('name="files"; filename="say \\"hi\\".bin"') +
        part(`name="files"; filename="plain.bin"; filename*=utf-8'en'caf%C3%A9.bin`) +
        '--b--',
    );
    assert.deepEqual(
      files.map(({ filename }) => filename),
      ['a.bin', 'say "hi".bin', 'café.bin'],
    );
  });

  it('accepts boundaries of 1 to 70 characters of RFC 2046, quoted or not, and no others', () => {
    const allowed = ['b', '0'.repeat(70), "'()+_,-./:=?", '----WebKitFormBoundary7MA4YWxkTrZu0gW'];
    for (const boundary of allowed) {
      const body = file('a.bin').replaceAll('--b\r\n', `--${boundary}\r\n`) + `--${boundary}--`;
      assert.equal(codeOf(body, `multipart/form-data; charset=utf-8; boundary="${boundary}"; x=y`), 'taken', boundary);
    }
    for (const boundary of ['', '0'.repeat(71), '"', 'a\u00e9', '"open', 'a b']) {
      assert.equal(codeOf('x', `multipart/form-data; boundary=${boundary}`), 'invalid_multipart', boundary);
    }
  });

  // The former parser read the same bytes of each of these many times, or waited without end.
  it('reads or refuses bodies of 8 MB that repeat what a search looks for', () => {
    const megabytes = (pattern: string): Buffer => Buffer.alloc(8_000_000, pattern);
    const long = 'a'.repeat(70);
    const bodies: [string, Buffer][] = [
      [FORM, megabytes('\r\n--')],
      [FORM, megabytes('\r\n-')],
      [FORM, megabytes('--bb')],
      [FORM, Buffer.concat([Buffer.from('--b'), megabytes(' ')])],
      [FORM, Buffer.concat([Buffer.from('--b\r\n'), megabytes('a: b\r\n')])],
      [`multipart/form-data; boundary=${long}`, megabytes(`\r\n--${'a'.repeat(69)}`)],
      [`multipart/form-data; boundary=${long}`, megabytes('a')],
      [`multipart/form-data; boundary=${long}`, megabytes('\r\n--a')],
    ];
    for (const [contentType, body] of bodies) assert.equal(codeOf(body, contentType), 'invalid_multipart');
  });
});
