import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { startDeepgramStandIn } from '../../../../dev/deepgram/server.ts';
import { AppError } from '../../../src/errors.ts';
import { createDeepgramSummariser, parseReadResponse } from '../../../src/transcription/deepgramSummariser.ts';
import { DeepgramFixture, json, KEY } from './deepgramFixture.ts';

const SIGNAL = new AbortController().signal;
const TALK = { text: 'We talked about the harbour and the secret lighthouse. '.repeat(8), language: 'en' };

/** The answer in the documentation. */
const ANSWER = {
  metadata: { request_id: 'r-1' },
  results: {
    summary: { text: ' Two people talk  about a harbour. ' },
    topics: {
      segments: [
        { topics: [{ topic: 'Harbour', confidence_score: 0.4 }] },
        {
          topics: [
            { topic: 'old Lighthouse', confidence_score: 0.9 },
            { topic: 'harbour', confidence_score: 0.6 },
            { topic: 'weather', confidence_score: 0.1 },
            { topic: 'inn', confidence_score: 0.05 },
          ],
        },
      ],
    },
  },
};

describe('the Deepgram summariser', () => {
  let deepgram: DeepgramFixture;

  const closing = closeAfterEach();
  beforeEach(async () => {
    deepgram = closing(new DeepgramFixture(), (it) => it.stop());
    await deepgram.start();
    deepgram.respond = json(200, ANSWER);
  });

  const summariser = (baseUrl = deepgram.origin) =>
    createDeepgramSummariser({ apiKey: () => KEY, baseUrl: () => baseUrl, logger: deepgram.logger });

  it('asks for summary and topics of the text', async () => {
    await summariser().summarise(TALK, SIGNAL);
    const [{ method, url, headers, body }] = deepgram.received as [(typeof deepgram.received)[number]];
    assert.deepEqual([method, url.pathname, headers.authorization], ['POST', '/v1/read', `Token ${KEY}`]);
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      summarize: 'true',
      topics: 'true',
      language: 'en',
      tag: 'offline-audio-sync',
    });
    assert.deepEqual(JSON.parse(body.toString()), { text: TALK.text });
  });

  it('makes a title of the topics that weigh most, and an overview of the summary', async () => {
    assert.deepEqual(await summariser().summarise(TALK, SIGNAL), {
      title: 'Harbour, old Lighthouse, weather',
      overview: 'Two people talk about a harbour.',
    });
  });

  it('takes the title from the text if no topic was found', async () => {
    deepgram.respond = json(200, { results: { summary: { text: 'Talk.' } } });
    assert.equal(
      (await summariser().summarise(TALK, SIGNAL)).title,
      'We talked about the harbour and the secret lighthouse',
    );
  });

  it('sends no request if the language is not supported, or the text is too short', async () => {
    for (const opening of [
      { ...TALK, language: 'de' },
      { ...TALK, language: null },
      { text: 'We talked about the harbour.', language: 'en-GB' },
    ]) {
      const { title, overview } = await summariser().summarise(opening, SIGNAL);
      assert.match(title!, /^We talked about the harbour/);
      assert.equal(overview, null);
    }
    assert.equal(deepgram.received.length, 0);
  });

  it('reads more of a transcript only if it can use more', () => {
    assert.equal(summariser().maxCharacters('en-US'), 100_000);
    assert.equal(summariser().maxCharacters('fr'), 2000);
  });

  it('costs a second of speech for 500 characters, if it costs anything', () => {
    assert.equal(summariser().costSeconds(TALK), TALK.text.length / 500);
    assert.equal(summariser().costSeconds({ ...TALK, language: 'fr' }), 0);
    assert.equal(summariser().costSeconds({ ...TALK, text: 'Too short.' }), 0);
  });

  it('fails with a code after one request, and reveals nothing of the text', async () => {
    deepgram.respond = json(429, { err_code: 'TOO_MANY_REQUESTS', err_msg: TALK.text });
    await assert.rejects(summariser().summarise(TALK, SIGNAL), (error) => {
      return error instanceof AppError && error.code === 'transcription_rate_limited';
    });
    assert.equal(deepgram.received.length, 1);
    assert.ok(!JSON.stringify(deepgram.logger.entries).includes('secret'));
  });

  it('does not accept an answer without a summary', async () => {
    deepgram.respond = json(200, { results: {} });
    await assert.rejects(summariser().summarise(TALK, SIGNAL), AppError);
  });

  it('understands the shape that the SDK declares as well', () => {
    const { summary, topics } = ANSWER.results;
    const nested = { results: { summary: { results: { summary } }, topics: { results: { topics } } } };
    assert.deepEqual(parseReadResponse(nested), parseReadResponse(ANSWER));
  });

  it('is understood by the stand-in', async () => {
    const standIn = await startDeepgramStandIn({ quiet: true });
    try {
      assert.deepEqual(await summariser(standIn.url).summarise(TALK, SIGNAL), {
        title: 'Talked, Harbour',
        overview: 'We talked about the harbour and the secret lighthouse. '.repeat(3).trim(),
      });
    } finally {
      await standIn.close();
    }
  });
});
