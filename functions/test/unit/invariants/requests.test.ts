import assert from 'node:assert/strict';
import type { LogEntry } from '../../../../dev/deepgram/protocol.ts';
import { everyWordOnce, noStoredChunkAskedAgain, successfulRequestsBounded } from '../../invariants/requests.ts';
import type { UserData } from '../../invariants/userData.ts';
import { NOW_MS, soundData, WORDS } from './data.ts';

const SPOKEN = WORDS.map(({ text, startMs, endMs }) => ({ deviceId: 'pendant1', text, startMs, endMs }));

function request(change: Partial<LogEntry> = {}): LogEntry {
  return {
    requestId: 'request',
    nth: 1,
    startedAt: new Date(NOW_MS - 3600_000).toISOString(),
    finishedAt: null,
    query: {},
    contentType: 'audio/ogg',
    bytes: 100,
    sha256: 'of the audio',
    audioSeconds: 4,
    billedSeconds: 4.5,
    status: 200,
    outcome: 'answered',
    words: 3,
    problem: null,
    ...change,
  };
}

const AGAIN = request({ requestId: 'again', nth: 2, startedAt: new Date(NOW_MS).toISOString() });

function withWords(change: (words: typeof WORDS) => typeof WORDS): UserData {
  const data = soundData();
  const chunks = data.chunks.map(({ chunk, ...rest }) => ({
    ...rest,
    chunk: { ...chunk, words: change(WORDS) },
  }));
  return { ...data, chunks };
}

describe('the invariants of requests', () => {
  it('hold for one request for each chunk', () => {
    assert.deepEqual(noStoredChunkAskedAgain(soundData(), [request()]), []);
    assert.deepEqual(successfulRequestsBounded(soundData(), [request()], 0), []);
  });

  it('are violated by a request for audio whose words are stored', () => {
    assert.match(noStoredChunkAskedAgain(soundData(), [request(), AGAIN])[0] ?? '', /sent again in request 2/);
    assert.deepEqual(noStoredChunkAskedAgain(soundData(), [request(), AGAIN], new Set([AGAIN.requestId])), []);
  });

  it('allow a request that was in flight when the words were stored', () => {
    const sooner = request({ requestId: 'sooner', nth: 2 });
    assert.deepEqual(noStoredChunkAskedAgain(soundData(), [request(), sooner]), []);
  });

  it('are violated by a chunk without a request', () => {
    assert.equal(noStoredChunkAskedAgain(soundData(), []).length, 1);
  });

  it('count only requests that were billed', () => {
    const refused = request({ requestId: 'refused', status: 429, billedSeconds: 0 });
    assert.deepEqual(successfulRequestsBounded(soundData(), [request(), refused], 0), []);
    assert.equal(successfulRequestsBounded(soundData(), [request(), AGAIN], 0).length, 1);
    assert.deepEqual(successfulRequestsBounded(soundData(), [request(), AGAIN], 1), []);
  });
});

describe('The check that every word is stored once', () => {
  it('passes for what was spoken', () => {
    assert.deepEqual(everyWordOnce(soundData(), SPOKEN), []);
  });

  it('notices a word that is missing', () => {
    assert.match(
      everyWordOnce(
        withWords((words) => words.slice(1)),
        SPOKEN,
      )[0] ?? '',
      /1 words are missing/,
    );
  });

  it('notices a word that is there twice', () => {
    assert.match(
      everyWordOnce(
        withWords((words) => [...words, words[0]!]),
        SPOKEN,
      )[0] ?? '',
      /1 words too many/,
    );
  });

  it('notices a word that was not spoken', () => {
    assert.match(everyWordOnce(soundData(), SPOKEN.slice(1))[0] ?? '', /1 words too many/);
  });

  it('notices a word that is in another place', () => {
    const late = withWords((words) => words.map((word) => ({ ...word, startMs: word.startMs + 50 })));
    assert.match(everyWordOnce(late, SPOKEN)[0] ?? '', /50 ms off/);
  });

  it('notices words that are in no segment', () => {
    assert.match(everyWordOnce({ ...soundData(), segments: new Map() }, SPOKEN)[0] ?? '', /0 of 3 words/);
  });
});
