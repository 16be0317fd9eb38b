import assert from 'node:assert/strict';
import { closeAfterAll } from './closing.ts';
import { StandInControl } from '../deepgram/control.ts';
import { startDeepgramStandIn } from '../deepgram/server.ts';
import type { StandIn } from '../deepgram/server.ts';

const TALK = [
  'The harbour is closed until Friday.',
  'The harbour master told everybody about the lighthouse.',
  'Nobody believed the harbour master at first.',
  'The lighthouse keeper had left a note on the door, and the note said that the lamp was broken and that the boats had to wait for the morning.',
  'We stayed at the inn.',
].join(' ');

describe('the Deepgram stand-in, asked to read,', () => {
  let standIn: StandIn;
  let control: StandInControl;

  const closing = closeAfterAll();
  before(async () => {
    standIn = closing(await startDeepgramStandIn({ quiet: true }));
    control = new StandInControl(standIn.url);
  });
  beforeEach(() => control.reset());

  async function read(query: string, body: unknown, key = 'any'): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${standIn.url}/v1/read?${query}`, {
      method: 'POST',
      headers: { authorization: `Token ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  it('answers with the first sentences and the most frequent words, in the documented shape', async () => {
    const { status, body } = await read('summarize=true&topics=true&language=en', { text: TALK });
    assert.equal(status, 200);
    const { metadata, results } = body as { metadata: { language: string }; results: object };
    assert.equal(metadata.language, 'en');
    assert.deepEqual(results, {
      summary: { text: TALK.split('. ').slice(0, 3).join('. ') + '.' },
      topics: {
        segments: [
          {
            text: TALK,
            start_word: 0,
            end_word: TALK.split(' ').length - 1,
            topics: [
              { topic: 'Harbour', confidence_score: 0.5 },
              { topic: 'Master', confidence_score: 0.5 },
            ],
          },
        ],
      },
    });
  });

  it('returns a short text unchanged', async () => {
    const { body } = await read('summarize=true&language=en-GB', { text: 'We are at the inn.' });
    assert.deepEqual((body as { results: object }).results, { summary: { text: 'We are at the inn.' } });
  });

  const refused: Readonly<Record<string, readonly [query: string, body: unknown]>> = {
    'a request without a language': ['summarize=true', { text: TALK }],
    'another language than English': ['summarize=true&language=de', { text: TALK }],
    'a request without a feature': ['language=en', { text: TALK }],
    'a parameter that it does not know': ['summarise=true&language=en', { text: TALK }],
    'a flag that is none': ['summarize=v2&language=en', { text: TALK }],
    'an address instead of a text': ['summarize=true&language=en', { url: 'https://example.com' }],
    'an empty text': ['summarize=true&language=en', { text: ' ' }],
    'more tokens than the service takes': ['summarize=true&language=en', { text: 'a '.repeat(150_001) }],
  };
  for (const [what, [query, body]] of Object.entries(refused)) {
    it(`refuses ${what}, and logs why`, async () => {
      const answer = await read(query, body);
      assert.equal(answer.status, 400);
      const { reads } = await control.log();
      assert.deepEqual([reads.length, reads[0]?.status], [1, 400]);
      assert.ok(reads[0]?.problem);
    });
  }

  it('refuses a bad key', async () => {
    assert.equal((await read('summarize=true&language=en', { text: TALK }, 'invalid')).status, 401);
  });

  it('logs reads apart from transcriptions, and never the text', async () => {
    await read('summarize=true&language=en', { text: TALK });
    const log = await control.log();
    assert.deepEqual([log.requests.length, log.reads.length], [0, 1]);
    assert.ok(!JSON.stringify(log).includes('harbour'));
  });
});
