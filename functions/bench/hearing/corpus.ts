/** Reads recordings of real speech, and labels of where people speak in them, from a folder of yours. Nothing is downloaded. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { s16leToFloat } from '../../src/audio/read/s16.ts';
import { ffmpeg, RATE } from '../sound.ts';

/** A stretch in samples; `end` is exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Track {
  readonly name: string;
  readonly pcm: Float32Array;
  /** Where people speak, labelled by hand; null if there are no labels. */
  readonly labels: readonly Stretch[] | null;
}

/** Folders without speech, whose content is mixed with speech. */
export const INGREDIENTS = ['noise', 'music', 'rirs'] as const;

const AUDIO = /\.(wav|flac|mp3|ogg|opus|m4a|aiff)$/;

/** The folders of speech in `folder`, one for each kind of recording. */
export function kindsOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !(INGREDIENTS as readonly string[]).includes(entry.name))
    .map(({ name }) => name);
}

/**
 * The recordings of a folder in the order of their names. Labels lie beside them under the same name: `.rttm` (NIST; pyannote,
 * most sets of meetings) or `.scv` (one line `name,start,end,0|1,start,end,0|1…` in seconds).
 */
export function readTracks(folder: string): Track[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => AUDIO.test(name))
    .sort()
    .map((name) => {
      const file = path.join(folder, name);
      return { name, pcm: decode(file), labels: labelsOf(file.replace(AUDIO, '')) };
    });
}

function decode(file: string): Float32Array {
  return s16leToFloat(
    ffmpeg(['-i', file, '-map', '0:a:0', '-f', 's16le', '-ar', String(RATE), '-ac', '1', 'pipe:1'], new Uint8Array()),
  );
}

function labelsOf(base: string): Stretch[] | null {
  if (existsSync(`${base}.rttm`)) return joined(fromRttm(readFileSync(`${base}.rttm`, 'utf8')));
  if (existsSync(`${base}.scv`)) return joined(fromScv(readFileSync(`${base}.scv`, 'utf8')));
  return null;
}

/** `SPEAKER file channel start duration …`, seconds. */
function fromRttm(text: string): Stretch[] {
  return text
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter(([type]) => type === 'SPEAKER')
    .map((fields) => stretch(Number(fields[3]), Number(fields[3]) + Number(fields[4])));
}

function fromScv(text: string): Stretch[] {
  const fields = text.trim().split(',').slice(1).map(Number);
  return Array.from({ length: Math.floor(fields.length / 3) }, (_, i) => fields.slice(3 * i, 3 * i + 3)).flatMap(
    ([start = 0, end = 0, speech]) => (speech === 1 ? stretch(start, end) : []),
  );
}

function stretch(startSeconds: number, endSeconds: number): Stretch {
  return { start: Math.round(startSeconds * RATE), end: Math.round(endSeconds * RATE) };
}

/** The stretches in order. Those that overlap are joined. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const result: { start: number; end: number }[] = [];
  for (const { start, end } of stretches.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}
