/** A second, independent and strict reader of Ogg pages: what the writer is held against. Bit by bit, straight from RFC 3533. */
import assert from 'node:assert/strict';

export interface OggPage {
  readonly continued: boolean;
  readonly bos: boolean;
  readonly eos: boolean;
  readonly granule: bigint;
  readonly serial: number;
  readonly sequence: number;
  readonly segments: readonly number[];
  readonly body: Buffer;
}

export interface OggPacket {
  readonly bytes: Buffer;
  /** Index of the page the packet ends on. */
  readonly page: number;
}

export function readPages(file: Uint8Array): OggPage[] {
  const bytes = Buffer.from(file);
  const pages: OggPage[] = [];
  for (let at = 0; at < bytes.length;) {
    assert.equal(bytes.toString('latin1', at, at + 4), 'OggS', `capture pattern at ${at}`);
    assert.equal(bytes[at + 4], 0, 'version');
    const count = bytes[at + 26]!;
    const segments = [...bytes.subarray(at + 27, at + 27 + count)];
    const bodyStart = at + 27 + count;
    const end = bodyStart + segments.reduce((sum, size) => sum + size, 0);
    assert.ok(end <= bytes.length, 'the last page is whole');
    const page = Buffer.from(bytes.subarray(at, end));
    const checksum = page.readUInt32LE(22);
    page.fill(0, 22, 26);
    assert.equal(checksum, crc(page), `checksum of page ${pages.length}`);
    const flags = bytes[at + 5]!;
    pages.push({
      continued: (flags & 1) !== 0,
      bos: (flags & 2) !== 0,
      eos: (flags & 4) !== 0,
      granule: bytes.readBigInt64LE(at + 6),
      serial: bytes.readUInt32LE(at + 14),
      sequence: bytes.readUInt32LE(at + 18),
      segments,
      body: bytes.subarray(bodyStart, end),
    });
    at = end;
  }
  return pages;
}

export function readPackets(pages: readonly OggPage[]): OggPacket[] {
  const packets: OggPacket[] = [];
  let parts: Buffer[] = [];
  for (const [index, page] of pages.entries()) {
    assert.equal(page.continued, parts.length > 0, `continued flag of page ${index}`);
    let at = 0;
    for (const size of page.segments) {
      parts.push(page.body.subarray(at, at + size));
      at += size;
      if (size === 255) continue;
      packets.push({ bytes: Buffer.concat(parts), page: index });
      parts = [];
    }
  }
  assert.equal(parts.length, 0, 'the last packet is whole');
  return packets;
}

/** The audio packets of an Ogg Opus file. */
export function opusPackets(file: Uint8Array): Buffer[] {
  return readPackets(readPages(file))
    .slice(2)
    .map(({ bytes }) => bytes);
}

function crc(bytes: Uint8Array): number {
  let register = 0;
  for (const byte of bytes) {
    register ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) register = (register << 1) ^ (register < 0 ? 0x04c1_1db7 : 0);
  }
  return register >>> 0;
}
