import assert from 'node:assert/strict';
import { AppError } from '../../../../src/errors.ts';
import { containerNamed, FILE_EXTENSIONS, OTHER_EXTENSIONS } from '../../../../src/audio/read/format.ts';
import type { FileExtension, FramedFormat, RecordingFormat } from '../../../../src/audio/read/format.ts';
import { openRecording } from '../../../../src/audio/read/readRecording.ts';
import { recogniseFormat } from '../../../../src/audio/read/recognise.ts';
import { checkRecordings } from '../../../../src/upload/recordings.ts';
import { chirp, decodeAll, fromS16le, opusPackets, pieces, s16le } from '../../../support/audio.ts';
import { frame, noise, OPUS, PCM16, PCM8 } from './framing.ts';
import { run } from './tools.ts';

/** ffmpeg arguments that make a file of each kind. */
const ENCODERS: Readonly<Record<Exclude<FileExtension, 'amr'>, readonly string[]>> = {
  wav: ['-f', 'wav'],
  m4a: ['-c:a', 'aac', '-f', 'ipod', '-movflags', 'frag_keyframe+empty_moov'],
  mp3: ['-f', 'mp3'],
  ogg: ['-c:a', 'libopus', '-f', 'ogg'],
  webm: ['-c:a', 'libopus', '-f', 'webm'],
  flac: ['-f', 'flac'],
  aac: ['-c:a', 'aac', '-f', 'adts'],
  caf: ['-f', 'caf'],
  aiff: ['-f', 'aiff'],
};

function encode(options: readonly string[]): Buffer {
  return run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=d=0.3', ...options, '-']).stdout;
}

/** A frame of AMR at 12.2 kbit/s, 20 ms, repeated. */
const AMR = Buffer.concat([
  Buffer.from('#!AMR\n'),
  ...Array<Buffer>(50).fill(Buffer.concat([Buffer.of(0x3c), noise(31, 1)])),
]);

const file = (extension: FileExtension): RecordingFormat => ({ kind: 'file', extension });

function refusal(bytes: Uint8Array, named: RecordingFormat): string {
  try {
    recogniseFormat(bytes, named);
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, 'recording_corrupt');
    return error.message;
  }
  return 'taken';
}

describe('A recording that is an ordinary file', function () {
  const kinds = new Map<FileExtension, Buffer>();

  before(() => {
    for (const extension of FILE_EXTENSIONS) {
      kinds.set(extension, extension === 'amr' ? AMR : encode(ENCODERS[extension]));
    }
  });

  it('is read as what its bytes are, whatever extension its name has', () => {
    for (const [actual, bytes] of kinds) {
      for (const named of [...FILE_EXTENSIONS.map(file), OPUS, PCM16, PCM8]) {
        assert.deepEqual(recogniseFormat(bytes, named), file(actual));
      }
    }
  });

  it('is read the same behind zeros, a byte order mark, tags and bytes that are no audio', async () => {
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\x04\0\0', 'latin1'), Buffer.alloc(65_536, 7)]);
    const leadIns = [
      Buffer.alloc(5001),
      Buffer.from([0xef, 0xbb, 0xbf]),
      tag,
      Buffer.concat([tag, Buffer.alloc(513), tag]),
      Buffer.from('HTTP/1.1 200 OK\r\n\r\n'),
      Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 7 + i * 31) & 0xff)),
    ];
    for (const extension of ['wav', 'm4a', 'ogg', 'webm', 'flac'] as const) {
      const bytes = kinds.get(extension)!;
      const whole = await decodeAll(bytes, file(extension));
      for (const [i, leadIn] of leadIns.entries()) {
        const behind = Buffer.concat([leadIn, bytes]);
        assert.deepEqual(recogniseFormat(behind, file('mp3')), file(extension), `${extension} behind lead-in ${i}`);
        const open = await openRecording(pieces(behind), file('mp3'), new AbortController().signal);
        assert.deepEqual(open.format, file(extension));
        const { pcm } = await decodeAll(open.bytes, open.format);
        assert.equal(pcm.length, whole.pcm.length, `${extension} behind lead-in ${i}`);
      }
    }
  });

  it('is recognised without a tag, behind a tag, and behind zeros', () => {
    const bare = encode(['-f', 'mp3', '-id3v2_version', '0', '-write_xing', '0']);
    assert.equal(bare[0], 0xff);
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\0', 'latin1'), Buffer.alloc(128)]);
    const flac = kinds.get('flac')!;
    const aac = kinds.get('aac')!;
    for (const named of [file('mp3'), file('wav'), file('flac')]) {
      assert.deepEqual(recogniseFormat(bare, named), file('mp3'));
      assert.deepEqual(recogniseFormat(Buffer.concat([Buffer.alloc(417), bare]), named), file('mp3'));
      assert.deepEqual(recogniseFormat(Buffer.concat([tag, bare]), named), file('mp3'));
      assert.deepEqual(recogniseFormat(Buffer.concat([Buffer.alloc(512), tag, bare]), named), file('mp3'));
      assert.deepEqual(recogniseFormat(Buffer.concat([tag, flac]), named), file('flac'));
      assert.deepEqual(recogniseFormat(Buffer.concat([tag, aac]), named), file('aac'));
    }
  });

  it('is read behind a tag that ends with a footer', async () => {
    const [tag, footer] = ['ID3', '3DI'].map((name) => Buffer.from(`${name}\x04\0\x10\0\0\x01\0`, 'latin1'));
    for (const extension of ['mp3', 'aac', 'flac'] as const) {
      const bytes = kinds.get(extension)!;
      const behind = Buffer.concat([tag!, Buffer.alloc(128, 0xff), footer!, bytes]);
      const open = await openRecording(pieces(behind), file(extension), new AbortController().signal);
      const [whole, tagged] = [await decodeAll(bytes, file(extension)), await decodeAll(open.bytes, open.format)];
      assert.equal(tagged.pcm.length, whole.pcm.length, extension);
    }
  });

  it('is refused, with a name for what it is, if it is no audio, or none that can be decoded', () => {
    for (const [bytes, reason] of [
      [Buffer.from('#EXTM3U\nhttp://example.com/x.mp3\n'), /no audio format that is known, not those of a \.mp3 file/],
      [Buffer.from('%PDF-1.7'), /of a PDF document/],
      [Buffer.from('PK\x03\x04 and more', 'latin1'), /of a ZIP archive/],
      [Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), kinds.get('ogg')!]), /of a ZIP archive/], // its content is not unpacked
      [Buffer.of(0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11), /of a Windows Media file/],
      [Buffer.from('.RMF\0\0\0\x12'), /of a RealMedia file/],
      [Buffer.from('\x02#!SILK_V3'), /of a SILK voice message/],
      [Buffer.from('RIFX\0\0\0\x20WAVEfmt '), /of a WAV file with the higher byte first/],
      [Buffer.from('\x03ds2'), /of a DS2 dictation/],
      [Buffer.from('DSD \x1c\0'), /of a DSD file/],
      [Buffer.from('\0\0\x01\xba', 'latin1'), /of an MPEG program stream/],
      [Buffer.alloc(188 * 4, `G${'x'.repeat(187)}`), /of an MPEG transport stream/],
      [Buffer.concat([Buffer.from('.snd\0\0\0\x20'), kinds.get('mp3')!]), /of a Sun audio file/], // frames in it, too
      [encode(['-c:a', 'ac3', '-ar', '44100', '-f', 'ac3']), /of raw AC-3/],
      [encode(['-c:a', 'eac3', '-ar', '48000', '-f', 'eac3']), /of raw AC-3/],
      [encode(['-c:a', 'aac', '-f', 'latm']), /of AAC in LOAS frames/],
      [Buffer.alloc(33 * 4, `\xd4${'x'.repeat(32)}`, 'latin1'), /of raw GSM/],
      [Buffer.of(0xff), /no audio format/],
      [Buffer.from('RIFF'), /no audio format/],
      [Buffer.alloc(40_000), /no audio format/],
    ] as const) {
      assert.match(refusal(bytes, file('mp3')), reason);
    }
  });

  it('is refused with that reason if its beginning is missing', () => {
    for (const [extension, reason] of [
      ['ogg', /of an Ogg file whose beginning is missing/],
      ['webm', /of a WebM or Matroska file whose beginning is missing/],
      ['m4a', /of an MP4 file whose beginning is missing/],
    ] as const) {
      assert.match(refusal(kinds.get(extension)!.subarray(60), file(extension)), reason);
    }
  });

  it('may have any extension of its kind', () => {
    for (const [extension, kind] of [
      ...Object.entries(OTHER_EXTENSIONS),
      ...FILE_EXTENSIONS.map((each) => [each, each]),
    ]) {
      assert.equal(containerNamed(extension as string), kind);
    }
    for (const extension of ['exe', 'txt', 'bin', '', 'toString', '__proto__'])
      assert.equal(containerNamed(extension), null);
  });

  it('is decoded as what it is, even if its name is one of frames', async () => {
    const signal = chirp(1);
    const wav = run(
      'ffmpeg',
      ['-v', 'error', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', '-', '-f', 'wav', '-'],
      s16le(signal),
    ).stdout;
    const [recording] = checkRecordings(
      [{ filename: 'memo_1760000000.bin', bytes: wav }],
      { deviceId: null, clockOffsetMs: 0 },
      { nowMs: 1_760_000_600_000, maxRecordingBytes: 1e6 },
    );
    assert.deepEqual(recording?.format, file('wav'));
    const opened = await openRecording(pieces(wav), file('mp3'), new AbortController().signal);
    const { pcm } = await decodeAll(opened.bytes, opened.format);
    assert.deepEqual(pcm, fromS16le(s16le(signal)));
  });
});

describe('A recording whose frames contradict its name', () => {
  const packets = opusPackets(chirp(2), 20);
  const opus = Buffer.concat(packets.map((packet) => frame(packet)));
  const pcm = (format: FramedFormat, size: (i: number) => number): Buffer =>
    Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(noise(size(i), i))));

  it('is Opus if its frames are packets of one configuration', async () => {
    for (const named of [PCM8, PCM16, { ...PCM16, channels: 2, frameSize: 320 }] as const) {
      assert.deepEqual(recogniseFormat(opus, named), { ...named, codec: 'opus' });
      const opened = await openRecording(pieces(opus), named, new AbortController().signal);
      const { frames, report } = await decodeAll(opened.bytes, opened.format);
      assert.equal(report.corruptFrames, 0);
      assert.deepEqual(
        frames.map(({ payload }) => Buffer.from(payload ?? [])),
        packets.map((packet) => Buffer.from(packet)),
      );
    }
  });

  it('is Opus behind any pause, too, at upload and in the worker', async () => {
    for (const emptyFrames of [1, 9000, 400_000]) {
      const late = Buffer.concat([Buffer.alloc(4 * emptyFrames), opus]);
      assert.deepEqual(recogniseFormat(late, PCM8), { ...PCM8, codec: 'opus' }, `${emptyFrames}`);
      const opened = await openRecording(pieces(late), PCM8, new AbortController().signal);
      assert.deepEqual(opened.format, { ...PCM8, codec: 'opus' }, `${emptyFrames}`);
    }
  });

  it('is PCM if its frames have the size of PCM and are no packets', () => {
    assert.deepEqual(
      recogniseFormat(
        pcm(PCM16, () => 320),
        OPUS,
      ),
      { ...OPUS, codec: 'pcm16' },
    );
    assert.deepEqual(
      recogniseFormat(
        pcm(PCM8, () => 160),
        OPUS,
      ),
      { ...OPUS, codec: 'pcm8' },
    );
  });

  it('is what its name says if the frames show nothing clearly', () => {
    const silence8 = Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(Buffer.alloc(100 + i, 0x80))));
    const silence16 = Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(Buffer.alloc(100 + 2 * i))));
    for (const [bytes, named] of [
      [opus, OPUS],
      [pcm(PCM16, () => 320), PCM16],
      [pcm(PCM16, (i) => 100 + 2 * i), PCM16],
      [pcm(PCM8, (i) => 100 + i), PCM8],
      [silence8, PCM8],
      [silence16, PCM16],
      [frame(packets[0]!), PCM8],
      [Buffer.alloc(400), PCM8],
      [noise(5000, 3), OPUS],
    ] as const) {
      assert.deepEqual(recogniseFormat(bytes, named), named);
    }
  });
});
