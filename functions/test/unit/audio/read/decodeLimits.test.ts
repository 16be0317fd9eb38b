import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Builds } from '../../../../src/audio/read/containers/builds.ts';
import { decode } from '../../../../src/audio/read/containers/decode.ts';
import { decodeWithFfmpeg } from '../../../../src/audio/read/containers/ffmpeg.ts';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { implausible, memoryLimit, Workload } from '../../../../src/audio/read/containers/limits.ts';
import { decodeInSandbox } from '../../../../src/audio/read/containers/sandbox.ts';
import type { FileExtension } from '../../../../src/audio/read/format.ts';
import { AppError } from '../../../../src/errors.ts';
import { decodeAll, DEFAULTS, ffmpeg } from '../../../support/audio.ts';
import { BOTH, encode, file, hasCode, SIGNAL } from '../../../support/containers.ts';

/** The limits of a decoder on hostile bytes. */
describe('Decoding is bounded: recordings', function () {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limits-test-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** A program in place of ffmpeg. It answers the first questions of fluent-ffmpeg, and then does what the script says. */
  async function fakeFfmpeg(script: string): Promise<string> {
    const path = join(folder, 'fake-ffmpeg');
    await writeFile(path, `#!/bin/sh\ncase "$*" in *-i*) ;; *) exec ffmpeg "$@";; esac\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('of implausible rates and channels are refused with the limits in numbers', async () => {
    assert.equal(implausible({ sampleRate: 48_000, channels: 8 }), null);
    const wav = Buffer.from(encode('wav'));
    wav.writeUInt32LE(1, 24);
    wav.writeUInt32LE(2, 28); // bytes a second
    const flac = encode('flac');
    // STREAMINFO and the first frames: 8 channels at 655,340 Hz.
    const fast = ffmpeg([...SILENCE_OF_8, '-ar', '655340', '-strict', '-2', '-c:a', 'flac', '-f', 'flac', 'pipe:1']);
    const mka = ffmpeg([...SILENCE_OF_8, '-ar', '384000', '-c:a', 'pcm_s16le', '-f', 'matroska', 'pipe:1']);
    const refused: readonly (readonly [FileExtension, Buffer])[] = [
      ['wav', wav],
      ['flac', fast],
      ['webm', mka],
    ];
    for (const decoder of BOTH) {
      for (const [extension, bytes] of refused) {
        await assert.rejects(decodeAll(bytes, file(extension), { decoder }), (error) => {
          assert.ok(
            error instanceof AppError && error.code === 'recording_corrupt',
            `${decoder} ${extension} ${String(error)}`,
          );
          assert.match(error.message, /4000 to 192000 Hz/);
          return true;
        });
      }
      assert.equal((await decodeAll(flac, file('flac'), { decoder })).pcm.length, SIGNAL.length);
    }
  });

  it('of very many links are refused: each is opened, whatever its length', async () => {
    const most = new Workload();
    assert.throws(() => {
      for (let link = 0; link < 300_000; link++) most.open();
    }, hasCode('recording_corrupt'));
    const path = join(folder, 'chain.ogg');
    await writeFile(path, Buffer.concat(Array<Buffer>(3).fill(encode('ogg'))));
    const view = openView(path);
    const open = mock.method(Workload.prototype, 'open');
    try {
      const options = { demuxer: 'ogg', maxSeconds: 3600, channels: 'mixed', isMended: false } as const;
      const parts = decode(view, new Builds(new Map()), { ...options, hasOther: false, notes: [] });
      while (!(await parts.next()).done);
      assert.equal(open.mock.callCount(), 3);
    } finally {
      open.mock.restore();
      closeSync(view.fd);
    }
  });

  it('of a few bytes that claim an index of 60 million entries are refused within 100 MB', async () => {
    const bytes = hugeIndex(encode('m4a', [], ['-movflags', '+faststart']));
    await assert.rejects(decodeAll(bytes, file('m4a'), { decoder: 'ffmpeg' }), hasCode('recording_corrupt'));
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    try {
      const inThread = decodeAll(bytes, file('m4a'), { sandbox: decodeInSandbox });
      await assert.rejects(inThread, hasCode('recording_corrupt'));
    } finally {
      clearInterval(watch);
    }
    assert.ok(most - before < 100e6, `${(most - before) / 1e6} MB`);
  });

  it('are decoded by an ffmpeg whose environment is empty', async () => {
    process.env['KEY_OF_THE_TEST'] = 'secret';
    try {
      const ffmpegPath = await fakeFfmpeg(`env > '${folder}/env'\nexec ffmpeg "$@"`);
      const { pcm } = await decodeAll(encode('flac'), file('flac'), { decoder: 'ffmpeg', ffmpegPath });
      assert.equal(pcm.length, SIGNAL.length);
      const names = (await readFile(join(folder, 'env'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0]);
      assert.deepEqual(
        names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')),
        [],
      );
    } finally {
      delete process.env['KEY_OF_THE_TEST'];
    }
  });

  it('leave no process running that ffmpeg has started: its process group is ended as a whole', async () => {
    const ffmpegPath = await fakeFfmpeg(
      `sleep 1000 &\necho $! > '${folder}/new' && mv '${folder}/new' '${folder}/child'\nwait`,
    );
    const abort = new AbortController();
    const decoding = decodeAll(encode('flac'), file('flac'), { decoder: 'ffmpeg', ffmpegPath, signal: abort.signal });
    decoding.catch(() => undefined);
    let child: number | null = null;
    while (child === null) {
      child = await readFile(join(folder, 'child'), 'utf8').then(Number, () => null);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(isRunning(child));
    const reason = new Error('deadline');
    abort.abort(reason);
    await assert.rejects(decoding, (error) => error === reason);
    while (isRunning(child)) await new Promise((resolve) => setTimeout(resolve, 10)); // limited by the time-out of the test
  });

  it('never run a decoder of video, nor one for an audio codec that recorders do not use', async () => {
    const report = join(folder, 'report');
    const ffmpegPath = await fakeFfmpeg(`export FFREPORT='file=${report}:level=48'\nexec ffmpeg "$@"`);
    const speech = ['-f', 'lavfi', '-t', '1', '-i', 'sine=r=48000'];
    const picture = ['-f', 'lavfi', '-t', '1', '-i', 'testsrc=s=32x32'];
    const webm = ffmpeg([...speech, ...picture, '-c:v', 'libvpx', '-c:a', 'libopus', '-f', 'webm', 'pipe:1']);
    const withVideo = await decodeAll(webm, file('webm'), { decoder: 'ffmpeg', ffmpegPath });
    assert.ok(Math.abs(withVideo.pcm.length - 16_000) < 400);
    assert.match(await readFile(report, 'utf8'), /Codec \(\w*vp8\w*\) not on whitelist/);
    await rm(report);
    const wma = ffmpeg([...speech, '-c:a', 'wmav2', '-f', 'matroska', 'pipe:1']);
    for (const decoder of ['auto', 'ffmpeg'] as const) {
      const exotic = decodeAll(wma, file('webm'), { decoder, ffmpegPath });
      await assert.rejects(exotic, hasCode('recording_corrupt'), decoder);
    }
    assert.match(await readFile(report, 'utf8'), /Codec \(wmav2\) not on whitelist/);
  });

  it('give ffmpeg no more address space than the program and the file need', async () => {
    const ffmpegPath = await fakeFfmpeg(`ulimit -v > '${folder}/limit'\nexec ffmpeg "$@"`);
    const bytes = encode('flac');
    await decodeAll(bytes, file('flac'), { decoder: 'ffmpeg', ffmpegPath });
    const limit = 1024 * Number(await readFile(join(folder, 'limit'), 'utf8'));
    assert.ok(limit > 0 && limit <= 2 ** 30 + 2 * memoryLimit(bytes.length) + 1024, `${limit} bytes`);
    assert.ok(memoryLimit(Infinity) <= 2 ** 29);
  });

  for (const decoder of BOTH) {
    it(`of which nothing comes for too long in ${decoder} are refused, and the decoder is ended`, async () => {
      const never = { file: 'setInterval(() => undefined, 1000);', ffmpeg: 'exec sleep 1000' };
      await assert.rejects(decodeBy(decoder, never), (error) => {
        assert.ok(hasCode('recording_corrupt')(error));
        assert.match((error as AppError).message, /nothing came of it within 0.3 seconds/);
        return true;
      });
    });

    it(`whose decoder dies in ${decoder} are not to blame: the attempt is delivered again`, async () => {
      const dies = { file: 'process.exit(3);', ffmpeg: 'kill -SEGV $$' };
      await assert.rejects(decodeBy(decoder, dies, 60_000), (error) => {
        assert.ok(error instanceof Error && !(error instanceof AppError), String(error));
        return true;
      });
    });
  }

  /** Decodes a file with a program that is no decoder. */
  async function decodeBy(decoder: 'sandbox' | 'ffmpeg', fake: Record<'file' | 'ffmpeg', string>, stallMs = 300) {
    const path = join(folder, 'recording');
    await writeFile(path, encode('flac'));
    const worker = join(folder, 'worker.mjs');
    await writeFile(worker, fake.file);
    const options = { ...DEFAULTS, stallMs, worker: pathToFileURL(worker), ffmpegPath: await fakeFfmpeg(fake.ffmpeg) };
    const batches =
      decoder === 'sandbox'
        ? decodeInSandbox(path, { ...options, demuxer: 'flac', isMended: false, hasOther: true })
        : decodeWithFfmpeg(path, 'flac', options);
    for await (const { parts } of batches) assert.fail(`${parts.length} parts came.`);
  }
});

/** One second of silence in eight channels. */
const SILENCE_OF_8 = ['-f', 'lavfi', '-t', '1', '-i', 'anullsrc=r=48000:cl=7.1'];

/** Makes the table of sample sizes claim 60 million samples of one size, and that of durations as many. */
function hugeIndex(m4a: Buffer): Buffer {
  const bytes = Buffer.from(m4a);
  const sizes = bytes.indexOf('stsz');
  // The table has no entries then, and a free box the bytes of those that it had.
  bytes.writeUInt32BE(bytes.readUInt32BE(sizes - 4) - 20, sizes + 16);
  bytes.write('free', sizes + 20, 'latin1');
  bytes.writeUInt32BE(20, sizes - 4);
  bytes.writeUInt32BE(1, sizes + 8);
  bytes.writeUInt32BE(60_000_000, sizes + 12);
  bytes.writeUInt32BE(60_000_000, bytes.indexOf('stts') + 12);
  bytes.writeUInt32BE(60_000_000, bytes.indexOf('stsc') + 16);
  return bytes;
}

/** Whether a process is still running. One whose parent has not waited for it is still listed, as a zombie. */
function isRunning(pid: number): boolean {
  const state = existsSync('/proc/self/stat') ? stateInProc(pid) : stateOfPs(pid);
  return state !== '' && !state.startsWith('Z');
}

/** Linux: a bare Debian has no `ps`. The state follows the name, which is in parentheses and may contain any character. */
function stateInProc(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

/** macOS. */
function stateOfPs(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}
