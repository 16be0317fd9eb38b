/** One request of each kind that held an instance once, and of its neighbours. */
import { filePart, multipart } from '../test/support/multipart.ts';
import type { MultipartBody } from '../test/support/multipart.ts';
import { CAPTURED_AT } from '../test/support/recordings.ts';

export interface HostileRequest extends MultipartBody {
  readonly what: string;
  readonly path: '/upload' | '/createSyncJob';
}

const FORM = 'multipart/form-data; boundary=b';

function form(what: string, body: Buffer): HostileRequest {
  return { what, path: '/upload', contentType: FORM, body };
}

/** @param data JSON */
function call(what: string, data: string): HostileRequest {
  const body = Buffer.from(`{"data":${data}}`);
  return { what, path: '/createSyncJob', contentType: 'application/json', body };
}

function recording(what: string, codec: string, bytes: Buffer): HostileRequest {
  return { what, path: '/upload', ...multipart([filePart(`audio_x_${codec}_${CAPTURED_AT}.bin`, bytes)]) };
}

/** Many places from which a chain of lengths leads to one packet of 64 KB of padding. */
function opusPadding(): Buffer {
  const candidates = 318;
  const lengths = Buffer.alloc(4 * candidates);
  for (let i = 0; i < candidates; i++) lengths.writeUInt32LE(4 * candidates - 4 * i - 4, 4 * i);
  const packet = Buffer.alloc(4 + 65_536, 255);
  packet.writeUInt32LE(65_536, 0);
  packet[4] = 0x03; // code 3: several frames
  packet[5] = 0x41; // one frame, with padding
  return Buffer.concat([Buffer.alloc(4), ...Array.from({ length: 15 }, () => Buffer.concat([lengths, packet]))]);
}

/** PCM in frames of one sample. */
function tinyFrames(count: number): Buffer {
  const bytes = Buffer.alloc(6 * count);
  for (let i = 0; i < count; i++) {
    bytes.writeUInt32LE(2, 6 * i);
    bytes.writeInt16LE(Math.round(8000 * Math.sin(i / 9)), 6 * i + 4);
  }
  return bytes;
}

export function hostileRequests(): HostileRequest[] {
  const part = '--b\r\nContent-Disposition: form-data; name="files"; filename="n"\r\n\r\nx';
  return [
    form('a form that goes on behind its end', Buffer.from(`--b--\r\n${part}`)),
    form('a form without an end, 1 MB', Buffer.concat([Buffer.from(part), Buffer.alloc(1 << 20, '\r\n--')])),
    form('10,000 parts', Buffer.from(`${`${part}\r\n`.repeat(10_000)}--b--\r\n`)),
    call('a manifest of 750,000 entries', `{"files":[${Array(750_000).fill(0).join()}]}`),
    call('1,000 bad recordings', `{"files":[${Array(1000).fill('{"name":".exe","size_bytes":-1}').join()}]}`),
    call('lists in lists', '['.repeat(5000) + ']'.repeat(5000)),
    call('odd objects for strings', '{"files":[{"name":{"length":{"valueOf":0}},"size_bytes":{"toString":0}}]}'),
    recording('1 MB of Opus padding', 'opus_16000_1_fs160', opusPadding()),
    recording('1 MB of frames of one sample', 'pcm16_16000_1_fs1', tinyFrames(170_000)),
    recording(
      '1 MB of noise',
      'opus_16000_1_fs320',
      Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 7919) >> 3)),
    ),
  ];
}
