import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { decodeInSandbox } from '../../../../src/audio/read/containers/sandbox.ts';
import { readRecording } from '../../../../src/audio/read/readRecording.ts';
import {
  bestSnr,
  decodeAll,
  DEFAULTS,
  type Decoded,
  ffmpeg,
  pieces,
  RATE,
  s16le,
  samplesIn,
} from '../../../support/audio.ts';
import { BOTH, encode, EXTENSIONS, file, hasCode, SECONDS, SIGNAL } from '../../../support/containers.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

/** The containers with time stamps. */
const TIMED = ['m4a', 'ogg', 'webm'] as const;

/** The seconds of each kind of time in a recording. */
function ledgerOf({ frames }: Decoded): { audio: number; silence: number; lost: number } {
  const ledger = { audio: 0, silence: 0, lost: 0 };
  for (const { payload, samples } of frames) {
    const kind = payload === null ? 'lost' : payload.every((byte) => byte === 0) ? 'silence' : 'audio';
    ledger[kind] += samples / RATE;
  }
  return ledger;
}

/**
 * How well the second that begins `seconds` before the end matches the signal there. @param late seconds by which it comes
 * later than in the signal
 */
function endOf({ pcm }: Decoded, seconds: number, late = 0): { decibels: number; lag: number } {
  const from = Math.round((SECONDS - seconds) * RATE);
  const start = from + Math.round(late * RATE);
  return bestSnr(pcm.subarray(start - 400, start + RATE + 400), SIGNAL.subarray(from - 400, from + RATE + 400), 400);
}

describe('Ordinary audio files', function () {
  const folder = useTempFolder();

  for (const extension of EXTENSIONS) {
    it(`.${extension} are decoded in a thread without ffmpeg, and are on time`, async () => {
      const inThread = { decoder: 'sandbox', sandbox: decodeInSandbox } as const;
      const decoded = await decodeAll(encode(extension), file(extension), inThread);
      const { decibels, lag } = endOf(decoded, 5);
      assert.ok(decibels > 15 && Math.abs(lag) <= 2, `${decibels} dB, ${lag} samples late`);
      assert.ok(Math.abs(decoded.pcm.length - SIGNAL.length) < 1152, `${decoded.pcm.length} samples`);
      assert.equal(decoded.report.corruptFrames, 0);
      assert.equal(decoded.report.stoppedBecause, null);
      assert.deepEqual(await readdir(folder()), [], 'nothing is left on disk');
    });
  }

  for (const codec of ['libvorbis', 'flac'] as const) {
    it(`.ogg with ${codec} and .webm or .mka of AAC, Vorbis and PCM are decoded, too`, async () => {
      const ogg = encode('ogg', [], ['-c:a', codec]);
      assert.ok(isAlike((await decodeAll(ogg, file('ogg'), { decoder: 'sandbox' })).pcm));
      for (const inMatroska of ['aac', 'libvorbis', 'pcm_s16le']) {
        const mka = encode('webm', [], ['-c:a', inMatroska, '-f', 'matroska']);
        const { pcm } = await decodeAll(mka, file('webm'), { decoder: 'sandbox' });
        assert.ok(isAlike(pcm), `${inMatroska}: ${power(pcm)} of ${power(SIGNAL)}, ${pcm.length} samples`);
      }
    });
  }

  for (const extension of TIMED) {
    it(`.${extension} that start 5 s late are on time`, async () => {
      const late = encode(extension, ['-itsoffset', '5']);
      for (const decoder of BOTH) {
        const decoded = await decodeAll(late, file(extension), { decoder });
        assert.ok(Math.abs(decoded.pcm.length / RATE - 15) < 0.1, `${decoder}: ${decoded.pcm.length / RATE} s`);
        const { decibels, lag } = endOf(decoded, 5, 5);
        assert.ok(decibels > 15 && Math.abs(lag) < 120, `${decoder}: ${decibels} dB, ${lag} samples late`);
      }
    });

    it(`.${extension} with a gap of 160 s in their time stamps have 160 s of silence there`, async () => {
      const holed = encode(extension, [], ['-af', "asetpts='PTS+gte(T,5)*160/TB'"]);
      for (const decoder of BOTH) {
        const decoded = await decodeAll(holed, file(extension), { decoder });
        const { silence, lost } = ledgerOf(decoded);
        assert.ok(Math.abs(silence - 160) < 0.1 && lost === 0, `${decoder}: ${silence} s silent, ${lost} s lost`);
        const { decibels, lag } = endOf(decoded, 4, 160);
        assert.ok(decibels > 15 && Math.abs(lag) < 100, `${decoder}: ${decibels} dB, ${lag} samples late`);
      }
    });
  }

  for (const extension of ['m4a', 'mp3', 'ogg', 'flac'] as const) {
    it(`.${extension} with noise in the middle have lost that time in its place, and no other`, async () => {
      const bytes = encode(extension);
      const from = Math.round(bytes.length * 0.4);
      const to = Math.round(bytes.length * 0.6);
      for (let i = from, seed = 1; i < to; i++) bytes[i] = seed = (seed * 75 + 74) % 65537;
      const decoded = await decodeAll(bytes, file(extension));
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.15, `${decoded.pcm.length / RATE} s`);
      const { lost } = ledgerOf(decoded);
      assert.ok(lost > 1 && lost < 4.2, `${lost} s lost`);
      const { lag } = endOf(decoded, 2);
      assert.ok(Math.abs(lag) < 100, `${lag} samples late`);
    });
  }

  for (const extension of ['ogg', 'flac', 'mp3'] as const) {
    it(`.${extension} without some bytes in the middle are on time behind them`, async () => {
      const bytes = encode(extension);
      const holed = Buffer.concat([bytes.subarray(0, bytes.length * 0.4), bytes.subarray(bytes.length * 0.6)]);
      const decoded = await decodeAll(holed, file(extension));
      assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.15, `${decoded.pcm.length / RATE} s`);
      assert.ok(ledgerOf(decoded).lost > 1);
      assert.ok(Math.abs(endOf(decoded, 2).lag) < 100);
    });
  }

  for (const extension of ['wav', 'flac', 'webm', 'mp3', 'm4a'] as const) {
    it(`.${extension} that are cut off have lost the rest that they claim`, async () => {
      const bytes = encode(extension, [], extension === 'm4a' ? ['-movflags', '+faststart'] : []);
      for (const decoder of BOTH) {
        const decoded = await decodeAll(bytes.subarray(0, bytes.length * 0.6), file(extension), { decoder });
        const { lost } = ledgerOf(decoded);
        assert.ok(Math.abs(lost - 4) < 1.2, `${decoder}: ${lost} s lost`);
        const seconds = decoded.pcm.length / RATE;
        assert.ok(Math.abs(seconds - SECONDS) < 0.15, `${decoder}: ${seconds} s`);
      }
    });
  }

  it('.m4a of fragments that are cut off inside one have lost the rest of it', async () => {
    const fragments = ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '2000000', '-f', 'mp4'];
    const bytes = encode('m4a', [], fragments);
    const third = bytes.indexOf('mdat', bytes.indexOf('mdat', bytes.indexOf('mdat') + 1) + 1);
    const size = bytes.readUInt32BE(third - 4);
    const decoded = await decodeAll(bytes.subarray(0, third - 4 + size / 2), file('m4a'));
    assert.ok(Math.abs(decoded.pcm.length / RATE - 6) < 0.3, `${decoded.pcm.length / RATE} s`);
    assert.ok(Math.abs(ledgerOf(decoded).lost - 1) < 0.3, `${ledgerOf(decoded).lost} s lost`);
    const lying = Buffer.from(bytes.subarray(0, third - 4 + size / 2));
    lying.writeUInt32BE(0xffff_fff0, third - 4);
    assert.ok((await decodeAll(lying, file('m4a'))).pcm.length < 7 * RATE, 'days that it claims are no claim');
  });

  it('.ogg that are cut off inside a page have lost what the rest of the page held', async () => {
    const bytes = encode('ogg');
    const lastPage = bytes.lastIndexOf('OggS');
    for (const decoder of BOTH) {
      const whole = ledgerOf(await decodeAll(bytes.subarray(0, lastPage), file('ogg'), { decoder }));
      assert.equal(whole.lost, 0, decoder);
      const torn = bytes.subarray(0, (lastPage + bytes.length) / 2);
      const { lost } = ledgerOf(await decodeAll(torn, file('ogg'), { decoder }));
      const expected = ((torn.length - lastPage) * whole.audio) / lastPage;
      assert.ok(Math.abs(lost - expected) < 0.1, `${decoder}: ${lost} s lost, not ${expected}`);
    }
  });

  it('.wav whose header counts half of the samples, none or too many are read to their end', async () => {
    const bytes = encode('wav');
    const data = bytes.indexOf('data') + 4;
    for (const size of [SIGNAL.length, 0, 0xffff_ffff, 0x7fff_ffff]) {
      const lying = Buffer.from(bytes);
      lying.writeUInt32LE(size, data);
      const { pcm, report } = await decodeAll(lying, file('wav'));
      assert.equal(pcm.length, SIGNAL.length, `${size}`);
      assert.equal(report.corruptSeconds, 0);
    }
    const tagged = Buffer.concat([bytes, Buffer.from('LIST\x04\0\0\0INFO', 'latin1')]);
    assert.equal(
      (await decodeAll(tagged, file('wav'))).pcm.length,
      SIGNAL.length,
      'a chunk behind them is none of them',
    );
  });

  for (const encoding of ['pcm_u8', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le', 'pcm_alaw', 'pcm_mulaw']) {
    it(`.wav of ${encoding} are read without a decoder`, async () => {
      const { pcm } = await decodeAll(encode('wav', [], ['-c:a', encoding]), file('wav'), { decoder: 'sandbox' });
      assert.equal(pcm.length, SIGNAL.length);
      assert.ok(isAlike(pcm));
    });
  }

  it('.ogg that are chained are read through, and a link whose codec is unknown is lost time', async () => {
    const opus = encode('ogg');
    const flac = encode('ogg', [], ['-c:a', 'flac']);
    const speex = encode('ogg', [], ['-c:a', 'libspeex']);
    const all = await decodeAll(Buffer.concat([opus, flac]), file('ogg'));
    assert.ok(Math.abs(all.pcm.length / RATE - 20) < 0.1 && all.report.corruptSeconds === 0);
    assert.ok(endOf(all, 5, 10).decibels > 15);
    const part = await decodeAll(Buffer.concat([opus, speex]), file('ogg'), { decoder: 'sandbox' });
    assert.ok(Math.abs(part.report.corruptSeconds - 10) < 0.1, `${part.report.corruptSeconds} s`);
    assert.ok(part.report.stoppedBecause !== null);
    for (const links of [
      [opus, speex],
      [speex, speex],
      [speex, flac],
    ]) {
      const native = await decodeAll(Buffer.concat(links), file('ogg'));
      assert.equal(native.report.corruptSeconds, 0);
      assert.ok(Math.abs(native.pcm.length / RATE - 20) < 0.1, `${native.pcm.length / RATE} s`);
    }
  });

  for (const extension of ['m4a', 'webm'] as const) {
    it(`.${extension} with the voice on the second track keep it`, async () => {
      const silence = ['-f', 'lavfi', '-t', String(SECONDS), '-i', 'anullsrc=r=16000:cl=mono'];
      const twoTracks = encode(extension, silence, ['-map', '0:a', '-map', '1:a']);
      for (const decoder of BOTH) {
        const decoded = await decodeAll(twoTracks, file(extension), { decoder });
        assert.ok(power(decoded.pcm) > 0.9 * power(SIGNAL), `${decoder}: as loud as on its track`);
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2, decoder);
      }
    });
  }

  for (const extension of EXTENSIONS) {
    it(`.${extension} whose right channel is the inverted left one keep the voice`, async () => {
      const inverted = encode(extension, [], ['-af', 'pan=stereo|c0=c0|c1=-1*c0']);
      for (const decoder of BOTH) {
        const { pcm } = await decodeAll(inverted, file(extension), { decoder });
        assert.ok(power(pcm) > 0.5 * power(SIGNAL), `${decoder}: ${power(pcm)} of ${power(SIGNAL)}`);
      }
    });
  }

  it('with a track of an unknown codec have their other tracks decoded, and that one counts as lost where these are silent', async () => {
    const speech = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
    const both = (...inputs: readonly string[]) => [...inputs, '-map', '0:a', '-map', '1:a', '-c:a:0', 'libopus'];
    const silence = ['-f', 'lavfi', '-t', String(SECONDS), '-i', 'anullsrc=r=48000:cl=mono'];
    const unknown = ['-ar', '48000', '-c:a:1', 'wmav2', '-f', 'matroska', 'pipe:1'];
    const beside = await decodeAll(ffmpeg([...both(...speech, ...silence), ...unknown], s16le(SIGNAL)), file('webm'));
    assert.ok(power(beside.pcm) > 0.1 * power(SIGNAL));
    assert.ok(beside.report.stoppedBecause !== null);
    const only = await decodeAll(ffmpeg([...both(...silence, ...speech), ...unknown], s16le(SIGNAL)), file('webm'));
    assert.ok(ledgerOf(only).lost > SECONDS - 0.3, `${ledgerOf(only).lost} s lost`);
  });

  it('with tracks that the sandbox cannot decode together are decoded by ffmpeg, and without it none counts as silent', async () => {
    const speech = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
    const silence = ['-f', 'lavfi', '-t', String(SECONDS), '-i', 'anullsrc=r=48000:cl=mono'];
    const codecs = ['-map', '0:a', '-map', '1:a', '-ar', '44100', '-c:a:0', 'aac', '-c:a:1', 'libmp3lame'];
    for (const inputs of [
      [...speech, ...silence],
      [...silence, ...speech],
    ]) {
      const bytes = ffmpeg([...inputs, ...codecs, '-f', 'matroska', 'pipe:1'], s16le(SIGNAL));
      const decoded = await decodeAll(bytes, file('webm'));
      assert.ok(power(decoded.pcm) > 0.8 * power(SIGNAL) && ledgerOf(decoded).lost < 0.1);
      const without = await decodeAll(bytes, file('webm'), { ffmpegPath: '/nowhere/ffmpeg' });
      const { lost } = ledgerOf(without);
      const isHeard = power(without.pcm) > 0.8 * power(SIGNAL);
      assert.ok(isHeard || lost > SECONDS - 0.5, `${lost} s lost`);
      assert.ok(without.report.stoppedBecause !== null);
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

  it('without audio in them are corrupt, whatever their name says', async () => {
    for (const extension of EXTENSIONS) {
      const nothing = decodeAll(Buffer.from('not audio at all'.repeat(500)), file(extension));
      await assert.rejects(nothing, hasCode('recording_corrupt'), extension);
      await assert.rejects(decodeAll(new Uint8Array(), file(extension)), hasCode('empty_recording'));
    }
    const flac = encode('flac');
    for (const extension of ['wav', 'm4a', 'ogg', 'webm'] as const) {
      await assert.rejects(decodeAll(flac, file(extension)), hasCode('recording_corrupt'), extension);
    }
    assert.deepEqual(await readdir(folder()), []);
  });

  it('leave no temporary file when aborted, or when the reader leaves early', async () => {
    const bytes = encode('m4a');
    const abort = new AbortController();
    const { blocks } = readRecording(pieces(bytes), file('m4a'), { ...DEFAULTS, signal: abort.signal });
    assert.ok((await blocks.next()).value);
    const reason = new Error('deadline');
    abort.abort(reason);
    await assert.rejects(blocks.next(), (error) => error === reason);
    assert.deepEqual(await readdir(folder()), []);
    for await (const block of readRecording(pieces(bytes), file('m4a'), DEFAULTS).blocks) {
      assert.ok(block.length > 0);
      break;
    }
    assert.deepEqual(await readdir(folder()), []);
  });
});

/** Whether audio is as long and as loud as the signal. */
function isAlike(pcm: Float32Array): boolean {
  return Math.abs(pcm.length / RATE - SECONDS) < 0.15 && Math.abs(power(pcm) / power(SIGNAL) - 1) < 0.2;
}

function power(pcm: Float32Array): number {
  return pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length;
}
