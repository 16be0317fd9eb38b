/**
 * Describes ADPCM in a WAV file, as older voice recorders write it. All blocks have one length, and each begins with a header, so
 * they are found behind damage as other frames are. https://wiki.multimedia.cx/index.php/Microsoft_ADPCM
 */
import { closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { openView, readAt } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { soundOfWav } from './wavSound.ts';
import type { WavFrames } from './wavSound.ts';
import { ZeroedSectors } from './zeroedSectors.ts';
import type { Stored } from './zeroedSectors.ts';

interface BlockKind {
  /** Bytes and samples of a header, for each channel. */
  readonly bytes: number;
  readonly samples: number;
  /** How many blocks in a row prove a place behind damage. */
  readonly proof: number;
  readonly isHeader: (head: Uint8Array, channels: number) => boolean;
}

/** The kinds by the number of their codec. If there are more than two channels, the first two are checked. */
const KINDS: Readonly<Record<number, BlockKind>> = {
  // Microsoft: the numbers of each channel's predictor, of which there are seven; then the steps, of two bytes each.
  0x02: {
    bytes: 7,
    samples: 2,
    proof: 8,
    isHeader: (head, channels) => head.subarray(0, channels).every((x) => x < 7) && (head[channels + 1] ?? 255) < 64,
  },
  // IMA: for each channel a sample, the number of its step, of which there are 89, and a zero.
  0x11: {
    bytes: 4,
    samples: 1,
    proof: 4,
    isHeader: (head, channels) => [2, 6].slice(0, channels).every((at) => (head[at] ?? 255) < 89 && head[at + 1] === 0),
  },
};

/** A first byte that no block has. */
const FILLER = 0xff;

const WINDOW_BYTES = 256 * 1024;

/** The blocks of a WAV file; null if it contains something else. */
export function adpcmBlocks(file: FileView): WavFrames | null {
  const sound = soundOfWav(file);
  const kind = KINDS[sound?.codec ?? 0];
  if (sound === null || kind === undefined) return null;
  const { channels, sampleRate, blockBytes: bytes } = sound;
  if (channels === 0 || sampleRate === 0 || bytes <= kind.bytes * channels) return null;
  const samples = (2 * (bytes - kind.bytes * channels)) / channels + kind.samples;
  const frame = { bytes, samples, sampleRate, kind: 0 };
  return {
    header: (head, at) => (kind.isHeader(head.subarray(at), channels) ? frame : null),
    sync: null,
    proof: kind.proof,
    magicBytes: sound.start,
    bytes: sound.bytes,
    missing: 'lost',
    view: sound.view,
  };
}

/** Overwrites sectors of zeros in ADPCM, which would decode as silence, with bytes that are no blocks. */
export async function markZeroedSectors(path: string): Promise<void> {
  const view = openView(path);
  const blocks = adpcmBlocks(view);
  closeSync(view.fd);
  if (blocks === null) return;
  const file = await open(path, 'r+');
  try {
    const sectors = new ZeroedSectors(blocks.magicBytes);
    const mark = async (parts: Iterable<Stored>): Promise<void> => {
      for (const part of parts)
        if (part.kind === 'lost')
          await file.write(Buffer.alloc(part.size, FILLER), 0, part.size, blocks.magicBytes + part.start);
    };
    const end = blocks.view.size;
    for (let at = blocks.magicBytes; at < end; at += WINDOW_BYTES)
      await mark(sectors.push(await readAt(file, at, Math.min(WINDOW_BYTES, end - at))));
    await mark(sectors.end());
  } finally {
    await file.close();
  }
}
