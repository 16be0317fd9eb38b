import assert from 'node:assert/strict';
import { params } from '../../src/config.ts';
import { boundedInt } from '../../src/intSetting.ts';
import { recordingLogger } from '../support/logger.ts';
import { logLines } from '../support/logLines.ts';

describe('a setting that is a number', () => {
  const bounds = { min: 1, max: 20, default: 10, description: '' };
  afterEach(() => {
    delete process.env['MINUTES_OF_THE_TEST'];
  });

  const read = (text: string | undefined) => {
    if (text !== undefined) process.env['MINUTES_OF_THE_TEST'] = text;
    const logger = recordingLogger();
    const setting = boundedInt('MINUTES_OF_THE_TEST', bounds, logger);
    return { values: [setting.value(), setting.value()], logger };
  };

  for (const [text, taken] of [
    ['7', 7],
    ['1', 1],
    [' 20 ', 20],
  ] as const) {
    it(`is used as it is: “${text}”`, () => {
      const { values, logger } = read(text);
      assert.deepEqual(values, [taken, taken]);
      assert.deepEqual(logger.entries, []);
    });
  }

  it('has its default if nothing is set', () => {
    for (const text of [undefined, '']) {
      const { values, logger } = read(text);
      assert.deepEqual(values, [10, 10]);
      assert.deepEqual(logger.entries, []);
    }
  });

  for (const [text, taken] of [
    ['600', 20],
    ['0', 1],
    ['-5', 1],
    ['ten', 10],
    ['10m', 10],
    ['2.5', 10],
  ] as const) {
    it(`is ${taken}, and logged once, if it is out of range or no number: “${text}”`, () => {
      const { values, logger } = read(text);
      assert.deepEqual(values, [taken, taken]);
      assert.deepEqual(logger.entries, [
        {
          level: 'error',
          event: 'setting.out_of_range',
          fields: { stage: 'configure', setting: 'MINUTES_OF_THE_TEST', given: text, taken, min: 1, max: 20 },
        },
      ]);
    });
  }

  it('is lowered, and logged, if the words of a request to Deepgram would not fit into one document', async () => {
    process.env['MAX_CHUNK_MINUTES'] = '600';
    try {
      let minutes = Infinity;
      const lines = await logLines(() => (minutes = params.maxChunkMinutes.value()));
      // 11,000 words fill 1 MiB; nobody speaks 550 of them in a minute.
      assert.ok(minutes * 550 <= 11_000);
      assert.deepEqual(
        lines.map(({ event, given, taken }) => [event, given, taken]),
        [['setting.out_of_range', '600', minutes]],
      );
    } finally {
      delete process.env['MAX_CHUNK_MINUTES'];
    }
  });
});
