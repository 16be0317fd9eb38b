/**
 * `npm run bench:decoders [-- --rounds 3 --json bench/results/latest.json]`: how fast the sandbox and the native ffmpeg decode
 * ordinary audio. It counts the processor time of this process and of ffmpeg, because other programs hardly change that. The
 * result is the median of the rounds, and includes the start of a thread or a process.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readRecording } from '../src/audio/read/readRecording.ts';
import type { DecoderChoice } from '../src/audio/read/containers/decodeContainer.ts';
import type { FileExtension } from '../src/audio/read/format.ts';
import type { DecodingSpeed } from './ratios.ts';
import type { Results } from './results.ts';
import { median, round1 } from './rounds.ts';
import { ffmpeg, minuteBytes, RATE } from './sound.ts';

const MINUTES = 10;

/** The formats that phones and browsers record, and those to which people convert. */
const FILES: readonly (readonly [what: string, FileExtension, readonly string[]])[] = [
  ['Ogg Opus, 24 kbit/s', 'ogg', ['-c:a', 'libopus', '-b:a', '24k', '-f', 'ogg']],
  ['WebM Opus, 48 kHz stereo', 'webm', ['-ar', '48000', '-ac', '2', '-c:a', 'libopus', '-b:a', '48k', '-f', 'webm']],
  ['FLAC, 16 kHz', 'flac', ['-c:a', 'flac', '-f', 'flac']],
  ['WAV, 44.1 kHz stereo', 'wav', ['-ar', '44100', '-ac', '2', '-f', 'wav']],
  ['MP3, 44.1 kHz stereo', 'mp3', ['-ar', '44100', '-ac', '2', '-c:a', 'libmp3lame', '-b:a', '128k', '-f', 'mp3']],
  ['M4A (AAC), 44.1 kHz', 'm4a', ['-ar', '44100', '-c:a', 'aac', '-b:a', '64k', '-f', 'ipod']],
];

const { values } = parseArgs({ options: { json: { type: 'string' }, rounds: { type: 'string', default: '3' } } });
const folder = mkdtempSync(path.join(tmpdir(), 'decoders-'));
try {
  const speeds: DecodingSpeed[] = [];
  const sound = await speech();
  for (const [what, extension, args] of FILES) {
    const file = path.join(folder, `speech.${extension}`);
    ffmpeg(['-f', 's16le', '-ar', String(RATE), '-ac', '1', '-i', 'pipe:0', ...args, '-y', file], sound);
    const bytes = readFileSync(file);
    const times = async (decoder: DecoderChoice): Promise<number> => {
      const rounds: number[] = [];
      for (let i = 0; i < Number(values.rounds); i++)
        rounds.push((60 * MINUTES) / (await cpuSeconds(bytes, extension, decoder)));
      return round1(median(rounds));
    };
    speeds.push({ what, sandbox: await times('sandbox'), ffmpeg: extension === 'wav' ? null : await times('ffmpeg') });
    console.log(speeds.at(-1));
  }
  if (values.json !== undefined) {
    const results = JSON.parse(readFileSync(values.json, 'utf8')) as Results;
    const figures = { ...results.figures, decoding: speeds };
    writeFileSync(values.json, `${JSON.stringify({ ...results, figures }, null, 1)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The PCM of the samples. */
async function speech(): Promise<Buffer> {
  const minutes: Buffer[] = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    const wav = Buffer.from(await minuteBytes('wav', minute));
    minutes.push(wav.subarray(wav.indexOf('data') + 8));
  }
  return Buffer.concat(minutes);
}

/** Processor seconds of this process and of the process that it started. */
async function cpuSeconds(bytes: Uint8Array, extension: FileExtension, decoder: DecoderChoice): Promise<number> {
  const times = path.join(folder, 'times');
  writeFileSync(times, '');
  const timed = path.join(folder, 'timed-ffmpeg');
  const script = `#!/bin/bash\nTIMEFORMAT='%U %S'\n{ time ffmpeg "$@" 2>&3; } 3>&2 2>>'${times}'\n`;
  writeFileSync(timed, script, { mode: 0o755 });
  const began = process.cpuUsage();
  const signal = new AbortController().signal;
  const options = { signal, maxSeconds: 3600, channels: 'mixed' as const, decoder, ffmpegPath: timed };
  const { blocks } = readRecording(once(bytes), { kind: 'file', extension }, options);
  let samples = 0;
  for await (const block of blocks) for (const frame of block) samples += frame.samples;
  const { user, system } = process.cpuUsage(began);
  if (Math.abs(samples / RATE - 60 * MINUTES) > 1) throw new Error(`${extension}: ${samples} samples came.`);
  const started = readFileSync(times, 'utf8')
    .split(/\s+/)
    .reduce((sum, time) => sum + Number(time), 0);
  return (user + system) / 1e6 + started;
}

// oxlint-disable-next-line typescript/require-await -- a stream of one piece
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
