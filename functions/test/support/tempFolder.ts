import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives each test of a suite an empty folder, which is TMPDIR while the test runs: the code under test puts its own files there.
 * @returns the path of the present test's folder
 */
export function useTempFolder(): () => string {
  let folder = '';
  const before = process.env['TMPDIR'];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'test-'));
    process.env['TMPDIR'] = folder;
  });

  afterEach(async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(folder, { recursive: true });
  });

  return () => folder;
}
