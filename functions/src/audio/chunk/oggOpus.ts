/** Writes Opus packets into an Ogg stream (RFC 3533 and RFC 7845) as they are, and reads such a stream: no re-encoding. */
import { opusPacketSamples48k } from '../read/opusPacket.ts';
import { oggCrc32 } from '../read/oggCrc.ts';

export interface OggOpusPacket {
  readonly payload: Uint8Array;
  /** Duration in samples at 48 kHz, as the packet's TOC says. */
  readonly samples48k: number;
}

export interface OggOpusInput {
  /** At least one. */
  readonly packets: readonly OggOpusPacket[];
  readonly channels: 1 | 2;
  /** Rate of the original input, Hz: metadata only, Opus always plays at 48 kHz. */
  readonly inputSampleRate: number;
  /** Samples at 48 kHz that a player drops from the start; at most what the packets hold. */
  readonly preSkip48k: number;
  /** Identifies the logical stream; any 32-bit number. */
  readonly serial: number;
}

const PAGE_HEADER_BYTES = 27;
const MAX_SEGMENTS = 255;
const MAX_SEGMENT_BYTES = 255;
/** RFC 7845 section 5: pages should hold at most a second, so that players can seek. */
const PAGE_SAMPLES_48K = 48_000;
/** RFC 3533 section 6: a page on which no packet ends. */
const NO_GRANULE = -1;

const FLAG_CONTINUED = 0x01;
const FLAG_BOS = 0x02;
const FLAG_EOS = 0x04;

const VENDOR = 'offline-audio-sync';

interface Page {
  flags: number;
  /** Samples at 48 kHz up to the end of the last packet that ends here, pre-skip included. */
  granule: number;
  /** The lacing values: their sum is the size of the page's body. */
  readonly segments: number[];
}

/**
 * The whole file in one buffer: `OpusHead` and `OpusTags` on pages of their own, then about a second of audio a page. It
 * decodes to exactly the packets' samples less the pre-skip.
 *
 * @throws RangeError without packets, or when the pre-skip is longer than the audio (RFC 7845 calls such a stream invalid).
 */
export function writeOggOpus(input: OggOpusInput): Uint8Array {
  const total = input.packets.reduce((sum, packet) => sum + packet.samples48k, 0);
  if (input.packets.length === 0) throw new RangeError('An Ogg Opus stream needs at least one packet');
  if (input.preSkip48k > total) throw new RangeError('The pre-skip is longer than the audio');

  const head = opusHead(input);
  const tags = opusTags();
  const pages = [
    { flags: FLAG_BOS, granule: 0, segments: lacing(head.length) },
    { flags: 0, granule: 0, segments: lacing(tags.length) },
    ...planPages(input.packets),
  ];
  return writePages(pages, [head, tags, ...input.packets.map((packet) => packet.payload)], input.serial);
}

/** RFC 7845 section 5.1, channel mapping family 0. */
function opusHead({ channels, preSkip48k, inputSampleRate }: OggOpusInput): Uint8Array {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.writeUInt8(1, 8); // version
  head.writeUInt8(channels, 9);
  head.writeUInt16LE(preSkip48k, 10);
  head.writeUInt32LE(inputSampleRate, 12);
  // Output gain 0 and mapping family 0 are the zeros that are left.
  return head;
}

/** RFC 7845 section 5.2: the vendor, and no comments. */
function opusTags(): Uint8Array {
  const tags = Buffer.alloc(8 + 4 + VENDOR.length + 4);
  tags.write('OpusTags', 0, 'latin1');
  tags.writeUInt32LE(VENDOR.length, 8);
  tags.write(VENDOR, 12, 'latin1');
  return tags;
}

/** RFC 3533 section 6: as many 255s as fit, then the rest, which is 0 for a multiple of 255. */
function lacing(bytes: number): number[] {
  const segments = new Array<number>(Math.floor(bytes / MAX_SEGMENT_BYTES)).fill(MAX_SEGMENT_BYTES);
  segments.push(bytes % MAX_SEGMENT_BYTES);
  return segments;
}

/** Lays the packets out on pages. A packet moves to the next page whole, and is cut only if it is larger than a page. */
function planPages(packets: readonly OggOpusPacket[]): Page[] {
  const pages: Page[] = [];
  let granule = 0;
  let page: Page = { flags: 0, granule: NO_GRANULE, segments: [] };
  let pageStart = 0;
  const turn = (flags: number): void => {
    pages.push(page);
    page = { flags, granule: NO_GRANULE, segments: [] };
    pageStart = granule;
  };
  for (const { payload, samples48k } of packets) {
    const segments = lacing(payload.length);
    const full = page.segments.length + segments.length > MAX_SEGMENTS;
    const long = granule + samples48k - pageStart > PAGE_SAMPLES_48K;
    if (page.segments.length > 0 && (full || long)) turn(0);
    for (const segment of segments) {
      if (page.segments.length === MAX_SEGMENTS) turn(FLAG_CONTINUED);
      page.segments.push(segment);
    }
    granule += samples48k;
    page.granule = granule;
  }
  page.flags |= FLAG_EOS;
  pages.push(page);
  return pages;
}

/** Writes the pages' headers, and between them the packets' bytes end to end. */
function writePages(pages: readonly Page[], packets: readonly Uint8Array[], serial: number): Uint8Array {
  const headers = pages.reduce((sum, page) => sum + PAGE_HEADER_BYTES + page.segments.length, 0);
  const bodies = packets.reduce((sum, packet) => sum + packet.length, 0);
  const out = Buffer.alloc(headers + bodies);
  let packetIndex = 0;
  let packetOffset = 0;
  let at = 0;
  for (const [sequence, page] of pages.entries()) {
    const start = at;
    at = writePageHeader(out, start, page, serial, sequence);
    for (const segment of page.segments) {
      const packet = packets[packetIndex] ?? new Uint8Array(0);
      out.set(packet.subarray(packetOffset, packetOffset + segment), at);
      at += segment;
      packetOffset += segment;
      if (segment < MAX_SEGMENT_BYTES) {
        packetIndex += 1;
        packetOffset = 0;
      }
    }
    // The checksum covers the whole page, with zeros where it will stand itself.
    out.writeUInt32LE(oggCrc32(out.subarray(start, at)), start + 22);
  }
  return out;
}

/** RFC 3533 section 6; the checksum stays zero. Returns where the body starts. */
function writePageHeader(out: Buffer, at: number, page: Page, serial: number, sequence: number): number {
  out.write('OggS', at, 'latin1');
  out.writeUInt8(0, at + 4); // version
  out.writeUInt8(page.flags, at + 5);
  out.writeBigInt64LE(BigInt(page.granule), at + 6);
  out.writeUInt32LE(serial >>> 0, at + 14);
  out.writeUInt32LE(sequence, at + 18);
  out.writeUInt8(page.segments.length, at + 26);
  out.set(page.segments, at + PAGE_HEADER_BYTES);
  return at + PAGE_HEADER_BYTES + page.segments.length;
}

/**
 * What {@link writeOggOpus} wrote into a file: nothing but its files is read here, and their checksums are those of Storage.
 * @throws RangeError for another file
 */
export function readOggOpus(file: Uint8Array): OggOpusInput {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const [head, , ...payloads] = packetsIn(bytes);
  if (head?.toString('latin1', 0, 8) !== 'OpusHead') throw new RangeError('This is no Ogg Opus stream of ours.');
  return {
    packets: payloads.map((payload) => ({ payload, samples48k: opusPacketSamples48k(payload) ?? 0 })),
    channels: head.readUInt8(9) === 2 ? 2 : 1,
    inputSampleRate: head.readUInt32LE(12),
    preSkip48k: head.readUInt16LE(10),
    serial: bytes.readUInt32LE(14),
  };
}

/** The packets of all pages, in order; those that lie on several pages are put together. */
function packetsIn(file: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (let page = 0; page + PAGE_HEADER_BYTES <= file.length;) {
    const segments = file.subarray(page + PAGE_HEADER_BYTES, page + PAGE_HEADER_BYTES + file.readUInt8(page + 26));
    let at = page + PAGE_HEADER_BYTES + segments.length;
    for (const segment of segments) {
      open.push(file.subarray(at, at + segment));
      at += segment;
      if (segment === MAX_SEGMENT_BYTES) continue;
      packets.push(open.length === 1 && open[0] !== undefined ? open[0] : Buffer.concat(open));
      open = [];
    }
    page = at;
  }
  return packets;
}
