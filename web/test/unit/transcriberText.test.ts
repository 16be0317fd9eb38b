import assert from 'node:assert/strict';
import { privacyOfSuite, recogniserText, transcriberText } from '../../src/domain/transcriberText.ts';

const NOTHING_LEAVES = /nothing le(aves|ft) this machine/i;

describe('The text about the recogniser', () => {
  it('says that nothing leaves this machine only if that is true', () => {
    for (const setting of ['local', 'stand-in']) {
      assert.match(recogniserText(setting), NOTHING_LEAVES);
      assert.match(privacyOfSuite(setting), NOTHING_LEAVES);
    }
    for (const setting of ['deepgram', 'openai', 'auto', 'something new']) {
      assert.doesNotMatch(recogniserText(setting), NOTHING_LEAVES);
      assert.doesNotMatch(privacyOfSuite(setting), NOTHING_LEAVES);
    }
    assert.match(transcriberText('moonshine-tiny-en', true), NOTHING_LEAVES);
    assert.doesNotMatch(transcriberText('moonshine-tiny-en', false), NOTHING_LEAVES);
    assert.doesNotMatch(transcriberText('deepgram/nova-3', true), NOTHING_LEAVES);
  });

  it('names the service that received the speech', () => {
    assert.equal(transcriberText('deepgram/nova-3', false), 'Deepgram (nova-3), which received the speech.');
    assert.match(
      transcriberText('openai/whisper-1', false),
      /operator has chosen \(whisper-1\), which received the speech/,
    );
    assert.match(transcriberText('brand-new', false), /^brand-new, which received the speech/);
    assert.match(transcriberText('moonshine-base-en', false), /sent to no other service/);
  });
});
