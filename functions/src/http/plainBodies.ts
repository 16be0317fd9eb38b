/**
 * What stands before the framework that functions are deployed with. It unpacks a body and parses JSON, up to 1 GB of each, before any
 * code of a function runs: a packed body of 1 MB, or 20 MB of empty lists, from anybody, would end the instance. So these headers
 * are changed: the framework is not told that a body is packed, nor that a long one is JSON, and hands over the bytes that came. What
 * asks for JSON refuses them then.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** Bytes of a body that is parsed. The longest manifest, 1,000 recordings with names of 200 bytes, is about 400 KB. */
export const MAX_PARSED_BYTES = 1024 * 1024;

/** Media types that the framework parses. */
const PARSED = /json|text|urlencoded/i;

/** Changes what the headers of a request say of its body. One whose length is not said may have any. */
function leaveUnparsed({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const isPacked = headers['content-encoding'] !== undefined;
  delete headers['content-encoding'];
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';');
  const isShort = Number(headers['content-length'] ?? Infinity) <= MAX_PARSED_BYTES;
  if (PARSED.test(mediaType) && (isPacked || !isShort)) headers['content-type'] = 'application/octet-stream';
}

/**
 * Before the request is handed to anything else: https://nodejs.org/docs/latest-v22.x/api/diagnostics_channel.html#http
 * Not in functions for events, which the platform alone may call, and which it sends as it likes.
 */
if (process.env['FUNCTION_SIGNATURE_TYPE'] !== 'cloudevent') {
  subscribe('http.server.request.start', (message) => {
    leaveUnparsed((message as { readonly request: IncomingMessage }).request);
  });
}
