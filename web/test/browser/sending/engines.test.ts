/** A new user walks through the console in the engines of the other browsers, as far as this machine has them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as ask, type RequestListener } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { StandInControl } from '../../../../dev/deepgram/control.ts';
import { ENGINES } from '../../engines/engines.ts';
import { buildPage, testIn } from '../../engines/inBrowser.ts';
import { ORIGIN } from '../support/browser.ts';

describe('A new user of the console', () => {
  let page: Awaited<ReturnType<typeof buildPage>>;
  const closing = closeAfterAll();
  before(async () => {
    await new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '').reset();
    page = closing(await buildPage(), (it) => {
      it.remove();
    });
  });

  for (const engine of ENGINES.filter(({ name }) => name !== 'Chromium'))
    it(`sends a day, reads, stars and finds a conversation in ${engine.name}, if this machine has it`, async () => {
      const outcomes = await testIn(engine, consoleWith(path.join(page.site, 'walk.js')));
      if ('missing' in outcomes) {
        console.log(`      ${engine.name} is left out: ${outcomes.missing}.`);
        return;
      }
      for (const { name, is } of outcomes) console.log(`      ${engine.name} ${is}: ${name}`);
      assert(outcomes.length > 0);
      for (const outcome of outcomes) assert(outcome.is === 'passed', JSON.stringify(outcome));
    });
});

/** Serves the console of the suite with a script that walks through it. */
function consoleWith(walk: string): RequestListener {
  return (request, response) => {
    if (request.url === '/walk.js') {
      response.setHeader('Content-Type', 'text/javascript').end(readFileSync(walk));
      return;
    }
    const { method, headers } = request;
    const isPage = headers.accept?.includes('text/html') === true;
    const address = new URL(request.url ?? '/', ORIGIN);
    const sent = { ...headers, host: address.host, ...(isPage ? { 'accept-encoding': 'identity' } : {}) };
    const onward = ask(address, { method, headers: sent }, (answer) => {
      if (!isPage) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        return;
      }
      const { 'content-length': _, ...kept } = answer.headers;
      void text(answer).then((html) => {
        response.writeHead(answer.statusCode ?? 502, kept);
        response.end(html.replace('</head>', '<script type="module" src="/walk.js"></script></head>'));
      });
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
}
