/** The child process of `entryPoints.ts`: serves the functions, and sends their addresses to its parent. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { http as register } from '@google-cloud/functions-framework';
import type { HttpFunction } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

const keys = http.createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(process.env['APP_CHECK_KEYS']);
});
const keysPort = await listen(keys);

// The Admin SDK fetches the keys of App Check from a fixed address.
const request = https.request.bind(https);
https.request = ((options: https.RequestOptions, ...rest: []) =>
  options.hostname === 'firebaseappcheck.googleapis.com'
    ? http.request({ host: '127.0.0.1', port: keysPort }, ...rest)
    : request(options, ...rest)) as typeof https.request;

type Exported = HttpFunction & { readonly __endpoint?: object };

const urls: Record<string, string> = {};
// The build that is deployed, because nothing may need what the build leaves out.
const built = pathToFileURL(path.join(process.env['FUNCTIONS_BUILD'] ?? '', 'index.js')).href;
const functions = (await import(built)) as Record<string, unknown>;
for (const [name, handler] of Object.entries(functions)) {
  const { __endpoint: endpoint = {} } = handler as Exported;
  if (!('httpsTrigger' in endpoint) && !('callableTrigger' in endpoint)) continue;
  register(name, handler as Exported);
  urls[name] = `http://127.0.0.1:${await listen(getTestServer(name))}`;
}
process.send?.(urls);

async function listen(server: http.Server): Promise<number> {
  // Clients end idle connections. If the server did, a request that is sent at that moment would fail.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
