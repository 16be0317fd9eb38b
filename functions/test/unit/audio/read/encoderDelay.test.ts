/** The delay that encoders put before the audio, in files that do not state it. */
import assert from 'node:assert/strict';
import { closeSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { hasAacDelay, mpegDelaySeconds } from '../../../../src/audio/read/containers/encoderDelay.ts';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { decodeAll } from '../../../support/audio.ts';
import { BOTH, encode, file, SIGNAL, startOf } from '../../../support/containers.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

const FRAGMENTS = ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '500000', '-f', 'mp4'];

describe('MP3 that does not state its encoder’s delay', () => {
  const bare = (rate: number): Buffer =>
    encode('mp3', [], ['-ar', String(rate), '-id3v2_version', '0', '-write_xing', '0']);

  for (const rate of [8000, 16_000, 22_050, 44_100]) {
    it(`begins on time, without the delay: ${rate} Hz`, async () => {
      for (const decoder of BOTH) {
        const { lag } = startOf(await decodeAll(bare(rate), file('mp3'), { decoder }));
        assert.ok(Math.abs(lag) < 20, `${decoder}: ${lag} samples late`);
      }
    });
  }

  it('begins on time in .wav', async () => {
    for (const rate of ['16000', '44100']) {
      const { lag } = startOf(await decodeAll(encode('wav', [], ['-ar', rate, '-c:a', 'libmp3lame']), file('wav')));
      assert.ok(Math.abs(lag) < 20, `${rate} Hz: ${lag} samples late`);
    }
  });

  it('begins on time in .mka', async () => {
    for (const rate of ['16000', '44100']) {
      const bytes = encode('webm', [], ['-ar', rate, '-c:a', 'libmp3lame', '-f', 'matroska']);
      for (const decoder of BOTH) {
        const { lag } = startOf(await decodeAll(bytes, file('webm'), { decoder }));
        assert.ok(Math.abs(lag) < 20, `${rate} Hz, ${decoder}: ${lag} samples late`);
      }
    }
  });

  it('keeps its start if it was cut out of a longer one', async () => {
    const bytes = bare(16_000);
    const frame = bytes.indexOf(bytes.subarray(0, 2), 144 * 50);
    const cut = await decodeAll(bytes.subarray(frame), file('mp3'));
    assert.ok(
      cut.pcm.length > 0.88 * SIGNAL.length && cut.pcm.length < 0.95 * SIGNAL.length,
      `${cut.pcm.length} samples`,
    );
    assert.equal(cut.pcm.length % 576, 0);
  });
});

describe('MPEG audio whose container does not state the delay', () => {
  for (const [name, extension, encoder] of [
    ['MP3 in .mp4 without an edit list', 'm4a', ['-c:a', 'libmp3lame', '-use_editlist', '0', '-f', 'mp4']],
    ['MP3 in .caf', 'caf', ['-c:a', 'libmp3lame', '-f', 'caf']],
    ['layer II in .mka', 'webm', ['-c:a', 'mp2', '-f', 'matroska']],
    ['layer II in .wav', 'wav', ['-c:a', 'mp2', '-f', 'wav']],
    ['layer II without a container', 'mp3', ['-c:a', 'mp2', '-f', 'mp2']],
  ] as const) {
    it(`begins on time, without the delay: ${name}`, async () => {
      for (const rate of ['16000', '44100']) {
        const { lag } = startOf(await decodeAll(encode('mp3', [], ['-ar', rate, ...encoder]), file(extension)));
        assert.ok(Math.abs(lag) < 20, `${rate} Hz: ${lag} samples late`);
      }
    });
  }

  it('keeps its start if .mp4 states the delay', async () => {
    const { lag } = startOf(await decodeAll(encode('m4a', [], ['-c:a', 'libmp3lame', '-f', 'mp4']), file('m4a')));
    assert.ok(Math.abs(lag) < 20, `${lag} samples late`);
  });
});

describe('The delay of an encoder', () => {
  const folder = useTempFolder();
  const FILES = [
    ['m4a', encode('m4a', [], ['-c:a', 'libmp3lame', '-use_editlist', '0', '-movflags', '+faststart', '-f', 'mp4'])],
    ['caf', encode('mp3', [], ['-c:a', 'libmp3lame', '-f', 'caf'])],
    ['webm', encode('webm', [], ['-c:a', 'mp2', '-f', 'matroska'])],
    ['wav', encode('wav', [], ['-c:a', 'mp2'])],
  ] as const;

  it('is looked for without an error, whatever is in the headers', () => {
    const recording = path.join(folder(), 'recording');
    const damage = fc.record({ at: fc.nat(999), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.constantFrom(...FILES), fc.array(damage), fc.nat(4000), ([extension, bytes], wrong, length) => {
        const damaged = Buffer.from(bytes.subarray(0, length));
        for (const { at, value } of wrong) if (at < length) damaged[at] = value;
        writeFileSync(recording, damaged);
        const seconds = mpegDelaySeconds(recording, extension);
        assert.ok(seconds >= 0 && seconds < 0.2, `${seconds} s`);
        const view = openView(recording);
        hasAacDelay(view, extension);
        closeSync(view.fd);
      }),
    );
  });
});

describe('AAC whose container does not state its encoder’s delay', () => {
  for (const [name, extension, encoder] of [
    ['fragments of .mp4', 'm4a', FRAGMENTS],
    ['.m4a without an edit list', 'm4a', ['-c:a', 'aac', '-use_editlist', '0', '-f', 'mp4']],
    ['.aac', 'aac', ['-c:a', 'aac', '-f', 'adts']],
    ['.mka', 'webm', ['-c:a', 'aac', '-f', 'matroska']],
  ] as const) {
    it(`begins on time, without the delay: ${name}`, async () => {
      const bytes = encode('m4a', [], encoder);
      for (const decoder of extension === 'aac' ? (['auto'] as const) : BOTH) {
        const { lag } = startOf(await decodeAll(bytes, file(extension), { decoder }));
        assert.ok(Math.abs(lag) < 20, `${decoder}: ${lag} samples late`);
      }
    });
  }

  it('keeps its start if it states the delay', async () => {
    for (const decoder of BOTH)
      assert.ok(Math.abs(startOf(await decodeAll(encode('m4a'), file('m4a'), { decoder })).lag) < 20);
  });
});
