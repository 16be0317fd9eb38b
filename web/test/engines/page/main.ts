/** Runs the tests inside a browser of any engine, and sends the results to the server of the page. */
import { runTests } from './harness.ts';

void import('./store.ts')
  .then(() => import('./recorder.ts'))
  .then(runTests)
  .catch((error: unknown) => [{ name: 'the page', is: 'failed', why: String(error) }])
  .then((outcomes) => fetch('/results', { method: 'POST', body: JSON.stringify(outcomes) }));
