import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import type { DeepgramOptions } from '../../../src/transcription/deepgramRequest.ts';
import { speechOf } from '../../support/speech.ts';
import { answer, AUDIO, DeepgramFixture, HELLO, json, KEY, REQUEST } from './deepgramFixture.ts';

describe('the Deepgram transcriber', () => {
  let deepgram: DeepgramFixture;

  const closing = closeAfterEach();
  beforeEach(async () => {
    deepgram = closing(new DeepgramFixture(), (it) => it.stop());
    await deepgram.start();
  });

  describe('sends', () => {
    it('the audio as it is, with its type, its length and the key', async () => {
      await deepgram.transcribe();
      assert.equal(deepgram.received.length, 1);
      const { method, url, headers, body } = deepgram.received[0]!;
      assert.equal(method, 'POST');
      assert.equal(url.pathname, '/v1/listen');
      assert.deepEqual(body, AUDIO);
      assert.equal(headers['content-type'], 'audio/ogg');
      assert.equal(headers['content-length'], String(AUDIO.byteLength));
      assert.equal(headers['transfer-encoding'], undefined);
      assert.equal(headers.authorization, `Token ${KEY}`);
    });

    it('exactly the parameters that the design names', async () => {
      await deepgram.transcribe({ language: 'de' });
      assert.deepEqual(Object.fromEntries(deepgram.received[0]!.url.searchParams), {
        model: 'nova-3',
        language: 'de',
        smart_format: 'true',
        punctuate: 'true',
        diarize_model: 'latest',
        tag: 'offline-audio-sync',
      });
    });

    it('what the operator asks for besides', async () => {
      const options = 'mip_opt_out=true&redact=pci&redact=numbers&filler_words=true&replace=omi%3AOmi&version=latest';
      await deepgram.transcribe({}, { features: () => ({ model: 'nova-3-medical', diarize: false, options }) });
      const { searchParams } = deepgram.received[0]!.url;
      assert.equal(searchParams.get('model'), 'nova-3-medical');
      assert.equal(searchParams.get('diarize_model'), null);
      assert.deepEqual(searchParams.getAll('redact'), ['pci', 'numbers']);
      const rest = ['mip_opt_out', 'filler_words', 'replace', 'version'].map((name) => searchParams.get(name));
      assert.deepEqual(rest, ['true', 'true', 'omi:Omi', 'latest']);
    });

    it('each keyterm as a parameter of its own, phrases and other scripts unharmed', async () => {
      await deepgram.transcribe({ keyterms: ['Omi', 'left & right', 'Zürich'] });
      assert.deepEqual(deepgram.received[0]!.url.searchParams.getAll('keyterm'), ['Omi', 'left & right', 'Zürich']);
    });

    it('FLAC as FLAC', async () => {
      await deepgram.transcribe({ audio: speechOf(AUDIO, 'audio/flac') });
      assert.equal(deepgram.received[0]!.headers['content-type'], 'audio/flac');
    });

    it('two channels as two, without telling speakers apart besides', async () => {
      await deepgram.transcribe({ audio: { ...speechOf(AUDIO, 'audio/flac'), channels: 2 } });
      const { searchParams } = deepgram.received[0]!.url;
      assert.deepEqual([searchParams.get('multichannel'), searchParams.get('diarize_model')], ['true', null]);
    });

    it('to an address with a path and a trailing slash', async () => {
      await deepgram.transcribe({}, { baseUrl: () => `${deepgram.origin}/proxy/` });
      assert.equal(deepgram.received[0]!.url.pathname, '/proxy/v1/listen');
    });

    it('the key without the newline that secrets often end in', async () => {
      await deepgram.transcribe({}, { apiKey: () => `${KEY}\n` });
      assert.equal(deepgram.received[0]!.headers.authorization, `Token ${KEY}`);
    });
  });

  describe('returns', () => {
    it('words as a reader should see them, with times, speaker and confidence', async () => {
      assert.deepEqual(await deepgram.transcribe(), {
        requestId: 'request-1',
        transcriber: 'deepgram/nova-3',
        billedSeconds: 4,
        language: null,
        words: [{ text: 'Hello,', startSeconds: 0.5, endSeconds: 0.9, confidence: 0.98, speaker: 0, language: null }],
      });
      assert.deepEqual(
        deepgram.logger.entries.map(({ level, event }) => [level, event]),
        [['info', 'deepgram.answered']],
      );
    });

    it('the plain word if there is no punctuated one, and no speaker if speakers were not distinguished', async () => {
      deepgram.respond = json(200, answer([{ word: 'hi', start: 0, end: 0.2, confidence: 1 }]));
      const [word] = (await deepgram.transcribe()).words;
      assert.deepEqual(word, {
        text: 'hi',
        startSeconds: 0,
        endSeconds: 0.2,
        confidence: 1,
        speaker: null,
        language: null,
      });
    });

    it('the words of two channels in order of time, each channel a speaker, and what both cost', async () => {
      const channelOf = (...words: object[]) => answer(words).results.channels[0]!;
      const reply = { ...HELLO, word: 'hi', punctuated_word: 'Hi.', start: 0.2, end: 0.4 };
      const { metadata } = answer([]);
      deepgram.respond = json(200, { metadata, results: { channels: [channelOf(HELLO), channelOf(reply)] } });
      const audio = { ...speechOf(AUDIO, 'audio/flac'), channels: 2 as const };
      const { words, billedSeconds } = await deepgram.transcribe({ audio });
      assert.deepEqual(
        words.map(({ text, speaker }) => [text, speaker]),
        [
          ['Hi.', 1],
          ['Hello,', 0],
        ],
      );
      assert.equal(billedSeconds, 8);
      assert.equal(deepgram.logger.entries[0]?.event, 'deepgram.answered', 'twice the length is what it should bill');
    });

    it('words in order of time, none ending before it begins', async () => {
      const late = { ...HELLO, punctuated_word: 'late', start: 3, end: 2.9 };
      deepgram.respond = json(200, answer([late, HELLO]));
      const { words } = await deepgram.transcribe();
      assert.deepEqual(
        words.map((word) => [word.text, word.startSeconds, word.endSeconds]),
        [
          ['Hello,', 0.5, 0.9],
          ['late', 3, 3],
        ],
      );
    });

    it('the language of each word, or that of the transcript if a word has none', async () => {
      const words = [
        { ...HELLO, language: 'es' },
        { ...HELLO, start: 1, end: 2 },
      ];
      deepgram.respond = json(200, answer(words, { alternative: { languages: ['en', 'es'] } }));
      const result = await deepgram.transcribe();
      assert.equal(result.language, 'en');
      assert.deepEqual(
        result.words.map(({ language }) => language),
        ['es', 'en'],
      );
    });

    it('the language detected for the channel', async () => {
      deepgram.respond = json(200, answer([HELLO], { channel: { detected_language: 'fr' } }));
      const result = await deepgram.transcribe();
      assert.equal(result.language, 'fr');
      assert.equal(result.words[0]!.language, 'fr');
    });

    it('the requested language if Deepgram names none', async () => {
      assert.equal((await deepgram.transcribe({ language: 'de' })).language, 'de');
    });

    it('the language of most words if only words have one', async () => {
      const words = ['es', 'en', 'es'].map((language, index) => ({ ...HELLO, start: index, end: index, language }));
      deepgram.respond = json(200, answer(words));
      assert.equal((await deepgram.transcribe()).language, 'es');
    });

    it('no words for silence: a result, not an error', async () => {
      deepgram.respond = json(200, answer([]));
      assert.deepEqual(await deepgram.transcribe(), {
        requestId: 'request-1',
        transcriber: 'deepgram/nova-3',
        billedSeconds: 4,
        language: null,
        words: [],
      });
    });

    it('a warning in the log when another length is billed than was sent', async () => {
      await deepgram.transcribe({ durationMs: 60_000 });
      assert.deepEqual(
        deepgram.logger.entries.map(({ level }) => level),
        ['warn'],
      );
    });
  });

  describe('ends', () => {
    it('with transcription_unavailable when no server listens', async () => {
      const address = deepgram.origin;
      await deepgram.stop();
      const error = await deepgram.failure({}, { baseUrl: () => address });
      assert.equal(error.code, 'transcription_unavailable');
      assert.match(String(error.cause), /Deepgram: ECONNREFUSED/);
    });

    it('with transcription_unavailable when the connection drops before an answer', async () => {
      deepgram.respond = (response) => response.destroy();
      assert.equal((await deepgram.failure()).code, 'transcription_unavailable');
      assert.equal(deepgram.received.length, 1);
    });

    it('with transcription_unavailable when no answer comes in time', async () => {
      deepgram.respond = () => undefined;
      const error = await deepgram.failure({}, { timeoutMs: 50 });
      assert.equal(error.code, 'transcription_unavailable');
      assert.match(String(error.cause), /TIMEOUT/);
    });

    it('with transcription_unavailable when an answer begins in time and does not end', async () => {
      deepgram.respond = (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"metadata":{');
      };
      const error = await deepgram.failure({}, { timeoutMs: 50 });
      assert.equal(error.code, 'transcription_unavailable');
      assert.match(String(error.cause), /TIMEOUT/);
    });

    it('with the caller’s own reason when the caller aborts, and closes the connection', async () => {
      const controller = new AbortController();
      const reason = new Error('the deadline is near');
      const closed = new Promise<void>((resolve) => {
        deepgram.respond = (response) => {
          response.once('close', resolve);
          controller.abort(reason);
        };
      });
      await assert.rejects(deepgram.transcriber().transcribe(REQUEST, controller.signal), (error) => error === reason);
      await closed;
      assert.deepEqual(deepgram.logger.entries, []);
    });

    it('without leaving a timer behind when it fails', async () => {
      deepgram.respond = (response) => response.destroy();
      const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
      await deepgram.failure();
      const before = timers();
      for (let request = 0; request < 5; request += 1) await deepgram.failure();
      assert.ok(timers() - before < 5, `${timers() - before} more timers than before`);
    });

    it('before any request when the caller has aborted already', async () => {
      const reason = new Error('cancelled');
      await assert.rejects(
        deepgram.transcriber().transcribe(REQUEST, AbortSignal.abort(reason)),
        (error) => error === reason,
      );
      assert.equal(deepgram.received.length, 0);
    });
  });

  describe('sends no request and waits for the operator if', () => {
    for (const [name, options] of Object.entries<Partial<DeepgramOptions>>({
      'the key is missing': { apiKey: () => '' },
      'the key is blank': { apiKey: () => ' \n' },
      'the key cannot be a header': { apiKey: () => `${KEY}\nsecond line` },
      'the address is not one': { baseUrl: () => 'localhost:1234' },
    })) {
      it(name, async () => {
        assert.equal((await deepgram.failure({}, options)).code, 'transcription_not_configured');
        assert.equal(deepgram.received.length, 0);
      });
    }
  });
});
