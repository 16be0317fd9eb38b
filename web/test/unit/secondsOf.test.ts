import assert from 'node:assert/strict';
import { secondsOf } from '../../src/sync/secondsOf.ts';
import { FakeTime } from './support/fakeTime.ts';

describe('The length of an audio file', () => {
  let time: FakeTime;
  beforeEach(() => {
    time = new FakeTime(Date.UTC(2026, 6, 3, 10));
  });
  afterEach(() => {
    time.end();
  });

  const asked = (audio: Partial<HTMLAudioElement>) => {
    const element = audio as HTMLAudioElement;
    return { element, length: secondsOf(new Blob(['x']), element) };
  };
  const event = new Event('loadedmetadata');

  it('is the browser’s value, and unknown if that is not a number or an error', async () => {
    const [known, endless, broken] = [asked({ duration: 12.5 }), asked({ duration: Infinity }), asked({})];
    for (const { element } of [known, endless]) element.onloadedmetadata?.(event);
    broken.element.onerror?.(event);
    assert.deepEqual(await Promise.all([known, endless, broken].map(({ length }) => length)), [12.5, null, null]);
  });

  it('is unknown if the browser does not answer in time', async () => {
    const { length } = asked({});
    await time.advance(5000);
    assert.equal(await length, null);
  });
});
