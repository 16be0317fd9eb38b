/**
 * One process of the memory bench: `node memory.ts <hours>`. It scans that much audio, in recordings of a minute, and prints
 * its peak memory.
 */
import { availableParallelism } from 'node:os';
import { collectGarbageEarly } from '../src/audio/detect/heap.ts';
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { scan } from './engine.ts';
import { minuteBytes, minuteFiles } from './sound.ts';

// The modules that an instance has loaded besides the engine.
await Promise.all([import('firebase-admin/firestore'), import('firebase-admin/storage'), import('@deepgram/sdk')]);

const hours = Number(process.argv[2] ?? 1);
const files = minuteFiles('opus10', 60 * hours);
// A few minutes are repeated, because making them takes more memory than scanning them.
const sound = await Promise.all(Array.from({ length: 10 }, (_, minute) => minuteBytes('opus10', minute)));
const soundOf = new Map(files.map(({ name }, minute) => [name, sound[minute % sound.length] ?? new Uint8Array()]));
collectGarbageEarly();
const listener = new ListenerPool();
const began = performance.now();
const { chunks, speechSeconds } = await scan(
  files,
  async function* ({ name }) {
    const bytes = soundOf.get(name) ?? new Uint8Array();
    for (let at = 0; at < bytes.length; at += 65_536) yield await Promise.resolve(bytes.subarray(at, at + 65_536));
  },
  listener,
);
const seconds = (performance.now() - began) / 1000;
await listener.close();
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    hours,
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
    seconds: Math.round(10 * seconds) / 10,
    cpuSeconds: Math.round((user + system) / 1e5) / 10,
    chunks,
    speechSeconds: Math.round(speechSeconds),
    processors: availableParallelism(),
  }),
);
