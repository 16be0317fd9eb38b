/** Fragments of MP4 with damaged headers or wrong positions, and the result of both decoders for damaged files. */
import assert from 'node:assert/strict';
import { decodeAll, RATE } from '../../../support/audio.ts';
import type { Decoded } from '../../../support/audio.ts';
import { BOTH, encode, file, lagOfEnd, SECONDS } from '../../../support/containers.ts';

const FRAGMENTS = ['-ar', '44100', '-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '1000000', '-f', 'mp4'];

const lostSeconds = ({ report }: Decoded): number => report.corruptSeconds;

function isWhole(decoded: Decoded, name: string): void {
  assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.15, `${name}: ${decoded.pcm.length / RATE} s`);
  assert.ok(Math.abs(lagOfEnd(decoded)) < 0.1 * RATE, `${name}: ${lagOfEnd(decoded)} samples late`);
}

/** The offsets of the headers of all fragments. */
function fragmentsIn(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) === 'moof') starts.push(at);
  }
  return starts;
}

describe('Fragments of .mp4', () => {
  const bytes = encode('m4a', [], FRAGMENTS);
  const start = fragmentsIn(bytes)[4] ?? 0;

  for (const [name, at, lost] of [
    ['the track', 44, 1],
    ['the place in the file', 50, 0],
    ['the duration of a sample', 56, 1],
    ['the time', 81, 1],
    ['what a sample has of its own', 101, 1],
    ['the number of samples', 102, 1],
    ['the place of the first sample', 104, 1],
    ['the size of a sample', 112, 1],
  ] as const) {
    it(`of which one has a wrong byte in ${name} have lost no other`, async () => {
      const damaged = Buffer.from(bytes);
      damaged[start + at]! ^= 0x13;
      const decoded = await decodeAll(damaged, file('m4a'));
      isWhole(decoded, name);
      assert.ok(Math.abs(lostSeconds(decoded) - lost) < 0.1, `${lostSeconds(decoded)} s lost`);
    });
  }

  for (const [name, at] of [
    ['the type of its samples', 94],
    ['the place of the first sample', 104],
    ['the place of the first sample', 106],
  ] as const) {
    it(`of which the first has a wrong byte in ${name}, byte ${at}, have lost no other`, async () => {
      const damaged = Buffer.from(bytes);
      damaged[(fragmentsIn(bytes)[0] ?? 0) + at]! ^= 0x55;
      const decoded = await decodeAll(damaged, file('m4a'));
      isWhole(decoded, name);
      assert.ok(Math.abs(lostSeconds(decoded) - 1) < 0.1, `${lostSeconds(decoded)} s lost`);
    });
  }

  it('whose index has a wrong byte are read in full', async () => {
    const { pcm } = await decodeAll(bytes, file('m4a'));
    for (const [type, at] of [
      ['mdhd', 3],
      ['mdhd', 22],
      ['trak', 5],
      ['mvex', 5],
      ['stbl', 2],
    ] as const) {
      const damaged = Buffer.from(bytes);
      damaged[bytes.indexOf(type) - 4 + at]! ^= 0x55;
      const decoded = await decodeAll(damaged, file('m4a'));
      assert.deepEqual(decoded.pcm, pcm, `${type}, byte ${at}`);
    }
  });

  it('of which one has a header that misses a byte, has an extra one, or ends in zeros, have lost no other', async () => {
    const within = start + 130; // among the sizes of its samples
    for (const [name, damaged] of [
      ['misses a byte', Buffer.concat([bytes.subarray(0, within), bytes.subarray(within + 1)])],
      ['has a byte too many', Buffer.concat([bytes.subarray(0, within), Buffer.of(0x5a), bytes.subarray(within)])],
      ['ends in zeros', Buffer.from(bytes).fill(0, within, within + 4096)],
    ] as const) {
      const decoded = await decodeAll(damaged, file('m4a'));
      isWhole(decoded, name);
      assert.ok(lostSeconds(decoded) < 1.2, `${name}: ${lostSeconds(decoded)} s lost`);
    }
  });

  for (const decoder of BOTH) {
    it(`are read behind missing or extra bytes: ${decoder}`, async () => {
      const cut = start - 3000;
      for (const [name, damaged] of [
        ['missing', Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 10_000)])],
        ['too many', Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(1, 7), bytes.subarray(cut)])],
      ] as const) {
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        isWhole(decoded, name);
        assert.ok(lostSeconds(decoded) > 0.1 && lostSeconds(decoded) < 3.2, `${name}: ${lostSeconds(decoded)} s lost`);
      }
    });

    it(`that end in bytes that are no fragment have lost the time of these: ${decoder}`, async () => {
      const end = fragmentsIn(bytes).at(-2) ?? 0;
      const decoded = await decodeAll(Buffer.from(bytes).fill(0, end + 100), file('m4a'), { decoder });
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.5, `${decoded.pcm.length / RATE} s`);
      assert.ok(Math.abs(lostSeconds(decoded) - 2) < 0.6, `${lostSeconds(decoded)} s lost`);
    });
  }
});

describe('Damage is lost time, neither silence nor left out', () => {
  const without = (bytes: Buffer, from: number, to: number): Buffer =>
    Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  const zeroed = (bytes: Buffer, from: number, to: number): Buffer => Buffer.from(bytes).fill(0, from, to);
  const noisy = (bytes: Buffer, from: number, to: number): Buffer => {
    const damaged = Buffer.from(bytes);
    for (let at = from; at < to; at++) damaged[at] = (at * 7919) >> 3;
    return damaged;
  };

  for (const decoder of BOTH) {
    for (const [name, extension, encoder, damage, least, most] of [
      ['AAC behind missing bytes', 'm4a', [], without, 1, 7],
      ['AAC behind missing bytes, index first', 'm4a', ['-movflags', '+faststart'], without, 1, 7],
      ['noise in ALAC', 'm4a', ['-c:a', 'alac', '-f', 'ipod'], noisy, 0.5, 2],
      ['zeros in AAC', 'm4a', ['-c:a', 'aac', '-f', '3gp'], zeroed, 0.5, 2],
      ['noise in Opus', 'webm', [], noisy, 0.5, 6],
      ['zeros in AAC', 'webm', ['-c:a', 'aac', '-f', 'matroska'], zeroed, 0.5, 6],
    ] as const) {
      it(`${name} in .${extension}: ${decoder}`, async () => {
        const bytes = encode(extension, [], encoder);
        const [from, to] = [0.4, 0.5].map((share) => Math.round(share * bytes.length)) as [number, number];
        const decoded = await decodeAll(damage(bytes, from, to), file(extension), { decoder });
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.15, `${decoded.pcm.length / RATE} s`);
        assert.ok(lostSeconds(decoded) > least && lostSeconds(decoded) < most, `${lostSeconds(decoded)} s lost`);
      });
    }

    it(`at the end of .webm: ${decoder}`, async () => {
      const bytes = encode(
        'webm',
        [],
        ['-ar', '48000', '-c:a', 'libopus', '-cluster_time_limit', '1000', '-f', 'webm'],
      );
      const decoded = await decodeAll(zeroed(bytes, Math.round(0.8 * bytes.length), bytes.length), file('webm'), {
        decoder,
      });
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${decoded.pcm.length / RATE} s`);
      assert.ok(Math.abs(lostSeconds(decoded) - 2) < 1, `${lostSeconds(decoded)} s lost`);
    });

    it(`at the end of .mp3, once: ${decoder}`, async () => {
      const bytes = encode('mp3');
      const decoded = await decodeAll(zeroed(bytes, Math.round(0.8 * bytes.length), bytes.length), file('mp3'), {
        decoder,
      });
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.15, `${decoded.pcm.length / RATE} s`);
      assert.ok(Math.abs(lostSeconds(decoded) - 2) < 0.2, `${lostSeconds(decoded)} s lost`);
    });
  }
});
