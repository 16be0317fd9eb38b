import assert from 'node:assert/strict';
import { addressOf } from '../../../src/http/addresses.ts';

/** The address of the status for a client that sent a request to `url`. @param path the part that the platform passes to the function */
function found(url: string, path: string, service?: string): string {
  const { host } = new URL(url);
  const request = { path, get: () => host };
  const reference =
    service === undefined
      ? addressOf('syncStatus', 'syncUpload', request)
      : addressOf('syncStatus', 'syncUpload', request, service);
  return new URL(`${reference}?job_id=j1`, url).href;
}

describe('the address of another function', () => {
  it('is its path behind Hosting', () => {
    const url = 'https://demo.web.app/v2/sync/upload';
    assert.equal(found(url, '/v2/sync/upload'), 'https://demo.web.app/v2/sync/status?job_id=j1');
    assert.equal(found(`${url}/`, '/v2/sync/upload/'), 'https://demo.web.app/v2/sync/status?job_id=j1');
  });

  it('keeps the prefix of a proxy that keeps the paths', () => {
    const url = 'https://example.com/audio/v2/sync/upload';
    assert.equal(found(url, '/audio/v2/sync/upload'), 'https://example.com/audio/v2/sync/status?job_id=j1');
  });

  it('has the other name in place of its own, at the platform’s address and in the emulator', () => {
    assert.equal(
      found('https://somewhere1-demo.cloudfunctions.net/syncUpload', '/'),
      'https://somewhere1-demo.cloudfunctions.net/syncStatus?job_id=j1',
    );
    assert.equal(
      found('http://127.0.0.1:5001/demo/somewhere1/syncUpload', '/', 'syncUpload'),
      'http://127.0.0.1:5001/demo/somewhere1/syncStatus?job_id=j1',
    );
  });

  it('has the host of the other function at Cloud Run’s addresses', () => {
    assert.equal(
      found('https://syncupload-abc123-uc.a.run.app', '/', 'syncupload'),
      'https://syncstatus-abc123-uc.a.run.app/?job_id=j1',
    );
    assert.equal(
      found('https://syncupload-123456.somewhere1.run.app', '/', 'syncupload'),
      'https://syncstatus-123456.somewhere1.run.app/?job_id=j1',
    );
  });

  it('keeps the prefix that a kit gives to its functions', () => {
    assert.equal(
      found('https://somewhere1-demo.cloudfunctions.net/audio-syncUpload', '/', 'audio-syncupload'),
      'https://somewhere1-demo.cloudfunctions.net/audio-syncStatus?job_id=j1',
    );
    assert.equal(
      found('https://audio-syncupload-abc123-uc.a.run.app', '/', 'audio-syncupload'),
      'https://audio-syncstatus-abc123-uc.a.run.app/?job_id=j1',
    );
  });
});
