import assert from 'node:assert/strict';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { ENGINES } from './engines.ts';
import { buildPage, filesOf, testIn } from './inBrowser.ts';

/** Engines that this machine does not have are skipped, with the reason. */
describe('Store and recorder inside a browser', () => {
  let page: Awaited<ReturnType<typeof buildPage>>;
  const closing = closeAfterAll();
  before(async () => {
    page = closing(await buildPage(), (it) => {
      it.remove();
    });
  });

  for (const engine of ENGINES)
    it(`work in ${engine.name}`, async function () {
      const outcomes = await testIn(engine, filesOf(page.site));
      if ('missing' in outcomes) {
        console.log(`      ${engine.name} is skipped: ${outcomes.missing}.`);
        this.skip();
      }
      for (const outcome of outcomes) {
        const why = outcome.is === 'passed' ? '' : `: ${outcome.why}`;
        console.log(`      ${engine.name} ${outcome.is}: ${outcome.name}${why}`);
      }
      assert.ok(outcomes.some(({ is }) => is === 'passed'));
      assert.deepEqual(
        outcomes.filter(({ is }) => is === 'failed'),
        [],
      );
    });
});
