import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAfterEach, removeFolder } from '../../../dev/test/closing.ts';

/**
 * Gives each test of a suite an empty folder, which is TMPDIR while the test runs: the code under test puts its own files there.
 * @returns the path of the present test's folder
 */
export function useTempFolder(): () => string {
  let folder = '';
  const before = process.env['TMPDIR'];

  const closing = closeAfterEach();
  beforeEach(async () => {
    folder = closing(await mkdtemp(join(tmpdir(), 'test-')), removeFolder);
    process.env['TMPDIR'] = folder;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });

  return () => folder;
}
