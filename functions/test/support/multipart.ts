/** multipart/form-data bodies (RFC 7578), written out by hand so that tests can also write broken ones. */

export interface Part {
  readonly field: string;
  /** A file when given. */
  readonly filename?: string;
  readonly contentType?: string;
  readonly content: Uint8Array | string;
}

export interface MultipartBody {
  readonly contentType: string;
  readonly body: Buffer;
}

const BOUNDARY = 'test-boundary-7f3a';

export function multipart(parts: readonly Part[]): MultipartBody {
  const chunks = parts.flatMap(({ field, filename, contentType = 'application/octet-stream', content }) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"`),
    Buffer.from(
      filename === undefined ? '\r\n\r\n' : `; filename="${filename}"\r\nContent-Type: ${contentType}\r\n\r\n`,
    ),
    typeof content === 'string' ? Buffer.from(content) : content,
    Buffer.from('\r\n'),
  ]);
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

export function filePart(filename: string, content: Uint8Array | string): Part {
  return { field: 'files', filename, content };
}
