import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import {
  bestSnr,
  chirp,
  ffmpeg,
  fromS16le,
  invertedStereo,
  oggOpus,
  oggPackets,
  opusPackets,
  RATE,
  s16le,
  tone,
} from '../../support/audio.ts';
import { speechOf } from '../../support/speech.ts';
import { encodeChunk, speechAudio } from '../../../src/worker/chunkAudio.ts';
import { transcribeWithRetries } from '../../../src/worker/transcribe.ts';
import type { Transcriber, Transcription, TranscriptionRequest } from '../../../src/transcription/transcriber.ts';

const REQUEST: TranscriptionRequest = {
  audio: speechOf(new Uint8Array(1), 'audio/ogg'),
  durationMs: 1000,
  language: 'multi',
  preferredLanguage: null,
  keyterms: [],
};
const HEARD: Transcription = { requestId: 'r', transcriber: 'test', billedSeconds: 1, language: null, words: [] };
const HOUR_MS = 3600_000;

/** Fails so many times, each after so many milliseconds of a clock that only this moves, and then answers. */
function failing(times: number, afterMs: number, clock: { ms: number }): Transcriber & { requests: number } {
  return {
    requests: 0,
    transcribe() {
      clock.ms += afterMs;
      if (++this.requests <= times) return Promise.reject(new AppError('transcription_unavailable'));
      return Promise.resolve(HEARD);
    },
  };
}

describe('The audio of a chunk', function () {
  const opus = { kind: 'framed', codec: 'opus', sampleRate: RATE, frameSize: 320 } as const;
  const toFrames = (packets: readonly Uint8Array[]) => packets.map((payload) => ({ payload, samples: 320 }));

  it('is sent as the original packets if they are mono Opus', async () => {
    const [preRoll, frames] = [opusPackets(chirp(0.08), 20).slice(0, 4), opusPackets(chirp(1), 20)];
    const chunk = { preRoll: toFrames(preRoll), frames: toFrames(frames) };
    const { bytes, contentType } = await encodeChunk(chunk, { ...opus, channels: 1 });
    assert.equal(contentType, 'audio/ogg');
    assert.deepEqual(
      oggPackets(Buffer.from(bytes)).slice(2),
      [...preRoll, ...frames].map((each) => Buffer.from(each)),
    );
  });

  it('is sent as a mix if it is stereo Opus, so that channels cannot cancel at the transcriber', async () => {
    const voice = chirp(1);
    const packets = toFrames(oggPackets(oggOpus(invertedStereo(voice), 20, ['-b:a', '96k'], 2)).slice(2));
    const chunk = { preRoll: packets.slice(0, 4), frames: packets.slice(4) };
    const { bytes, contentType } = await encodeChunk(chunk, { ...opus, channels: 2 });
    assert.equal(contentType, 'audio/flac');
    const pcm = fromS16le(ffmpeg(['-i', 'pipe:0', '-f', 's16le', 'pipe:1'], bytes));
    assert.equal(pcm.length, chunk.frames.length * 320);
    const { decibels } = bestSnr(pcm, voice.subarray(4 * 320), 110);
    assert.ok(decibels > 10, `${decibels} dB`);
  });

  it('has pauses where silence was left out, and none where a recording continues in another one', async () => {
    const frames = Array.from({ length: 3 }, () => ({ payload: s16le(tone(440, 1)), samples: RATE }));
    const span = (second: number, chunkSecond: number) => ({
      fileName: `recording ${second}`,
      firstFrame: 0,
      endFrame: 1,
      chunkStartMs: chunkSecond * 1000,
      startMs: second * 1000,
      durationMs: 1000,
    });
    const spans = [span(0, 0), span(1, 1), span(30, 2)];
    const audio = await speechAudio({ preRoll: [], frames }, { kind: 'file', extension: 'wav' }, spans);
    assert.deepEqual(audio.pauses, [2 * RATE]);
  });

  describe('whose two channels are transcribed separately', () => {
    const [caller, callee] = [chirp(1), tone(440, 1)];
    const stereo = (left: Float32Array, right: Float32Array) =>
      Float32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1] ?? 0);
    const chunkOf = (signal: Float32Array) => ({
      preRoll: [],
      frames: Array.from({ length: 100 }, (_, i) => ({
        payload: s16le(signal.subarray(320 * i, 320 * (i + 1))),
        samples: 160,
      })),
    });
    const pcm = { kind: 'file', extension: 'wav' } as const;
    const decoded = (bytes: Uint8Array) => fromS16le(ffmpeg(['-i', 'pipe:0', '-f', 's16le', 'pipe:1'], bytes));

    it('has both, sample by sample, if they carry two sounds', async () => {
      const audio = await speechAudio(chunkOf(stereo(caller, callee)), pcm, [], 'separate');
      assert.equal(audio.channels, 2);
      const sent = decoded((await audio.encoded()).bytes);
      assert.deepEqual(sent, fromS16le(s16le(stereo(caller, callee))));
      assert.equal((await audio.pcm()).length, RATE, 'models are given a mix');
    });

    it('has one channel if both carry one sound or one is requested, because each is billed', async () => {
      const same = await speechAudio(chunkOf(stereo(caller, caller)), pcm, [], 'separate');
      assert.equal(same.channels, 1);
      assert.deepEqual(decoded((await same.encoded()).bytes), fromS16le(s16le(caller)));
      assert.equal((await speechAudio(chunkOf(stereo(caller, callee)), pcm, [], 'mixed')).channels, 1);
    });

    it('is sent as the original packets if they are Opus', async () => {
      const packets = oggPackets(oggOpus(stereo(caller, callee), 20, ['-b:a', '96k'], 2)).slice(2);
      const chunk = { preRoll: toFrames(packets.slice(0, 4)), frames: toFrames(packets.slice(4)) };
      const audio = await speechAudio(chunk, { ...opus, channels: 2 }, [], 'separate');
      const { bytes, contentType } = await audio.encoded();
      assert.deepEqual([audio.channels, contentType], [2, 'audio/ogg']);
      assert.deepEqual(oggPackets(Buffer.from(bytes)).slice(2), packets);
      assert.equal(bytes[28 + 9], 2, 'OpusHead names two channels');
    });
  });
});

describe('A request to the transcriber', () => {
  let clock: { ms: number };
  beforeEach(() => {
    clock = { ms: 0 };
  });

  const ask = (transcriber: Transcriber, endsMs = HOUR_MS, signal = new AbortController().signal) =>
    transcribeWithRetries(transcriber, REQUEST, { signal, endsMs, now: () => clock.ms });

  it('is repeated soon after a brief failure', async () => {
    const transcriber = failing(1, 10, clock);
    assert.equal(await ask(transcriber), HEARD);
    assert.equal(transcriber.requests, 2);
  });

  it('is not repeated if it took long to fail: the job waits, and its worker is free', async () => {
    const transcriber = failing(1, 600_000, clock);
    await assert.rejects(ask(transcriber), { code: 'transcription_unavailable' });
    assert.equal(transcriber.requests, 1);
  });

  it('is not repeated if the worker’s time ends before that', async () => {
    const transcriber = failing(1, 10, clock);
    await assert.rejects(ask(transcriber, 500), { code: 'transcription_unavailable' });
    assert.equal(transcriber.requests, 1);
  });

  it('is aborted when the worker’s time ends, with an error that makes the job wait', async () => {
    const hanging: Transcriber = {
      transcribe: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
    };
    await assert.rejects(ask(hanging, 20), { code: 'transcription_unavailable' });
  });

  it('fails with the caller’s own reason when the caller aborts it', async () => {
    const stop = new AbortController();
    const hanging: Transcriber = {
      transcribe: (_, signal) => {
        stop.abort(new Error('stopped'));
        return Promise.reject(signal.reason as Error);
      },
    };
    await assert.rejects(ask(hanging, HOUR_MS, stop.signal), /stopped/);
  });
});
