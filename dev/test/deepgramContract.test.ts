import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeAfterAll } from './closing.ts';
import { StandInControl } from '../deepgram/control.ts';
import { type StandIn, startDeepgramStandIn } from '../deepgram/server.ts';
import { wavFile } from '../samples/encode.ts';
import { readRecording } from '../samples/samples.ts';
import { oggPages, writePages } from './oggWriter.ts';
import {
  dialogue,
  FULL,
  kitchen,
  memo,
  packets,
  post,
  readMemo,
  recordingOf,
  refusal,
  type Transcript,
} from './standInSupport.ts';

describe("Deepgram's contract, as the stand-in keeps it", function () {
  let standIn: StandIn;
  let control: StandInControl;

  const closing = closeAfterAll();
  before(async () => {
    standIn = closing(await startDeepgramStandIn({ quiet: true }));
    control = new StandInControl(standIn.url);
  });
  beforeEach(() => control.reset());

  const listen = (body: Buffer, query?: string, headers?: Record<string, string>): Promise<Response> =>
    post(standIn.url, body, query, headers);

  describe('transcripts', () => {
    it('have the documented shape, with what the query asks for', async () => {
      const { metadata, results } = (await (await listen(dialogue())).json()) as Transcript;
      assert.equal(metadata.duration, recordingOf(kitchen).durationMs / 1000);
      assert.equal(metadata.sha256, createHash('sha256').update(dialogue()).digest('hex'));
      assert.equal(metadata.channels, 1);
      assert.equal(metadata.models.length, 1);
      assert.ok(metadata.diarize_info);
      const [alternative] = results.channels[0]?.alternatives ?? [];
      assert.ok(alternative);
      assert.deepEqual(alternative.languages, ['en']);
      assert.deepEqual(
        alternative.words.map((word) => word.punctuated_word),
        kitchen.words.map(({ text }) => text),
      );
      assert.equal(alternative.transcript, kitchen.words.map(({ text }) => text).join(' '));
      assert.deepEqual(Object.keys(alternative.words[1] ?? {}), [
        'word',
        'start',
        'end',
        'confidence',
        'language',
        'punctuated_word',
        'speaker',
        'speaker_confidence',
      ]);
      assert.equal(alternative.words[1]?.word, 'morning');
      assert.equal(alternative.words[1].punctuated_word, 'morning.');
    });

    it('group words into utterances by pause and speaker', async () => {
      const { results } = (await (await listen(dialogue())).json()) as Transcript;
      const utterances = results.utterances ?? [];
      assert.deepEqual(
        utterances.flatMap(({ words }) => words),
        results.channels[0]?.alternatives[0]?.words,
      );
      assert.equal(utterances[0]?.transcript, 'Good morning. I hope you could sleep after that storm.');
      assert.deepEqual(new Set(utterances.map(({ speaker }) => speaker)), new Set([0, 1]));
      for (const { words, speaker } of utterances) assert.ok(words.every((word) => word.speaker === speaker));
    });

    it('split utterances at the pause that the query names', async () => {
      const count = async (seconds: number): Promise<number | undefined> => {
        const response = await listen(dialogue(), `model=nova-3&utterances=true&utt_split=${seconds}`);
        return ((await response.json()) as Transcript).results.utterances?.length;
      };
      const gaps = kitchen.words.slice(1).map((word, index) => word.startMs - (kitchen.words[index]?.endMs ?? 0));
      for (const seconds of [0.3, 3]) {
        assert.equal(await count(seconds), 1 + gaps.filter((gap) => gap >= seconds * 1000).length);
      }
    });

    it('leave out what the query does not ask for', async () => {
      const { metadata, results } = (await (await listen(dialogue(), 'model=nova-3')).json()) as Transcript;
      assert.equal(results.utterances, undefined);
      assert.equal(metadata.diarize_info, undefined);
      const [alternative] = results.channels[0]?.alternatives ?? [];
      assert.deepEqual(Object.keys(alternative?.words[0] ?? {}), ['word', 'start', 'end', 'confidence']);
      assert.equal(alternative?.languages, undefined);
      assert.ok(alternative?.transcript.startsWith('good morning i hope you could sleep'));
    });

    it('state the duration that is played, without pre-skip and trimmed end', async () => {
      const ogg = writePages(oggPages(packets(), { preSkip: 3840, trim: 480 }));
      const { metadata } = (await (await listen(ogg)).json()) as Transcript;
      assert.equal(metadata.duration, (packets().length * 480 - 3840 - 480) / 48_000);
    });

    it('of silence have no words, which is no error', async () => {
      const silence = wavFile([new Uint8Array(64_000)]);
      const { metadata, results } = (await (await listen(silence)).json()) as Transcript;
      assert.equal(metadata.duration, 2);
      assert.deepEqual(results.channels[0]?.alternatives[0]?.words, []);
      assert.equal(results.channels[0].alternatives[0].transcript, '');
      assert.deepEqual(results.utterances, []);
    });
  });

  describe('refusals', () => {
    for (const authorization of ['', 'Token', 'Token invalid', 'Basic abc']) {
      it(`answers 401 to "${authorization}"`, async () => {
        const body = await refusal(await listen(dialogue(), FULL, { authorization }), 401);
        assert.deepEqual([body.err_code, body.err_msg], ['INVALID_AUTH', 'Invalid credentials.']);
      });
    }

    const badQueries: Readonly<Record<string, RegExp>> = {
      'language=en': /model/,
      'model=nova-9': /nova-9/,
      'model=nova-3&keywords=owl': /Keywords are not supported for Nova-3/,
      'model=nova-2&keyterm=owl': /Nova-3/,
      'model=nova-3&language=Esperanto!': /Esperanto/,
      'model=nova-3&smart_format=yes': /smart_format/,
      'model=nova-3&diarize_model=newest': /newest/,
      'model=nova-3&utt_split=0': /utt_split/,
      'model=nova-3&smartformat=true': /smartformat/,
      'model=nova-3&model=nova-2': /once/,
    };
    for (const [query, message] of Object.entries(badQueries)) {
      it(`answers 400 to ${query}`, async () => {
        const body = await refusal(await listen(dialogue(), query), 400);
        assert.equal(body.err_code, 'INVALID_QUERY_PARAMETER');
        assert.match(body.err_msg, message);
      });
    }

    it('answers 400 to more keyterms than the limit', async () => {
      const terms = Array.from({ length: 501 }, (_, i) => `keyterm=term${i}`).join('&');
      await refusal(await listen(dialogue(), `model=nova-3&${terms}`), 400);
    });

    const badAudio: Readonly<Record<string, () => Buffer>> = {
      'an empty body': () => Buffer.alloc(0),
      'a recording without a container': () => readRecording(kitchen, recordingOf(kitchen)),
      'an Ogg stream cut off': () => dialogue().subarray(0, 5000),
      'a FLAC file cut off': () => Buffer.from('fLaC'),
      'a WAV file without audio': () => wavFile([]),
    };
    for (const [what, audio] of Object.entries(badAudio)) {
      it(`answers 400 to ${what}, and says why in the log`, async () => {
        const body = await refusal(await listen(audio()), 400);
        assert.equal(body.err_code, 'Bad Request');
        assert.equal(body.err_msg, 'Bad Request: failed to process audio: corrupt or unsupported data');
        const { requests } = await control.log();
        assert.equal(requests[0]?.billedSeconds, 0);
        assert.ok(requests[0].problem);
      });
    }

    it('transcribes each channel separately with multichannel, and bills both', async () => {
      const speech = Buffer.from(readMemo().subarray(44));
      const silence = Buffer.alloc(speech.length);
      const both = stereoWav(silence, speech);
      const query = FULL.replace('diarize_model=latest', 'multichannel=true');
      const { metadata, results } = (await (await listen(both, query)).json()) as Transcript;
      assert.equal(metadata.channels, 2);
      const [left, right] = results.channels.map(({ alternatives }) => alternatives[0]!.words);
      assert.deepEqual(left, []);
      assert.deepEqual(
        right?.map((word) => word.punctuated_word),
        memo.words.map(({ text }) => text),
      );
      const { requests } = await control.log();
      assert.ok(Math.abs(requests[0]!.billedSeconds - 2 * metadata.duration) < 1e-6);
    });

    it('answers 400 to a URL to fetch, and 404 to other addresses', async () => {
      await refusal(await listen(Buffer.from('{"url":"http://x"}'), FULL, { 'content-type': 'application/json' }), 400);
      await refusal(await fetch(`${standIn.url}/v1/speak`, { method: 'POST' }), 404);
    });
  });
});

/** 16 kHz, 16 bits. */
function stereoWav(left: Buffer, right: Buffer): Buffer {
  const frames = Array.from({ length: left.length / 2 }, (_, i) =>
    Buffer.concat([left.subarray(2 * i, 2 * i + 2), right.subarray(2 * i, 2 * i + 2)]),
  );
  const wav = wavFile(frames);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(64_000, 28);
  wav.writeUInt16LE(4, 32);
  return wav;
}
