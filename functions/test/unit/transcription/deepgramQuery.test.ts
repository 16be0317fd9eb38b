import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import { deepgramQuery, parseDeepgramOptions } from '../../../src/transcription/deepgramQuery.ts';

const REQUEST = { language: 'multi', keyterms: [] };

describe('what Deepgram is asked for', () => {
  it('is the model and the options that the operator sets', () => {
    const options = 'mip_opt_out=true&redact=pci&redact=numbers&numerals=true&replace=omi%3AOmi';
    assert.deepEqual(deepgramQuery(REQUEST, { model: 'nova-3-medical', diarize: true, options }), {
      model: 'nova-3-medical',
      language: 'multi',
      smart_format: true,
      punctuate: true,
      diarize_model: 'latest',
      tag: 'offline-audio-sync',
      mip_opt_out: 'true',
      redact: ['pci', 'numbers'],
      numerals: 'true',
      replace: ['omi:Omi'],
    });
  });

  it('has nothing about speakers if they are not wanted, because that may cost extra', () => {
    const query = deepgramQuery(REQUEST, { model: 'nova-3', diarize: false, options: '' });
    assert.ok(!Object.keys(query).some((name) => name.includes('diarize')));
  });

  it('has nothing more if no options are set, or only white space', () => {
    for (const text of ['', ' \n']) assert.deepEqual(parseDeepgramOptions(text), {});
  });

  for (const [text, reason] of [
    ['redakt=pci', /does not know redakt/],
    ['summarize=v2', /does not know summarize/],
    ['callback=https://elsewhere.test', /does not know callback/],
    ['__proto__=true', /does not know __proto__/],
    ['constructor=true', /does not know constructor/],
    ['model=nova-2', /does not know model/],
    ['redact', /value of redact/],
    ['mip_opt_out=yes', /value of mip_opt_out/],
    ['mip_opt_out=true&mip_opt_out=false', /mip_opt_out stands in it more than once/],
  ] as const) {
    it(`sends nothing while the options are wrong: ${text}`, () => {
      assert.throws(
        () => parseDeepgramOptions(text),
        (error: unknown) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, 'transcription_not_configured');
          assert.match(error.message, reason);
          return true;
        },
      );
    });
  }
});
