/** Samples of the speech samples, and WAV files of them. */
import assert from 'node:assert/strict';
import { wavFile } from '../../../dev/samples/encode.ts';
import { framesOf, readRecording } from '../../../dev/samples/samples.ts';
import type { Sample } from '../../../dev/samples/samples.ts';

/** The audio of the first recording of a sample of PCM, 16 kHz, 16 bits. */
export function pcmOf(sample: Sample): Buffer {
  const [recording] = sample.recordings;
  assert.ok(recording);
  return Buffer.concat(framesOf(readRecording(sample, recording), recording).map((frame) => frame ?? Buffer.alloc(0)));
}

/** Both at 16 kHz, 16 bits; the shorter one ends in silence. */
export function stereoWav(left: Buffer, right: Buffer): Buffer {
  const length = Math.max(left.length, right.length);
  const data = Buffer.alloc(2 * length);
  for (const [channel, pcm] of [left, right].entries()) {
    for (let at = 0; at < pcm.length; at += 2) pcm.copy(data, 2 * at + 2 * channel, at, at + 2);
  }
  const wav = wavFile([data]);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(64_000, 28);
  wav.writeUInt16LE(4, 32);
  return wav;
}
