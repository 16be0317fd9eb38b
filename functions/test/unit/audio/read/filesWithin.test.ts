/** Recordings that are several files, one behind the other. Each file is read, in its place. */
import assert from 'node:assert/strict';
import type { FileExtension } from '../../../../src/audio/read/format.ts';
import { bestSnr, decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import type { Decoded } from '../../../support/audio.ts';
import { encode, file, SECONDS, SIGNAL } from '../../../support/containers.ts';

const FRAGMENTS = ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '2000000', '-f', 'mp4'];

/** An ID3 tag of 2,000 bytes, as players write it. */
const TAG = Buffer.alloc(10 + 2000);
TAG.write('ID3\x04', 'latin1');
TAG.set([0, 0, 2000 >> 7, 2000 & 0x7f], 6);

const KINDS = {
  m4a: () => encode('m4a'),
  'fragments of .m4a': () => encode('m4a', [], FRAGMENTS),
  ogg: () => encode('ogg'),
  mp3: () => encode('mp3'),
  aac: () => encode('m4a', [], ['-c:a', 'aac', '-f', 'adts']),
  'mp3 behind a tag': () => Buffer.concat([TAG, encode('mp3')]),
  'mp3 at 44.1 kHz': () => encode('mp3', [], ['-ar', '44100']),
  'aac at 44.1 kHz': () => encode('m4a', [], ['-ar', '44100', '-c:a', 'aac', '-f', 'adts']),
  'flac at 44.1 kHz': () => encode('flac', [], ['-ar', '44100']),
  'caf of ALAC': () => encode('wav', [], ['-c:a', 'alac', '-f', 'caf']),
  webm: () => encode('webm'),
  flac: () => encode('flac'),
  wav: () => encode('wav', [], ['-c:a', 'adpcm_ima_wav']),
  caf: () => encode('wav', [], ['-c:a', 'pcm_s16le', '-f', 'caf']),
  aiff: () => encode('wav', [], ['-c:a', 'pcm_s16be', '-f', 'aiff']),
};
const extensionOf = (kind: keyof typeof KINDS): FileExtension =>
  kind === 'fragments of .m4a' ? 'm4a' : (kind.split(' ')[0] as FileExtension);

/** How much later than expected the audio of a file is that begins at this second of the recording, samples. */
function lagAt({ pcm }: Decoded, startSeconds: number): number {
  const from = 5 * RATE;
  const at = Math.round(startSeconds * RATE) + from;
  return bestSnr(pcm.subarray(at - 2400, at + RATE + 2400), SIGNAL.subarray(from - 2400, from + RATE + 2400), 2400).lag;
}

describe('Files that lie one behind the other', function () {
  for (const [first, second] of [
    ['m4a', 'm4a'],
    ['m4a', 'ogg'],
    ['m4a', 'mp3'],
    ['m4a', 'mp3 behind a tag'],
    ['m4a', 'aac'],
    ['wav', 'wav'],
    ['wav', 'm4a'],
    ['aiff', 'aiff'],
    ['caf', 'caf'],
    ['caf', 'wav'],
    ['caf of ALAC', 'mp3'],
    ['caf of ALAC', 'mp3 behind a tag'],
    ['mp3', 'wav'],
    ['mp3', 'mp3'],
    ['mp3', 'mp3 at 44.1 kHz'],
    ['aac', 'aac at 44.1 kHz'],
    ['mp3', 'aac'],
    ['aac', 'mp3'],
    ['aac', 'ogg'],
    ['ogg', 'm4a'],
    ['webm', 'm4a'],
    ['flac', 'wav'],
    ['flac', 'flac at 44.1 kHz'],
    ['fragments of .m4a', 'fragments of .m4a'],
    ['fragments of .m4a', 'm4a'],
    ['fragments of .m4a', 'wav'],
  ] as const) {
    it(`are all read: .${first}, then .${second}`, async () => {
      const decoded = await decodeAll(Buffer.concat([KINDS[first](), KINDS[second]()]), file(extensionOf(first)));
      assert.ok(Math.abs(decoded.pcm.length / RATE - 2 * SECONDS) < 0.3, `${decoded.pcm.length / RATE} s`);
      assert.ok(lostSeconds(decoded) < 0.1, `${lostSeconds(decoded)} s lost`);
      for (const start of [0, SECONDS]) {
        assert.ok(Math.abs(lagAt(decoded, start)) < 0.1 * RATE, `${lagAt(decoded, start)} samples late at ${start} s`);
      }
    });
  }

  it('are lost time if they cannot be decoded, and do not change the first', async () => {
    const broken = Buffer.concat([Buffer.from('OggS'), Buffer.alloc(40_000, 7)]);
    const decoded = await decodeAll(Buffer.concat([encode('m4a'), broken]), file('m4a'));
    assert.ok(Math.abs(lagAt(decoded, 0)) < 20);
    assert.ok(Math.abs(lostSeconds(decoded) - broken.length / 4000) < 0.1, `${lostSeconds(decoded)} s lost`);
    assert.ok(decoded.report.stoppedBecause !== null);
  });

  it('do not include zeros behind frames of AAC, which are padding', async () => {
    assert.equal(lostSeconds(await decodeAll(Buffer.concat([KINDS.aac(), Buffer.alloc(50_000)]), file('aac'))), 0);
  });

  for (const kind of ['m4a', 'caf of ALAC'] as const) {
    it(`do not include an ID3 tag at the end: .${kind}`, async () => {
      const decoded = await decodeAll(Buffer.concat([KINDS[kind](), TAG]), file(extensionOf(kind)));
      assert.equal(decoded.report.stoppedBecause, null);
      assert.ok(lostSeconds(decoded) < 0.1, `${lostSeconds(decoded)} s lost`);
    });
  }

  it('are one file if two stretches of data follow one index', async () => {
    const bytes = encode('m4a', [], ['-movflags', 'faststart', '-f', 'mp4']);
    assert.ok(bytes.indexOf('moov') < bytes.indexOf('mdat'));
    const second = Buffer.alloc(40_000, 1);
    second.writeUInt32BE(second.length);
    second.write('mdat', 4, 'latin1');
    const decoded = await decodeAll(Buffer.concat([bytes, second]), file('m4a'));
    assert.equal(decoded.report.stoppedBecause, null);
    assert.ok(lostSeconds(decoded) < 0.1, `${lostSeconds(decoded)} s lost`);
  });

  it('are one file if fragments repeat the file type', async () => {
    const bytes = KINDS['fragments of .m4a']();
    const start = bytes.subarray(0, bytes.indexOf('moof') - 4);
    const second = bytes.indexOf('moof', bytes.indexOf('moof') + 1) - 4;
    const repeated = Buffer.concat([bytes.subarray(0, second), start, bytes.subarray(second)]);
    const decoded = await decodeAll(repeated, file('m4a'));
    assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.3, `${decoded.pcm.length / RATE} s`);
  });
});
