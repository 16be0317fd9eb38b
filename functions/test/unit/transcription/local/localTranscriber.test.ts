import assert from 'node:assert/strict';
import { createLocalTranscriber } from '../../../../src/transcription/local/localTranscriber.ts';
import type { BatchRecogniser, BatchRequest } from '../../../../src/transcription/local/recogniserPool.ts';
import type { TranscriptionRequest } from '../../../../src/transcription/transcriber.ts';
import { recordingLogger } from '../../../support/logger.ts';
import { speechOfPcm } from '../../../support/speech.ts';

const RATE = 16_000;

/** Recognises one word half a second into each piece. Its text is the time at which the piece begins, in seconds. */
class OneWordEach implements BatchRecogniser {
  readonly size = 2;
  readonly requests: BatchRequest[] = [];

  recognise(request: BatchRequest, signal: AbortSignal) {
    signal.throwIfAborted();
    this.requests.push(request);
    const words = request.pieces.map(({ start }) => [
      { text: String(start / RATE), startSeconds: 0.5, endSeconds: 0.75, confidence: 0.9 },
    ]);
    return Promise.resolve(words);
  }
}

function request(changes: Partial<TranscriptionRequest> = {}): TranscriptionRequest {
  const audio = speechOfPcm(new Float32Array(14 * RATE), [8 * RATE]);
  return { audio, durationMs: 14_000, language: 'multi', preferredLanguage: null, keyterms: [], ...changes };
}

describe('the local transcriber', () => {
  const { signal } = new AbortController();
  let recogniser: OneWordEach;
  const transcriber = (isInstalled = true) =>
    createLocalTranscriber({
      size: 'tiny',
      recogniser: () => Promise.resolve(recogniser),
      logger: recordingLogger(),
      isInstalled: () => isInstalled,
    });
  beforeEach(() => {
    recogniser = new OneWordEach();
  });

  it('cuts speech at its pauses and places the words of each piece in the whole', async () => {
    const { words, ...rest } = await transcriber().transcribe(request(), signal);
    assert.deepEqual(
      words.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]),
      [
        [0.5, 0.75],
        [8.5, 8.75],
      ],
    );
    assert.match(rest.requestId, /^[\w-]{36}$/);
    assert.deepEqual(
      { ...rest, requestId: '' },
      {
        requestId: '',
        transcriber: 'moonshine-tiny-en',
        billedSeconds: 0,
        language: 'en',
      },
    );
    assert.ok(words.every(({ speaker, language }) => speaker === null && language === 'en'));
  });

  it('returns the words in order of time, however their pieces are batched', async () => {
    const pauses = [9, 14, 22, 31, 40].map((second) => second * RATE);
    const audio = speechOfPcm(new Float32Array(45 * RATE), pauses);
    const { words } = await transcriber().transcribe(request({ audio }), signal);
    assert.deepEqual(
      words.map(({ text, startSeconds }) => [text, startSeconds]),
      ['0', '9', '14', '22', '31', '40'].map((text) => [text, Number(text) + 0.5]),
    );
    assert.equal(recogniser.requests.length, 2);
  });

  it('accepts English of any region, and treats speech of unknown language as English', async () => {
    for (const language of ['en', 'en-GB', 'EN-us', 'multi']) {
      assert.equal((await transcriber().transcribe(request({ language }), signal)).language, 'en');
    }
  });

  it('refuses other languages with a sentence, and the audio is kept', async () => {
    for (const spoken of [{ language: 'de' }, { language: 'multi', preferredLanguage: 'pt-BR' }]) {
      await assert.rejects(transcriber().transcribe(request(spoken), signal), {
        code: 'language_not_supported_locally',
        remedy: 'operator',
      });
    }
    assert.equal(recogniser.requests.length, 0);
  });

  it('waits for the operator if the files of the model are missing', async () => {
    await assert.rejects(transcriber(false).transcribe(request(), signal), {
      code: 'transcription_not_configured',
      message: /moonshine-tiny-en/,
    });
  });

  it('fails with the caller’s own reason when the caller aborts', async () => {
    const reason = new Error('the deadline is near');
    await assert.rejects(transcriber().transcribe(request(), AbortSignal.abort(reason)), (error) => error === reason);
  });
});
