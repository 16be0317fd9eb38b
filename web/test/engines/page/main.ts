/** Tests that run inside a browser, whatever its engine; the results go to the server that the page came from. */
import { runTests } from './harness.ts';

void import('./store.ts')
  .then(() => import('./recorder.ts'))
  .then(runTests)
  .catch((error: unknown) => [{ name: 'the page', is: 'failed', why: String(error) }])
  .then((outcomes) => fetch('/results', { method: 'POST', body: JSON.stringify(outcomes) }));
