/**
 * A strict reader of Ogg Opus (RFC 3533, RFC 7845). It refuses what a lenient decoder would repair, so that the product's streams are
 * checked against the specification. It shares no code with the writer.
 */
import { OpusPacketError, opusPacketSamples } from './opusPacket.ts';

export interface OggOpus {
  readonly channels: number;
  /** Samples at 48 kHz that a player drops at the start. */
  readonly preSkip: number;
  readonly packets: readonly OggOpusPacket[];
  /** Audio that a player plays, samples at 48 kHz: last granule position less pre-skip. */
  readonly samples: number;
}

export interface OggOpusPacket {
  readonly bytes: Uint8Array;
  /** Duration, samples at 48 kHz. */
  readonly samples: number;
}

/** The stream breaks the specification; the message says where and how. */
export class OggError extends Error {
  override readonly name = 'OggError';
}

interface Page {
  readonly index: number;
  readonly continued: boolean;
  readonly first: boolean;
  readonly last: boolean;
  /** Null for the value -1: no packet ends on this page. */
  readonly granule: bigint | null;
  readonly serial: number;
  readonly sequence: number;
  readonly lacing: Uint8Array;
  readonly body: Uint8Array;
}

const HEADER_BYTES = 27;
const NO_PACKET_ENDS = 0xffff_ffff_ffff_ffffn;

/** @throws OggError */
export function readOggOpus(bytes: Uint8Array): OggOpus {
  const pages = [...readPages(bytes)];
  checkPageChain(pages);
  const [headPage, ...rest] = pages;
  if (headPage === undefined) throw new OggError('there is no page');
  const head = readHead(onlyPacketOf(headPage));
  const tagsEnd = rest.findIndex((page) => page.granule !== null);
  const tagPages = rest.slice(0, tagsEnd + 1);
  readTags(tagPages);
  const audio = readAudio(rest.slice(tagPages.length));
  if (head.preSkip > audio.lastGranule) throw new OggError('the pre-skip is longer than the audio');
  return { ...head, packets: audio.packets, samples: audio.lastGranule - head.preSkip };
}

/** The pages in order, each with its checksum verified. */
function* readPages(bytes: Uint8Array): Generator<Page> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, index = 0; at < bytes.length; index++) {
    if (at + HEADER_BYTES > bytes.length) throw new OggError(`page ${index} is cut off`);
    if (view.getUint32(at) !== 0x4f676753) throw new OggError(`page ${index} does not start with "OggS"`);
    if (view.getUint8(at + 4) !== 0) throw new OggError(`page ${index} has an unknown version`);
    const bodyStart = at + HEADER_BYTES + view.getUint8(at + 26);
    const lacing = bytes.subarray(at + HEADER_BYTES, bodyStart);
    const end = bodyStart + lacing.reduce((sum, value) => sum + value, 0);
    if (end > bytes.length || bodyStart > bytes.length) throw new OggError(`page ${index} is cut off`);
    if (pageChecksum(bytes.subarray(at, end)) !== view.getUint32(at + 22, true)) {
      throw new OggError(`page ${index} fails its checksum`);
    }
    const flags = view.getUint8(at + 5);
    if ((flags & ~7) !== 0) throw new OggError(`page ${index} has unknown flags`);
    const granule = view.getBigUint64(at + 6, true);
    yield {
      index,
      continued: (flags & 1) !== 0,
      first: (flags & 2) !== 0,
      last: (flags & 4) !== 0,
      granule: granule === NO_PACKET_ENDS ? null : granule,
      serial: view.getUint32(at + 14, true),
      sequence: view.getUint32(at + 18, true),
      lacing,
      body: bytes.subarray(bodyStart, end),
    };
    at = end;
  }
}

/** One logical stream, its pages numbered without a gap, begun and ended where the flags say (RFC 3533, section 6). */
function checkPageChain(pages: readonly Page[]): void {
  const serial = pages[0]?.serial;
  let open = false;
  for (const page of pages) {
    const { index } = page;
    if (page.serial !== serial) throw new OggError(`page ${index} belongs to another stream`);
    if (page.sequence !== index) throw new OggError(`page ${index} has sequence number ${page.sequence}`);
    if (page.first !== (index === 0)) throw new OggError(`page ${index}: wrong beginning-of-stream flag`);
    if (page.last !== (index === pages.length - 1)) throw new OggError(`page ${index}: wrong end-of-stream flag`);
    if (page.continued !== open) throw new OggError(`page ${index}: wrong continuation flag`);
    const endsPacket = page.lacing.some((value) => value < 255);
    if (endsPacket !== (page.granule !== null))
      throw new OggError(`page ${index}: granule position and packets disagree`);
    open = page.lacing.at(-1) === 255 || (open && page.lacing.length === 0);
  }
  if (open) throw new OggError('the last packet is cut off');
}

/** Packets that end on these pages, each with the page where it ends. */
function* packetsOf(pages: readonly Page[]): Generator<{ bytes: Uint8Array; page: Page; lastOfPage: boolean }> {
  let parts: Uint8Array[] = [];
  for (const page of pages) {
    const lastEnd = page.lacing.findLastIndex((value) => value < 255);
    let at = 0;
    for (const [segment, length] of page.lacing.entries()) {
      parts.push(page.body.subarray(at, at + length));
      at += length;
      if (length === 255) continue;
      yield { bytes: Buffer.concat(parts), page, lastOfPage: segment === lastEnd };
      parts = [];
    }
  }
}

function onlyPacketOf(page: Page): Uint8Array {
  const packets = [...packetsOf([page])];
  if (packets.length !== 1 || page.lacing.at(-1) === 255) throw new OggError('the first page must hold OpusHead alone');
  if (page.granule !== 0n) throw new OggError('a header page must have granule position 0');
  return packets[0]?.bytes ?? new Uint8Array();
}

/** The identification header (RFC 7845, section 5.1). Channel mapping family 0 only: one or two channels. */
function readHead(packet: Uint8Array): { channels: number; preSkip: number } {
  const head = Buffer.from(packet);
  if (head.toString('latin1', 0, 8) !== 'OpusHead') throw new OggError('the first packet is not OpusHead');
  if (head.length !== 19) throw new OggError('OpusHead of mapping family 0 must have 19 bytes');
  if (head.readUInt8(8) !== 1) throw new OggError('OpusHead has an unknown version');
  const channels = head.readUInt8(9);
  if (channels < 1 || channels > 2) throw new OggError('mapping family 0 carries one or two channels');
  if (head.readUInt8(18) !== 0) throw new OggError('only channel mapping family 0 is taken');
  return { channels, preSkip: head.readUInt16LE(10) };
}

/** The comment header (RFC 7845, section 5.2): a packet of its own, which ends its page. */
function readTags(pages: readonly Page[]): void {
  const packets = [...packetsOf(pages)];
  const last = pages.at(-1);
  if (packets.length !== 1 || last?.lacing.at(-1) === 255) throw new OggError('OpusTags must end the page it ends on');
  if (last?.granule !== 0n) throw new OggError('a header page must have granule position 0');
  const tags = Buffer.from(packets[0]?.bytes ?? []);
  if (tags.toString('latin1', 0, 8) !== 'OpusTags') throw new OggError('the second packet is not OpusTags');
  try {
    let at = 12 + tags.readUInt32LE(8);
    const count = tags.readUInt32LE(at);
    at += 4;
    for (let comment = 0; comment < count; comment++) at += 4 + tags.readUInt32LE(at);
    if (at > tags.length) throw new RangeError();
  } catch {
    throw new OggError('OpusTags is cut off');
  }
}

/**
 * Audio packets. A granule position counts all samples up to the last packet that ends on the page, pre-skip included; only on
 * the last page may it be smaller, which trims the end (RFC 7845, section 4). A stream here always counts from zero.
 */
function readAudio(pages: readonly Page[]): { packets: OggOpusPacket[]; lastGranule: number } {
  const packets: OggOpusPacket[] = [];
  let counted = 0;
  let lastGranule = 0;
  for (const { bytes, page, lastOfPage } of packetsOf(pages)) {
    const samples = packetSamples(bytes, packets.length);
    packets.push({ bytes, samples });
    counted += samples;
    if (!lastOfPage) continue;
    const granule = Number(page.granule);
    const trimmed = page.last && granule < counted && granule >= lastGranule;
    if (granule !== counted && !trimmed) {
      throw new OggError(`page ${page.index} has granule position ${granule} where its packets add up to ${counted}`);
    }
    lastGranule = granule;
  }
  if (packets.length === 0) throw new OggError('there is no audio packet');
  return { packets, lastGranule };
}

function packetSamples(bytes: Uint8Array, index: number): number {
  try {
    return opusPacketSamples(bytes);
  } catch (error) {
    if (error instanceof OpusPacketError) throw new OggError(`audio packet ${index}: ${error.message}`);
    throw error;
  }
}

/** CRC-32 with polynomial 0x04c11db7, not reflected, zero start, over the page with its checksum field as zero (RFC 3533). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc;
});

function pageChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= 22 && at < 26 ? 0 : (page[at] ?? 0);
    crc = ((crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
  }
  return crc;
}
