/** Packs the staged package. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** @returns the path of the tarball. */
export function packKit(staged: string, out: string): string {
  mkdirSync(out, { recursive: true });
  const printed = execFileSync('npm', ['pack', staged, '--json', '--pack-destination', out], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const [packed] = z.array(z.object({ filename: z.string() })).parse(JSON.parse(printed));
  if (packed === undefined) throw new Error('npm packed nothing.');
  return path.join(out, packed.filename);
}
