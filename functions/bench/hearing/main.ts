/**
 * `npm run bench:hearing -- FOLDER`: how well the engine detects real speech, in a folder of yours; nothing is downloaded.
 * FOLDER has one folder for each kind of recording (`near`, `meetings`, `phone`, …), with labels beside the recordings if there
 * are any (`corpus.ts` says how). It also has `noise`, `music` and `rirs` (impulse responses of rooms), which are mixed with
 * the recordings in `near`. Without labels, the truth is what Silero detects in the clean recording, used as its authors do; so
 * nothing can be better than Silero there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { main } from '../../../dev/main.ts';
import { loadSileroVad } from '../../src/audio/detect/vad.ts';
import type { Results } from '../results.ts';
import { atLevel, inRoom, steadyNoise, withNoise } from './conditions.ts';
import { kindsOf, readTracks } from './corpus.ts';
import type { Track } from './corpus.ts';
import { Judges } from './judges.ts';
import type { Recall } from './judges.ts';
import { RATE } from '../sound.ts';

/** Every sixth recording in `near` is changed: that is enough for the many conditions. */
const SPOILT = 6;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });

await main(async () => {
  const [folder = ''] = positionals;
  const judges = new Judges(await loadSileroVad());
  const rows: Recall[] = [];
  const note = async (row: Promise<Recall>): Promise<void> => {
    rows.push(await row);
    console.log(JSON.stringify(rows.at(-1)));
  };
  const ingredient = (name: string): Float32Array[] => readTracks(path.join(folder, name)).map(({ pcm }) => pcm);
  const [noise, music, rooms] = [ingredient('noise'), ingredient('music'), ingredient('rirs')];

  for (const kind of kindsOf(folder)) {
    const tracks = await judges.withLabels(readTracks(path.join(folder, kind)));
    await note(judges.recall(kind, tracks));
    if (kind !== 'near') continue;
    const some = tracks.filter((_, i) => i % SPOILT === 0);
    const spoilt = (what: string, spoil: (pcm: Float32Array, i: number) => Float32Array): Promise<void> =>
      note(
        judges.recall(
          what,
          some.map((track, i): Track => ({ ...track, pcm: spoil(track.pcm, i) })),
        ),
      );
    for (const level of [-20, -35, -50]) await spoilt(`near, ${level} dBFS`, (pcm) => atLevel(pcm, level));
    const across = (pcm: Float32Array, i: number): Float32Array =>
      withNoise(inRoom(pcm, pick(rooms, i)), pick(noise, i), 15);
    for (const level of [-20, -42, -46, -50]) {
      await spoilt(`far, ${level} dBFS`, (pcm, i) => atLevel(across(pcm, i), level));
    }
    for (const ratio of [20, 10, 5, 0]) {
      await spoilt(`noise, ${ratio} dB SNR`, (pcm, i) => withNoise(pcm, pick(noise, i), ratio));
    }
    for (const ratio of [20, 10, 0]) {
      await spoilt(`music, ${ratio} dB SNR`, (pcm, i) => withNoise(pcm, pick(music, i), ratio));
    }
  }
  for (const kind of ['white', 'pink', 'brown', 'hum'] as const) {
    const tracks = [-30, -50, -65].map((level) => toTrack(kind, atLevel(steadyNoise(kind, 60, level), level)));
    await note(judges.recall(`${kind} noise alone, -30 to -65 dBFS`, tracks));
  }
  await note(judges.recall('digital silence', [toTrack('zeros', new Float32Array(60 * RATE))]));
  await note(
    judges.recall(
      'noise alone',
      noise.map((pcm) => toTrack('noise', pcm)),
    ),
  );
  await note(
    judges.recall(
      'music alone',
      music.map((pcm) => toTrack('music', pcm)),
    ),
  );

  if (values.json !== undefined) {
    const results = JSON.parse(readFileSync(values.json, 'utf8')) as Results;
    const figures = { ...results.figures, hearing: rows };
    writeFileSync(values.json, `${JSON.stringify({ ...results, figures }, null, 1)}\n`);
  }
  return 0;
});

/** A track without speech. */
function toTrack(name: string, pcm: Float32Array): Track {
  return { name, pcm, labels: [] };
}

function pick(list: readonly Float32Array[], i: number): Float32Array {
  const found = list[i % list.length];
  if (found === undefined) throw new Error('The folder lacks noise, music or rirs.');
  return found;
}
