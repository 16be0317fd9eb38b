import assert from 'node:assert/strict';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { readRecording, type ReadOptions } from '../../../../src/audio/read/readRecording.ts';
import { findFfmpeg, KNOWN_BUILD } from '../../../../src/audio/read/containers/ffmpegBinary.ts';
import { AppError } from '../../../../src/errors.ts';
import { FILE_EXTENSIONS, type FileExtension, type FileFormat } from '../../../../src/audio/read/format.ts';
import {
  bestSnr,
  chirp,
  type Decoded,
  decodeAll as decodeWith,
  DEFAULTS as ALL_DEFAULTS,
  ffmpeg,
  fromS16le,
  pieces,
  RATE,
  s16le,
  samplesIn,
} from '../../../support/audio.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

const file = (extension: FileExtension): FileFormat => ({ kind: 'file', extension });

/** These tests are about the native program. Those in `containers.test.ts` are about the sandbox. */
const DEFAULTS: ReadOptions = { ...ALL_DEFAULTS, decoder: 'ffmpeg' };

const decodeAll = (
  source: Uint8Array | AsyncIterable<Uint8Array>,
  format: FileFormat,
  options: Partial<ReadOptions> = {},
): Promise<Decoded> => decodeWith(source, format, { ...DEFAULTS, ...options });

const SECONDS = 3.21;
const SIGNAL = chirp(SECONDS);
/** ffmpeg arguments that make a file of each kind; there is no encoder of AMR. */
const ENCODERS: Readonly<Record<Exclude<FileExtension, 'amr'>, readonly string[]>> = {
  wav: ['-f', 'wav'],
  m4a: ['-c:a', 'aac', '-f', 'ipod'],
  mp3: ['-c:a', 'libmp3lame', '-f', 'mp3'],
  ogg: ['-c:a', 'libopus', '-f', 'ogg'],
  webm: ['-ar', '48000', '-c:a', 'libopus', '-f', 'webm'], // at other rates ffmpeg 5 writes a wrong delay
  flac: ['-c:a', 'flac', '-f', 'flac'],
  aac: ['-c:a', 'aac', '-f', 'adts'],
  caf: ['-f', 'caf'],
  aiff: ['-f', 'aiff'],
};
type Encoded = keyof typeof ENCODERS;

describe('Ordinary audio files in the native ffmpeg', function () {
  const folder = useTempFolder();

  /** The signal in such a file. It is written to a real file, because some muxers need to seek. */
  async function encode(extension: Encoded, signal = SIGNAL, options: readonly string[] = []): Promise<Buffer> {
    const path = join(folder(), `encoded.${extension}`);
    const input = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
    ffmpeg([...input, ...ENCODERS[extension], ...options, path], s16le(signal));
    const bytes = await readFile(path);
    await rm(path);
    return bytes;
  }

  /** An ffmpeg that records its process ids. The last one is that of the decoding. */
  async function tracedFfmpeg(): Promise<{ path: string; lastPid: () => Promise<number> }> {
    const path = join(folder(), 'traced-ffmpeg');
    const log = join(folder(), 'pids');
    await writeFile(path, `#!/bin/sh\necho $$ >> '${log}'\nexec ffmpeg "$@"\n`);
    await chmod(path, 0o755);
    return { path, lastPid: async () => Number((await readFile(log, 'utf8')).trim().split('\n').at(-1)) };
  }

  for (const extension of FILE_EXTENSIONS) {
    if (extension === 'amr' || extension === 'aac') continue; // ADTS does not state the encoder's delay
    it(`.${extension} are decoded, in frames of 10 ms`, async () => {
      const { frames, pcm, report } = await decodeAll(await encode(extension), file(extension));
      const { decibels, lag } = bestSnr(pcm, SIGNAL, 130);
      assert.ok(decibels > 15, `${decibels} dB`);
      assert.ok(Math.abs(lag) <= 2, `${lag} samples late`);
      // AAC and MP3 fill their last frame (1,024 and 1,152 samples).
      const surplus = pcm.length - SIGNAL.length;
      assert.ok(surplus >= -1 && surplus < 1152, `${surplus} samples too many`);
      assert.ok(frames.slice(0, -1).every(({ samples, payload }) => samples === 160 && payload?.length === 320));
      assert.deepEqual(fromS16le(Buffer.concat(frames.map(({ payload }) => payload!))), pcm);
      assert.deepEqual([report.frames, report.corruptFrames, report.stoppedBecause], [frames.length, 0, null]);
    });
  }

  for (const extension of ['wav', 'flac'] as const) {
    it(`.${extension} of 16 kHz mono are unchanged bit for bit`, async () => {
      const { pcm } = await decodeAll(await encode(extension), file(extension));
      assert.deepEqual(pcm, fromS16le(s16le(SIGNAL)));
    });
  }

  it('of other rates and two channels are resampled and mixed down', async () => {
    const { pcm } = await decodeAll(
      await encode('wav', SIGNAL, ['-ar', '44100', '-af', 'pan=stereo|c0=c0|c1=c0']),
      file('wav'),
    );
    assert.ok(Math.abs(pcm.length - SIGNAL.length) <= 1);
    assert.ok(bestSnr(pcm, SIGNAL, 4).decibels > 40);
  });

  it('are decoded with their index at the end (.m4a) or at the start, and leave nothing on disk', async () => {
    const atEnd = await encode('m4a');
    assert.ok(atEnd.indexOf('moov') > atEnd.indexOf('mdat'), 'the usual order');
    const atStart = await encode('m4a', SIGNAL, ['-movflags', '+faststart']);
    assert.ok(atStart.indexOf('moov') < atStart.indexOf('mdat'));
    assert.deepEqual((await decodeAll(atEnd, file('m4a'))).pcm, (await decodeAll(atStart, file('m4a'))).pcm);
    assert.deepEqual(await readdir(folder()), []);
  });

  it('are decoded up to where they are cut off', async () => {
    for (const extension of ['wav', 'mp3', 'ogg', 'flac'] as const) {
      const bytes = await encode(extension);
      const { frames } = await decodeAll(bytes.subarray(0, bytes.length * 0.6), file(extension));
      const pcm = { length: samplesIn(frames.filter(({ payload }) => payload !== null)) };
      assert.ok(pcm.length > 0.25 * SIGNAL.length && pcm.length < 0.75 * SIGNAL.length, `${extension}: ${pcm.length}`);
    }
  });

  it('without audio in them are corrupt, whatever their name says, and clients do not see the reason of ffmpeg', async () => {
    const picture = ffmpeg(['-f', 'lavfi', '-i', 'color=s=16x16:d=1', '-c:v', 'libvpx', '-f', 'webm', 'pipe:1']);
    await assert.rejects(decodeAll(picture, file('webm')), hasCode('recording_corrupt'));
    for (const extension of FILE_EXTENSIONS) {
      await assert.rejects(decodeAll(Buffer.from('not audio at all'.repeat(500)), file(extension)), (error) => {
        assert.ok(hasCode('recording_corrupt')(error));
        assert.equal((error as AppError).message, new AppError('recording_corrupt').message);
        return true;
      });
      await assert.rejects(decodeAll(new Uint8Array(), file(extension)), hasCode('empty_recording'));
    }
    assert.deepEqual(await readdir(folder()), []);
  });

  it('of the codecs of old recorders are decoded', async () => {
    for (const codec of ['g722', 'adpcm_yamaha', 'adpcm_ima_wav', 'adpcm_ms']) {
      const { pcm } = await decodeAll(await encode('wav', SIGNAL, ['-c:a', codec]), file('wav'));
      const { decibels, lag } = bestSnr(pcm, SIGNAL, 130);
      assert.ok(decibels > 10 && Math.abs(lag) <= 40, `${codec}: ${decibels} dB, ${lag} samples late`);
    }
  });

  it('in a codec that is not decoded are refused with the name of the codec', async () => {
    const wma = ffmpeg(['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'wmav2', '-f', 'matroska', 'pipe:1']);
    const video = ['-f', 'lavfi', '-i', 'color=s=16x16:d=1', '-f', 'lavfi', '-i', 'sine=d=1'];
    const beside = ffmpeg([...video, '-c:v', 'libvpx', '-c:a', 'wmav2', '-f', 'matroska', 'pipe:1']);
    for (const bytes of [wma, beside]) {
      await assert.rejects(decodeAll(bytes, file('webm')), (error) => {
        assert.ok(hasCode('recording_corrupt')(error));
        assert.equal((error as AppError).message, 'The sound is in a codec that is not decoded (wmav2).');
        return true;
      });
    }
  });

  it('that are playlists in disguise open neither files nor addresses', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const secret = join(folder(), 'secret.wav');
      await writeFile(secret, ffmpeg(['-f', 'lavfi', '-i', 'sine=d=1', '-f', 'wav', 'pipe:1']));
      const targets = [`http://127.0.0.1:${port}/a.ts`, `file:${secret}`, secret];
      const entries = targets.map((target) => `#EXTINF:10,\n${target}\n`).join('');
      const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n${entries}#EXT-X-ENDLIST\n`;
      // The playlist works: without our options, ffmpeg follows it.
      const lure = join(folder(), 'lure.mp3');
      await writeFile(lure, `ffconcat version 1.0\nfile '${basename(secret)}'\n`);
      assert.ok(ffmpeg(['-i', lure, '-f', 's16le', 'pipe:1']).length > 0);

      for (const playlist of [hls, await readFile(lure, 'utf8')]) {
        for (const extension of FILE_EXTENSIONS) {
          await assert.rejects(decodeAll(Buffer.from(playlist), file(extension)), hasCode('recording_corrupt'));
        }
      }
      assert.equal(requests, 0);
    } finally {
      server.close();
    }
  });

  it('are read only as their given kind: no other demuxer is chosen', async () => {
    const flac = await encode('flac');
    for (const extension of ['wav', 'm4a', 'ogg', 'webm'] as const) {
      await assert.rejects(decodeAll(flac, file(extension)), hasCode('recording_corrupt'));
    }
  });

  it('that hold more audio than allowed are refused without decoding them to the end', async () => {
    const hour = ffmpeg(['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '3600', '-f', 'flac', 'pipe:1']);
    const { blocks } = readRecording(pieces(hour), file('flac'), { ...DEFAULTS, maxSeconds: 5 });
    let samples = 0;
    await assert.rejects(async () => {
      for await (const block of blocks) samples += samplesIn(block);
    }, hasCode('recording_too_long'));
    assert.equal(samples, 5 * RATE);
  });

  it('need an ffmpeg: the configured one and no other, else one that is found', async () => {
    const mp3 = await encode('mp3');
    await assert.rejects(
      decodeAll(mp3, file('mp3'), { ffmpegPath: join(folder(), 'no-such-ffmpeg') }),
      hasCode('decoder_unavailable'),
    );
    await assert.rejects(findFfmpeg('', folder()), (error) => {
      return hasCode('decoder_unavailable')(error) && (error as AppError).remedy === 'operator';
    });
    const { path } = await tracedFfmpeg();
    assert.equal(await findFfmpeg(path), path);
    await writeFile(join(folder(), 'ffmpeg'), '');
    await assert.rejects(findFfmpeg('', folder()), hasCode('decoder_unavailable'), 'a file that cannot be run');
    await chmod(join(folder(), 'ffmpeg'), 0o755);
    assert.equal(await findFfmpeg('', `/nonexistent:${folder()}`), join(folder(), 'ffmpeg'));
  });

  it('are not decoded by a build other than the known one of ffmpeg-static', async () => {
    const path = join(folder(), 'ffmpeg');
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o755);
    const nowhere = join(folder(), 'nowhere');
    const find = findFfmpeg('', nowhere, () => Promise.resolve(path));
    if (`${process.platform}-${process.arch}` === KNOWN_BUILD.system)
      await assert.rejects(find, hasCode('decoder_unavailable'));
    else assert.equal(await find, path);
    const { optionalDependencies: pinned } = createRequire(import.meta.url)('../../../../package.json') as {
      optionalDependencies: Record<string, string>;
    };
    assert.equal(pinned['ffmpeg-static'], KNOWN_BUILD.packageVersion, 'another version needs another checksum');
  });

  describe('whose ffmpeg cannot run', () => {
    /** Files that may lie at FFMPEG_PATH. All of them count as executable. */
    const broken: Readonly<Record<string, string | Buffer>> = {
      'is no program': 'not a program',
      'is of another kind of machine': Buffer.concat([
        Buffer.from('\x7fELF\x02\x01\x01'),
        Buffer.alloc(11),
        Buffer.from([0xf3, 0, 1, 0, 0, 0]), // RISC-V
        Buffer.alloc(100),
      ]),
      'misses a library': '#!/bin/sh\nexit 127\n',
      'has an interpreter that is not there': '#!/nonexistent/interpreter\n',
      'breaks later, when its formats are known':
        '#!/bin/sh\ncase "$*" in *-i*) exit 127;; *) exec ffmpeg "$@";; esac\n',
    };
    for (const [what, content] of Object.entries(broken)) {
      it(`because it ${what}: no recording is to blame, and the operator is asked`, async () => {
        const path = join(folder(), `broken-${String(Object.keys(broken).indexOf(what))}`);
        await writeFile(path, content);
        await chmod(path, 0o755);
        for (const extension of ['mp3', 'm4a'] as const) {
          const decoding = decodeAll(await encode(extension), file(extension), { ffmpegPath: path });
          await assert.rejects(decoding, (error) => {
            assert.ok(error instanceof AppError);
            assert.deepEqual([error.code, error.remedy], ['decoder_unavailable', 'operator'], String(error.cause));
            return true;
          });
        }
        assert.deepEqual(await readdir(folder()), [basename(path)]);
      });
    }
  });

  it("pass on the source's own errors, which say nothing about the recording", async () => {
    const broken = new Error('socket hang up');
    for (const extension of ['mp3', 'm4a'] as const) {
      const bytes = await encode(extension);
      async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
        yield* pieces(bytes.subarray(0, bytes.length / 2));
        throw broken;
      }
      await assert.rejects(decodeAll(failing(), file(extension)), (error) => error === broken);
    }
    assert.deepEqual(await readdir(folder()), []);
  });

  for (const extension of ['mp3', 'm4a'] as const) {
    it(`.${extension} leave no process and no file when aborted`, async () => {
      const { path, lastPid } = await tracedFfmpeg();
      const abort = new AbortController();
      const bytes = await encode(extension, chirp(60));
      const options = { ...DEFAULTS, signal: abort.signal, ffmpegPath: path };
      const { blocks } = readRecording(pieces(bytes), file(extension), options);
      assert.ok((await blocks.next()).value);
      const reason = new Error('deadline');
      abort.abort(reason);
      await assert.rejects(blocks.next(), (error) => error === reason);
      assert.ok(!isRunning(await lastPid()));
      assert.deepEqual((await readdir(folder())).sort(), ['pids', 'traced-ffmpeg']);
    });

    it(`.${extension} leave no process and no file when the reader leaves early`, async () => {
      const { path, lastPid } = await tracedFfmpeg();
      const bytes = await encode(extension, chirp(60));
      for await (const block of readRecording(pieces(bytes), file(extension), { ...DEFAULTS, ffmpegPath: path })
        .blocks) {
        assert.ok(block.length > 0 && isRunning(await lastPid()));
        break;
      }
      assert.ok(!isRunning(await lastPid()));
      assert.deepEqual((await readdir(folder())).sort(), ['pids', 'traced-ffmpeg']);
    });
  }

  it('end at once when aborted while the source hangs', async () => {
    const bytes = await encode('wav', chirp(5));
    for (const extension of ['wav', 'm4a'] as const) {
      const abort = new AbortController();
      const reason = new Error('deadline');
      async function* hanging(): AsyncGenerator<Uint8Array, void, undefined> {
        yield bytes;
        await new Promise(() =>
          setImmediate(() => {
            abort.abort(reason);
          }),
        );
      }
      const decoding = decodeAll(hanging(), file(extension), { signal: abort.signal });
      await assert.rejects(decoding, (error) => error === reason);
    }
  });
});

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.code === code;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
