/**
 * Ordinary files that are damaged, cut off, or begin in the middle: what follows damage is on time, and what is missing is lost
 * time.
 */
import assert from 'node:assert/strict';
import { recogniseFormat } from '../../../../src/audio/read/recognise.ts';
import { decodeAll, ffmpeg, lostSeconds, RATE } from '../../../support/audio.ts';
import { BOTH, encode, file, lagOfEnd, noise, SECONDS, SIGNAL, startOf } from '../../../support/containers.ts';

const FRAGMENTS = ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '500000', '-f', 'mp4'];

/** The codecs and containers whose time stamps or frames show how much is missing. */
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

const power = (pcm: Float32Array): number => pcm.reduce((sum, sample) => sum + sample * sample, 0);

/** The pages of an Ogg file. */
function pagesIn(bytes: Buffer): Buffer[] {
  const starts = [...bytes.toString('latin1').matchAll(/OggS\0/g)].map(({ index }) => index);
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length));
}

describe('Damaged files', function () {
  for (const [name, kind] of Object.entries(KINDS)) {
    for (const [damage, fill] of [
      ['noise', noise],
      ['zeros', (length: number) => Buffer.alloc(length)],
    ] as const) {
      it(`with ${damage} in ${name} have lost that time in its place, and no other`, async () => {
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
    it(`with a damaged header of one fragment of .mp4 have lost no other fragment: ${decoder}`, async () => {
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

  for (const [name, extension, encoder] of [
    ['Speex in .ogg', 'ogg', ['-c:a', 'libspeex']],
    ['Opus in .webm', 'webm', ['-ar', '48000', '-c:a', 'libopus', '-cluster_time_limit', '1000', '-f', 'webm']],
    ['AAC in .mka', 'webm', ['-c:a', 'aac', '-cluster_time_limit', '1000', '-f', 'matroska']],
  ] as const) {
    it(`of ${name} with noise, without some bytes, or with noise between them keep what follows in its place`, async () => {
      const bytes = encode(extension, [], encoder);
      const [from, to] = [0.4, 0.6].map((share) => Math.round(share * bytes.length)) as [number, number];
      for (const between of [noise(to - from), Buffer.alloc(0), Buffer.alloc(to - from)]) {
        const decoded = await decodeAll(
          Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]),
          file(extension),
        );
        assert.ok(lostSeconds(decoded) > 1 && lostSeconds(decoded) < 4.2, `${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(lagOfEnd(decoded)) < 0.1 * RATE, `${lagOfEnd(decoded)} samples late`);
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${decoded.pcm.length / RATE} s`);
      }
      const inserted = Buffer.concat([bytes.subarray(0, from), noise(5000), bytes.subarray(from)]);
      assert.ok(Math.abs(lagOfEnd(await decodeAll(inserted, file(extension)))) < 0.1 * RATE, 'inserted');
    });
  }

  for (const [name, extension, encoder] of [
    ['.aac', 'aac', ['-c:a', 'aac', '-f', 'adts']],
    ['Opus in .ogg', 'ogg', ['-c:a', 'libopus', '-page_duration', '200000', '-f', 'ogg']],
    ['Speex in .ogg', 'ogg', ['-c:a', 'libspeex', '-page_duration', '200000', '-f', 'ogg']],
  ] as const) {
    it(`with noise where the audio of ${name} begins have lost that time, and keep what follows in its place`, async () => {
      const bytes = encode(extension === 'aac' ? 'm4a' : extension, [], encoder);
      const from = extension === 'aac' ? 0 : bytes.indexOf('OggS', bytes.indexOf('OggS', 4) + 4);
      const damaged = Buffer.concat([bytes.subarray(0, from), noise(2000), bytes.subarray(from + 2000)]);
      const decoded = await decodeAll(damaged, file(extension));
      assert.ok(lostSeconds(decoded) > 0.1 && lostSeconds(decoded) < 1.5, `${lostSeconds(decoded)} s lost`);
      assert.ok(Math.abs(lagOfEnd(decoded)) < 0.1 * RATE, `${lagOfEnd(decoded)} samples late`);
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${decoded.pcm.length / RATE} s`);
    });
  }

  for (const [name, encoder] of [
    ['Opus', ['-c:a', 'libopus']],
    ['Vorbis', ['-c:a', 'libvorbis']],
    ['FLAC', ['-c:a', 'flac']],
  ] as const) {
    for (const decoder of BOTH) {
      it(`with noise up to the last page of ${name} in .ogg have lost that time before that page: ${decoder}`, async () => {
        const bytes = encode('ogg', [], [...encoder, '-page_duration', '300000', '-f', 'ogg']);
        const { pcm: intact } = await decodeAll(bytes, file('ogg'), { decoder });
        const [from, to] = [Math.round(0.6 * bytes.length), bytes.lastIndexOf('OggS')];
        const damaged = Buffer.concat([bytes.subarray(0, from), noise(to - from), bytes.subarray(to)]);
        const decoded = await decodeAll(damaged, file('ogg'), { decoder });
        const { frames } = decoded;
        assert.ok(Math.abs(decoded.pcm.length - intact.length) < 0.05 * RATE, `${decoded.pcm.length / RATE} s`);
        assert.ok(lostSeconds(decoded) > 3, `${lostSeconds(decoded)} s lost`);
        if (decoder === 'ffmpeg') return; // it reads the last page directly behind the noise, and adds what is missing
        const lastLost = frames.findLastIndex(({ payload }) => payload === null);
        assert.ok(lastLost < frames.length - 1, 'the last page is missing');
      });
    }
  }

  for (const decoder of BOTH) {
    it(`with noise up to one of the last frames of .mp3 are read before it, and have lost the rest: ${decoder}`, async () => {
      const bytes = encode('mp3', [], ['-b:a', '32k']);
      const { pcm: intact } = await decodeAll(bytes, file('mp3'), { decoder });
      for (const frames of [1, 2, 3]) {
        const [from, to] = [Math.round(0.6 * bytes.length), bytes.length - 144 * frames];
        const damaged = Buffer.concat([bytes.subarray(0, from), noise(to - from), bytes.subarray(to)]);
        const decoded = await decodeAll(damaged, file('mp3'), { decoder });
        assert.ok(Math.abs(decoded.pcm.length - intact.length) < 0.1 * RATE, `${decoded.pcm.length / RATE} s`);
        assert.ok(Math.abs(lostSeconds(decoded) - 4) < 0.2, `${lostSeconds(decoded)} s lost`);
      }
    });
  }

  for (const codec of ['libopus', 'libvorbis', 'flac']) {
    it(`with doubled or swapped pages of ${codec} in .ogg are as they were`, async () => {
      const bytes = encode('ogg', [], ['-c:a', codec, '-page_duration', '200000']);
      const pages = pagesIn(bytes);
      const middle = pages.length >> 1;
      const [before, behind] = [pages.slice(0, middle), pages.slice(middle)];
      const [first, second, ...others] = behind;
      assert.ok(first !== undefined && second !== undefined);
      const { pcm } = await decodeAll(bytes, file('ogg'));
      for (const [name, damaged] of [
        ['one is doubled', [...before, first, ...behind]],
        ['three are doubled', [...before, ...before.slice(-3), ...behind]],
        ['two are swapped', [...before, second, first, ...others]],
        ['the last is doubled', [...pages, pages.at(-1)!]],
      ] as const) {
        const decoded = await decodeAll(Buffer.concat(damaged), file('ogg'));
        assert.equal(lostSeconds(decoded), 0, name);
        assert.deepEqual(decoded.pcm, pcm, name);
      }
    });
  }

  it('with missing bytes behind the first frames of .flac keep these frames at the start, and what follows on time', async () => {
    const bytes = encode('flac');
    const sound = bytes.indexOf(Buffer.of(0xff, 0xf8));
    for (const from of [1000, 1500, 2000].map((length) => sound + length)) {
      const decoded = await decodeAll(
        Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 5000)]),
        file('flac'),
      );
      assert.ok(decoded.frames[0]!.payload !== null, 'the first frame is lost');
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.01, `${decoded.pcm.length / RATE} s`);
      assert.ok(Math.abs(startOf(decoded).lag) < 20, `${startOf(decoded).lag} samples late`);
    }
  });

  it('with a packet of AAC that states 41 channels have lost it, and nothing else', async () => {
    const bytes = encode('m4a');
    const { pcm: intact } = await decodeAll(bytes, file('m4a'));
    const first = bytes.indexOf('mdat') + 4;
    for (const at of [first, bytes.length / 2]) {
      const decoded = await decodeAll(Buffer.from(bytes).fill(0xa5, at, at + 60), file('m4a'));
      assert.equal(decoded.pcm.length, intact.length);
      assert.ok(lostSeconds(decoded) <= 0.13, `${lostSeconds(decoded)} s lost`);
      assert.ok(Math.abs(lagOfEnd(decoded)) < 20, `${lagOfEnd(decoded)} samples late`);
    }
  });

  for (const decoder of BOTH) {
    it(`with a few damaged frames of AAC in .mp4 lose their time, and keep what follows in its place: ${decoder}`, async () => {
      const bytes = encode('m4a', [], ['-ar', '44100']);
      const { pcm: intact } = await decodeAll(bytes, file('m4a'), { decoder });
      for (const length of [60, 512]) {
        const from = Math.round(0.3 * bytes.length);
        const damaged = Buffer.from(bytes).fill(noise(length), from, from + length);
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        assert.ok(lostSeconds(decoded) > 0.02 && lostSeconds(decoded) < 0.2, `${lostSeconds(decoded)} s lost`);
        assert.ok(Math.abs(decoded.pcm.length - intact.length) < 100, `${decoded.pcm.length} of ${intact.length}`);
        assert.ok(Math.abs(lagOfEnd(decoded)) < 100, `${lagOfEnd(decoded)} samples late`);
      }
    });
  }

  it('with damaged frames of FLAC in .mp4 count each once', async () => {
    const bytes = encode('m4a', [], ['-ar', '44100', '-c:a', 'flac', '-strict', '-2', '-f', 'mp4']);
    const { pcm: intact } = await decodeAll(bytes, file('m4a'));
    for (const share of [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6])
      noise(500).copy(bytes, Math.round(share * bytes.length));
    const decoded = await decodeAll(bytes, file('m4a'));
    assert.ok(Math.abs(decoded.pcm.length - intact.length) < 20, `${decoded.pcm.length} of ${intact.length} samples`);
    assert.ok(Math.abs(lagOfEnd(decoded)) < 20, `${lagOfEnd(decoded)} samples late`);
  });

  it('with zeros in place of packets of Opus in .mp4 have lost that time, which Opus would decode as silence', async () => {
    const bytes = encode('m4a', [], ['-ar', '48000', '-c:a', 'libopus', '-b:a', '24k', '-f', 'mp4']);
    const [from, zeros] = [bytes.length >> 1, 4096];
    const decoded = await decodeAll(Buffer.from(bytes).fill(0, from, from + zeros), file('m4a'));
    const expected = (zeros / bytes.length) * SECONDS;
    assert.ok(Math.abs(lostSeconds(decoded) - expected) < 0.2, `${lostSeconds(decoded)} of ${expected} s lost`);
    assert.ok(Math.abs(lagOfEnd(decoded)) < 400, `${lagOfEnd(decoded)} samples late`);
  });

  it('with a damaged frame of AAC without a container count it as lost', async () => {
    const bytes = encode('m4a', [], ['-c:a', 'aac', '-f', 'adts']);
    const { pcm: intact } = await decodeAll(bytes, file('aac'));
    const at = bytes.indexOf(bytes.subarray(0, 3), bytes.length / 2) + 8;
    const decoded = await decodeAll(Buffer.from(bytes).fill(0xa5, at, at + 60), file('aac'));
    assert.ok(Math.abs(decoded.pcm.length - intact.length) <= 16, `${decoded.pcm.length} of ${intact.length} samples`);
    assert.ok(Math.abs(lostSeconds(decoded) - 0.064) < 0.002, `${lostSeconds(decoded)} s lost`);
  });

  it('of Matroska that end in noise or zeros have lost the rest that they claim; an index and tags at the end are no damage', async () => {
    const bytes = encode('webm', [], ['-ar', '48000', '-c:a', 'libopus', '-b:a', '16k', '-f', 'webm']);
    assert.equal(lostSeconds(await decodeAll(bytes, file('webm'))), 0);
    const from = Math.round(bytes.length * 0.8);
    for (const end of [noise(bytes.length - from), Buffer.alloc(bytes.length - from)]) {
      const decoded = await decodeAll(Buffer.concat([bytes.subarray(0, from), end]), file('webm'));
      assert.ok(Math.abs(lostSeconds(decoded) - 0.2 * SECONDS) < 1, `${lostSeconds(decoded)} s lost`);
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, `${decoded.pcm.length / RATE} s`);
    }
  });

  for (const [extension, encoder] of [
    ['caf', ['-c:a', 'pcm_s16le', '-f', 'caf']],
    ['aiff', ['-c:a', 'pcm_s16be', '-f', 'aiff']],
    ['wav', ['-c:a', 'adpcm_ima_wav', '-f', 'wav']],
  ] as const) {
    it(`.${extension} that are cut off have lost the rest that they claim`, async () => {
      const bytes = encode('wav', [], encoder);
      const whole = await decodeAll(bytes, file(extension));
      assert.ok(lostSeconds(whole) < 0.1, `${lostSeconds(whole)} s lost`);
      const decoded = await decodeAll(bytes.subarray(0, bytes.length * 0.6), file(extension));
      assert.ok(Math.abs(lostSeconds(decoded) - 4) < 0.2, `${lostSeconds(decoded)} s lost`);
    });
  }
});

describe('Streams that begin in the middle of a frame', function () {
  for (const [extension, encoder] of [
    ['mp3', ['-f', 'mp3', '-id3v2_version', '0', '-write_xing', '0']],
    ['aac', ['-c:a', 'aac', '-f', 'adts']],
  ] as const) {
    it(`are recognised as .${extension}, and the bytes before their first frame are lost time`, async () => {
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
    it(`are silence, and the other channel is kept: ${value}`, async () => {
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
