/**
 * Keeps the functions framework from reading hostile bodies. The framework decompresses a body and parses JSON, up to 1 GB of each,
 * before any code of a function runs: a compressed body of 1 MB, or 20 MB of empty lists, would end the instance. So this changes the
 * headers of such requests: they no longer say that the body is compressed, or that a long body is JSON. The framework then passes the
 * bytes on unread, and a handler that expects JSON refuses them.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** Largest body that is parsed, bytes. The longest manifest, 1,000 recordings with names of 200 bytes, is about 400 KB. */
export const MAX_PARSED_BYTES = 1024 * 1024;

/** Media types that the framework parses. */
const PARSED = /json|text|urlencoded/i;

/** Changes the headers of a request that describe its body. A body of unknown length counts as too long. */
function leaveUnparsed({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const isPacked = headers['content-encoding'] !== undefined;
  delete headers['content-encoding'];
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';');
  const isShort = Number(headers['content-length'] ?? Infinity) <= MAX_PARSED_BYTES;
  if (PARSED.test(mediaType) && (isPacked || !isShort)) headers['content-type'] = 'application/octet-stream';
}

/**
 * Before the request is handed to anything else: https://nodejs.org/docs/latest-v22.x/api/diagnostics_channel.html#http Not in
 * functions for events: only the platform calls them.
 */
if (process.env['FUNCTION_SIGNATURE_TYPE'] !== 'cloudevent') {
  subscribe('http.server.request.start', (message) => {
    leaveUnparsed((message as { readonly request: IncomingMessage }).request);
  });
}
