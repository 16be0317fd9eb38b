/** Recordings with two voices. */
import assert from 'node:assert/strict';
import { wavFile } from '../../../dev/samples/encode.ts';
import { framesOf, readRecording } from '../../../dev/samples/samples.ts';
import type { Sample } from '../../../dev/samples/samples.ts';

/** The samples of a recording at 16 kHz, 16 bits. */
export function pcmOf(of: Sample): Buffer {
  const [recording] = of.recordings;
  assert.ok(recording);
  return Buffer.concat(framesOf(readRecording(of, recording), recording).map((frame) => frame ?? Buffer.alloc(0)));
}

/** A WAV file with a voice on each channel; the shorter ends in silence. */
export function stereoWav(left: Buffer, right: Buffer): Buffer {
  const length = Math.max(left.length, right.length);
  const [a, b] = [left, right].map((pcm) => Buffer.concat([pcm, Buffer.alloc(length - pcm.length)]));
  assert.ok(a !== undefined && b !== undefined);
  const data = Buffer.alloc(2 * length);
  for (let at = 0; at < length; at += 2) {
    a.copy(data, 2 * at, at, at + 2);
    b.copy(data, 2 * at + 2, at, at + 2);
  }
  const wav = wavFile([data]);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(64_000, 28);
  wav.writeUInt16LE(4, 32);
  return wav;
}
