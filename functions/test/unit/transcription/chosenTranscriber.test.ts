import assert from 'node:assert/strict';
import { chosenTranscriber } from '../../../src/transcription/chosenTranscriber.ts';

describe('the choice of a transcriber', () => {
  it('is the one that the setting names, whether or not Deepgram has a key', () => {
    for (const name of ['deepgram', 'local', 'openai'] as const) {
      for (const key of ['', 'key']) assert.equal(chosenTranscriber(name, key), name);
    }
  });

  it('is Deepgram if it has a key, and otherwise the local recogniser, unless the operator has chosen', () => {
    assert.equal(chosenTranscriber('auto', 'key'), 'deepgram');
    for (const key of ['', ' \n']) assert.equal(chosenTranscriber('auto', key), 'local');
  });

  it('is none for a setting that names no transcriber', () => {
    for (const setting of ['', 'Deepgram', 'whisper']) assert.equal(chosenTranscriber(setting, 'key'), null);
  });
});
