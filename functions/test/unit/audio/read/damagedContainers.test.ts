/** What is left of ordinary files that are damaged, cut, or begin in the middle: what follows is on time, and what is missing is lost. */
import assert from 'node:assert/strict';
import { recogniseFormat } from '../../../../src/audio/read/recognise.ts';
import { bestSnr, decodeAll, ffmpeg, RATE } from '../../../support/audio.ts';
import type { Decoded } from '../../../support/audio.ts';
import { BOTH, encode, file, SECONDS, SIGNAL } from '../../../support/containers.ts';

const FRAGMENTS = ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '500000', '-f', 'mp4'];

/** The codecs and containers that say in their time stamps or by their frames how much is missing. */
const KINDS = {
  'FLAC in .ogg': { extension: 'ogg', encoder: ['-c:a', 'flac'] },
  'fragments of .mp4': { extension: 'm4a', encoder: FRAGMENTS },
  'fragments of .mp4 that count from themselves': {
    extension: 'm4a',
    encoder: ['-movflags', 'frag_keyframe+empty_moov+default_base_moof', ...FRAGMENTS.slice(2)],
  },
  '.aac without a container': { extension: 'aac', encoder: ['-c:a', 'aac', '-f', 'adts'] },
  'layer II of MPEG': { extension: 'mp3', encoder: ['-c:a', 'mp2', '-b:a', '64k', '-f', 'mp2'] },
} as const;

function encodedAs({ encoder, extension }: (typeof KINDS)[keyof typeof KINDS]): Buffer {
  const container = extension === 'aac' ? 'm4a' : extension;
  return encode(container, [], encoder);
}

function noise(length: number): Buffer {
  let seed = 1;
  return Buffer.from(Array.from({ length }, () => (seed = (seed * 75 + 74) % 65537) & 255));
}

const power = (pcm: Float32Array): number => pcm.reduce((sum, sample) => sum + sample * sample, 0);

const lostSeconds = ({ frames }: Decoded): number =>
  frames.reduce((sum, { payload, samples }) => sum + (payload === null ? samples : 0), 0) / RATE;

/** How late the second that begins two seconds before the end is, samples. */
function lagOfEnd({ pcm }: Decoded): number {
  const from = (SECONDS - 2) * RATE;
  return bestSnr(pcm.subarray(from - 1600, from + RATE + 1600), SIGNAL.subarray(from - 1600, from + RATE + 1600), 1600)
    .lag;
}

describe('Damaged files', function () {
  this.timeout(60_000); // starts processes and threads

  for (const [name, kind] of Object.entries(KINDS)) {
    for (const [damage, fill] of [
      ['noise', noise],
      ['zeros', (length: number) => Buffer.alloc(length)],
    ] as const) {
      it(`with ${damage} in ${name} lose that time in its place, and no other`, async () => {
        const bytes = encodedAs(kind);
        const [from, to] = [0.4, 0.6].map((share) => Math.round(share * bytes.length)) as [number, number];
        const damaged = Buffer.concat([bytes.subarray(0, from), fill(to - from), bytes.subarray(to)]);
        const decoded = await decodeAll(damaged, file(kind.extension));
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${decoded.pcm.length / RATE} s`);
        assert.ok(lostSeconds(decoded) > 1 && lostSeconds(decoded) < 4.2, `${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(lagOfEnd(decoded)) < 0.1 * RATE, `${lagOfEnd(decoded)} samples late`);
      });
    }
  }

  for (const decoder of BOTH) {
    it(`with a damaged header of one fragment of .mp4 lose no other: ${decoder}`, async () => {
      const bytes = encode('m4a', [], FRAGMENTS);
      for (const box of ['moof', 'traf', 'mdat']) {
        const damaged = Buffer.from(bytes);
        damaged.fill(0xee, damaged.indexOf(box, bytes.length * 0.4) - 4, damaged.indexOf(box, bytes.length * 0.4) + 4);
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        assert.ok(lostSeconds(decoded) < 1.2, `${box}: ${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${box}: ${decoded.pcm.length / RATE} s`);
        assert.ok(Math.abs(lagOfEnd(decoded)) < 0.1 * RATE, `${box}: ${lagOfEnd(decoded)} samples late`);
      }
    });
  }

  for (const [extension, encoder] of [
    ['caf', ['-c:a', 'pcm_s16le', '-f', 'caf']],
    ['aiff', ['-c:a', 'pcm_s16be', '-f', 'aiff']],
    ['wav', ['-c:a', 'adpcm_ima_wav', '-f', 'wav']],
  ] as const) {
    it(`.${extension} that are cut off have lost what they claim beyond that`, async () => {
      const bytes = encode('wav', [], encoder);
      const whole = await decodeAll(bytes, file(extension));
      assert.ok(lostSeconds(whole) < 0.1, `${lostSeconds(whole)} s lost`);
      const decoded = await decodeAll(bytes.subarray(0, bytes.length * 0.6), file(extension));
      assert.ok(Math.abs(lostSeconds(decoded) - 4) < 0.2, `${lostSeconds(decoded)} s lost`);
    });
  }
});

describe('Streams that begin in the middle of a frame', function () {
  this.timeout(60_000); // starts processes and threads

  for (const [extension, encoder] of [
    ['mp3', ['-f', 'mp3', '-id3v2_version', '0', '-write_xing', '0']],
    ['aac', ['-c:a', 'aac', '-f', 'adts']],
  ] as const) {
    it(`are known as .${extension}, and what comes before their first frame is lost`, async () => {
      const bytes = encode(extension === 'aac' ? 'm4a' : extension, [], encoder);
      const start = bytes.indexOf(Buffer.from([0xff]), Math.round(bytes.length * 0.3)) + 2;
      const cut = bytes.subarray(start);
      assert.deepEqual(recogniseFormat(cut, file(extension)), file(extension));
      const padded = Buffer.concat([Buffer.alloc(20_000), cut]);
      assert.deepEqual(recogniseFormat(padded, file(extension)), file(extension));
      const decoded = await decodeAll(cut, file(extension));
      assert.ok(Math.abs(decoded.pcm.length / RATE - 0.7 * SECONDS) < 0.3, `${decoded.pcm.length / RATE} s`);
      assert.ok(lostSeconds(decoded) < 0.2, `${lostSeconds(decoded)} s lost`);
    });
  }
});

describe('Channels that hold no numbers', () => {
  for (const value of [NaN, Infinity]) {
    it(`are silence, and the other channel is heard: ${value}`, async () => {
      const floats = Float32Array.from({ length: 2 * SIGNAL.length }, (_, i) => (i % 2 === 0 ? SIGNAL[i / 2]! : value));
      const input = ['-f', 'f32le', '-ar', '16000', '-ac', '2', '-i', 'pipe:0'];
      for (const format of ['wav', 'matroska']) {
        const bytes = ffmpeg([...input, '-c:a', 'pcm_f32le', '-f', format, 'pipe:1'], Buffer.from(floats.buffer));
        const { pcm } = await decodeAll(bytes, file(format === 'wav' ? 'wav' : 'webm'));
        assert.ok(power(pcm) > 0.2 * power(SIGNAL), `${format}: ${power(pcm)} of ${power(SIGNAL)}`);
      }
    });
  }
});
