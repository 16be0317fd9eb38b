/**
 * Counts the operations of Firestore: `node documents.ts <hours>`, within `npm run emulators:exec`. Prints JSON: documents read
 * and written for a day of recordings, what a listener receives, and the memory of many arrivals at once.
 */
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { StandInControl } from '../../dev/deepgram/control.ts';
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { day } from './day.ts';
import type { Arrivals, Documents } from './ratios.ts';
import { remembering } from './remembering.ts';

const ARRIVALS = path.join(import.meta.dirname, 'arrivals.ts');
const NODE = ['--disable-warning=ExperimentalWarning'];

/**
 * The heap limits of a 512 MiB instance. Node derives them from the memory that it may use: there, at most 256 MiB for old
 * objects and semi-spaces of 1 MiB. On a larger machine both are larger, and garbage is collected later.
 */
const INSTANCE_HEAP = ['--max-old-space-size=256', '--max-semi-space-size=1'];

async function arrivals(): Promise<Arrivals> {
  execFileSync(process.execPath, [...NODE, ARRIVALS, 'prepare'], { stdio: 'inherit' });
  const storage = spawn(process.execPath, [...NODE, ARRIVALS, 'storage'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<string>((resolve) => {
      storage.stdout.once('data', (line: Buffer) => {
        resolve(line.toString().trim());
      });
    });
    const receive = [...NODE, ...INSTANCE_HEAP, ARRIVALS, 'receive', port];
    const output = execFileSync(process.execPath, receive, { encoding: 'utf8' });
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Arrivals;
  } finally {
    storage.kill();
  }
}

const hours = Number(process.argv[2] ?? 12);
await new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '').reset();
const pool = new ListenerPool();
const listener = remembering(pool);
const days = [await day('multipart', hours, listener), await day('direct', hours, listener)];
await pool.close();
const result: Documents = { hours, days, arrivals: await arrivals() };
console.log(JSON.stringify(result));
process.exit(0);
