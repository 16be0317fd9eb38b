import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bestSnr, decodeAll, ffmpeg, lostSeconds, RATE } from '../../../support/audio.ts';
import type { Decoded } from '../../../support/audio.ts';
import { file } from '../../../support/containers.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

const SECONDS = 10;

let seed = 5;
const noise = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => (seed = (seed * 75 + 74) % 65537) & 255));

/** There is no AMR encoder here, but any bits behind a first byte are valid sound. */
const KINDS = {
  'narrow-band': { magic: '#!AMR\n', speech: [0x3c, 32], pause: [0x44, 6] },
  'wide-band': { magic: '#!AMR-WB\n', speech: [0x14, 33], pause: [0x4c, 6] },
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

const frame = ([first, size]: readonly [number, number]): Buffer => Buffer.concat([Buffer.of(first), noise(size - 1)]);
const frames = (kind: readonly [number, number], seconds: number): Buffer =>
  Buffer.concat(Array.from({ length: seconds * 50 }, () => frame(kind)));

function amr({ magic }: Kind, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(magic), ...parts]);
}

/** How much later than expected the audio is that begins two seconds before the end, samples. */
function lagOfEnd({ pcm }: Decoded, whole: Decoded): number {
  const from = (SECONDS - 2) * RATE;
  const around = ({ pcm: all }: { pcm: Float32Array }) => all.subarray(from - 1600, from + RATE + 1600);
  return bestSnr(around({ pcm }), around(whole), 1600).lag;
}

describe('The frames of an AMR file', function () {
  const folder = useTempFolder();

  /** The same frames in a container, written to a real file. */
  function within(container: '3gp' | 'caf' | 'mka' | 'wav', bytes: Buffer, options: readonly string[] = []): Buffer {
    const path = join(folder(), `within.${container}`);
    ffmpeg(['-f', 'amr', '-i', 'pipe:0', '-c', 'copy', ...options, path], bytes);
    return readFileSync(path);
  }

  for (const [name, kind] of Object.entries(KINDS)) {
    it(`are read to the end, and damage between them is lost time in its place: ${name}`, async () => {
      const bytes = amr(kind, frames(kind.speech, SECONDS));
      const whole = await decodeAll(bytes, file('amr'));
      assert.ok(Math.abs(whole.pcm.length / RATE - SECONDS) < 0.1 && lostSeconds(whole) === 0);
      const [from, to] = [0.3, 0.5].map((share) => Math.round(share * bytes.length)) as [number, number];
      for (const between of [noise(to - from), Buffer.alloc(to - from)]) {
        const damaged = Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);
        const decoded = await decodeAll(damaged, file('amr'));
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${decoded.pcm.length / RATE} s`);
        assert.ok(Math.abs(lostSeconds(decoded) - 2) < 0.2, `${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(lagOfEnd(decoded, whole)) < 0.05 * RATE, `${lagOfEnd(decoded, whole)} samples late`);
      }
    });

    it(`that the encoder marks as pauses are silence, even at the end: ${name}`, async () => {
      const bytes = amr(
        kind,
        frames(kind.speech, 3),
        frames(kind.pause, 4),
        frames(kind.speech, 1),
        frames(kind.pause, 2),
      );
      const decoded = await decodeAll(bytes, file('amr'));
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${decoded.pcm.length / RATE} s`);
      assert.equal(lostSeconds(decoded), 0);
    });

    for (const [container, extension] of [
      ['3gp', 'm4a'],
      ['caf', 'caf'],
      ['mka', 'webm'],
      ['wav', 'wav'],
    ] as const) {
      if (container === 'caf' && name === 'wide-band') continue; // ffmpeg writes none
      it(`in a container are silence in pauses, and what follows is in its place: ${name} in .${container}`, async () => {
        const bytes = amr(
          kind,
          frames(kind.speech, 3),
          frames(kind.pause, 4),
          frames(kind.speech, 3),
          frames(kind.pause, 1),
        );
        const decoded = await decodeAll(within(container, bytes), file(extension));
        assert.ok(Math.abs(decoded.pcm.length / RATE - 11) < 0.1, `${decoded.pcm.length / RATE} s`);
        assert.equal(lostSeconds(decoded), 0);
        const late = lagOfEnd(decoded, await decodeAll(bytes, file('amr')));
        assert.ok(Math.abs(late) < 0.05 * RATE, `${late} samples late`);
      });
    }

    it(`in a container are lost if they are damaged, and what follows is in its place: ${name}`, async () => {
      const bytes = amr(kind, frames(kind.speech, SECONDS));
      const damaged = within('3gp', bytes);
      const samples = damaged.indexOf('mdat') + 4;
      const [from, to] = [0.3, 0.5].map((share) => samples + Math.round(share * bytes.length)) as [number, number];
      noise(to - from).copy(damaged, from);
      const decoded = await decodeAll(damaged, file('m4a'));
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${decoded.pcm.length / RATE} s`);
      assert.ok(Math.abs(lostSeconds(decoded) - 2) < 0.3, `${lostSeconds(decoded)} s lost`);
      const late = lagOfEnd(decoded, await decodeAll(bytes, file('amr')));
      assert.ok(Math.abs(late) < 0.2 * RATE, `${late} samples late`);
    });

    it(`in a container are as far apart as its time stamps say: ${name}`, async () => {
      const bytes = amr(kind, frames(kind.speech, SECONDS));
      const pause = ['-bsf:a', 'setts=ts=TS+gte(TS*TB\\,4)*20/TB'];
      const decoded = await decodeAll(within('3gp', bytes, pause), file('m4a'));
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS - 20) < 0.1, `${decoded.pcm.length / RATE} s`);
      assert.equal(lostSeconds(decoded), 0);
      const late = lagOfEnd({ ...decoded, pcm: decoded.pcm.subarray(20 * RATE) }, await decodeAll(bytes, file('amr')));
      assert.ok(Math.abs(late) < 0.05 * RATE, `${late} samples late`);
    });
  }
});
