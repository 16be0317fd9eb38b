/** One request of each kind that once occupied an instance for long, and of similar kinds. */
import { gzipSync } from 'node:zlib';
import { filePart, multipart } from '../test/support/multipart.ts';
import type { MultipartBody } from '../test/support/multipart.ts';
import { CAPTURED_AT } from '../test/support/recordings.ts';

export interface HostileRequest extends MultipartBody {
  readonly what: string;
  readonly path: '/upload' | '/createSyncJob';
  readonly packed?: true;
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

function file(what: string, name: string, bytes: Buffer): HostileRequest {
  return { what, path: '/upload', ...multipart([filePart(name, bytes)]) };
}

/** An MP4 file whose index claims 60 million entries. */
function claimedIndex(): Buffer {
  const box = (type: string, content: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + content.length);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, content]);
  };
  const count = Buffer.alloc(12);
  count.writeUInt32BE(60_000_000, 8);
  const table = ['stbl', 'minf', 'mdia', 'trak', 'moov'].reduce((inner, type) => box(type, inner), box('stsz', count));
  return Buffer.concat([box('ftyp', Buffer.from('M4A \0\0\0\0M4A ', 'latin1')), table]);
}

/** The header of a FLAC file with eight channels at 655,350 Hz, and a megabyte behind it. */
function dearFlac(): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4096, 0);
  info.writeUInt16BE(4096, 2);
  info.writeBigUInt64BE((655_350n << 44n) | (7n << 41n) | (15n << 36n) | 39_321_000n, 10);
  return Buffer.concat([Buffer.from('fLaC\x80\0\0\x22', 'latin1'), info, Buffer.alloc(1 << 20, 0xff)]);
}

/** Names that are nearly dates, in each of the forms. */
function nearlyDates(count: number): string {
  const names = Array.from({ length: count }, (_, i) => ({ name: `${',12.'.repeat(47)}${i}.m4a`, size_bytes: 1 }));
  return JSON.stringify({ files: names });
}

/** Many offsets from which a chain of lengths leads to one packet of 64 KB of padding. */
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
    { ...call('20 MB of lists, packed', ''), packed: true, body: gzipSync(`{"data":[${'[],'.repeat(6_600_000)}0]}`) },
    call('4 MB of lists', `[${'[],'.repeat(1_300_000)}0]`),
    call('1,000 names that are nearly dates', nearlyDates(1000)),
    call('1,000 bad recordings', `{"files":[${Array(1000).fill('{"name":".exe","size_bytes":-1}').join()}]}`),
    call('lists in lists', '['.repeat(5000) + ']'.repeat(5000)),
    call('odd objects for strings', '{"files":[{"name":{"length":{"valueOf":0}},"size_bytes":{"toString":0}}]}'),
    recording('1 MB of Opus padding', 'opus_16000_1_fs160', opusPadding()),
    recording('1 MB of frames of one sample', 'pcm16_16000_1_fs1', tinyFrames(170_000)),
    file('an index of 60 million entries', `x_${CAPTURED_AT}.m4a`, claimedIndex()),
    file('1 MB that may be frames of MPEG', `x_${CAPTURED_AT}.mp3`, Buffer.alloc(1 << 20, 0xff)),
    file('FLAC of eight channels at 655 kHz', `x_${CAPTURED_AT}.flac`, dearFlac()),
    recording(
      '1 MB of noise',
      'opus_16000_1_fs320',
      Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 7919) >> 3)),
    ),
  ];
}
