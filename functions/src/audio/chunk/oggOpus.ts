/** Writes Opus packets into an Ogg stream (RFC 3533 and RFC 7845) and reads such a stream. Packets are never encoded again. */
import { opusPacketSamples48k } from '../read/opusPacket.ts';
import {
  CONTINUED,
  FIRST_PAGE,
  lacing,
  LAST_PAGE,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENTS,
  PAGE_HEAD_BYTES,
  pageOf,
} from '../read/oggPage.ts';

export interface OggOpusPacket {
  readonly payload: Uint8Array;
  /** The duration in samples at 48 kHz, as the TOC of the packet states. */
  readonly samples48k: number;
}

export interface OggOpusInput {
  /** At least one. */
  readonly packets: readonly OggOpusPacket[];
  readonly channels: 1 | 2;
  /** The rate of the original input, Hz. It is only metadata: Opus is always played at 48 kHz. */
  readonly inputSampleRate: number;
  /** Samples at 48 kHz that a player drops from the start. At most the duration of all packets. */
  readonly preSkip48k: number;
  /** Identifies the logical stream; any 32-bit number. */
  readonly serial: number;
}

/** Samples of a page: at most one second, so that players can seek (RFC 7845 section 5). */
const PAGE_SAMPLES_48K = 48_000;
/** The granule position of a page on which no packet ends (RFC 3533 section 6). */
const NO_GRANULE = -1;

const VENDOR = 'offline-audio-sync';

interface Page {
  flags: number;
  /** Samples at 48 kHz, pre-skip included, up to the end of the last packet that ends on the page. */
  granule: number;
  /** The lacing values. Their sum is the size of the page's body. */
  readonly segments: number[];
}

/**
 * Writes the whole file into one buffer: `OpusHead` and `OpusTags` on separate pages, then about a second of audio on each
 * page. It decodes to exactly the samples of the packets without the pre-skip.
 *
 * @throws RangeError if there are no packets, or if the pre-skip is longer than the audio (RFC 7845 calls such a stream
 * invalid)
 */
export function writeOggOpus(input: OggOpusInput): Uint8Array {
  const total = input.packets.reduce((sum, packet) => sum + packet.samples48k, 0);
  if (input.packets.length === 0) throw new RangeError('An Ogg Opus stream needs at least one packet.');
  if (input.preSkip48k > total) throw new RangeError('The pre-skip is longer than the audio.');

  const head = opusHead(input);
  const tags = opusTags();
  const pages = [
    { flags: FIRST_PAGE, granule: 0, segments: lacing(head.length) },
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

/**
 * Distributes the packets over pages. A packet goes to the next page as a whole, and is divided only if it is larger than a
 * page.
 */
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
      if (page.segments.length === MAX_SEGMENTS) turn(CONTINUED);
      page.segments.push(segment);
    }
    granule += samples48k;
    page.granule = granule;
  }
  page.flags |= LAST_PAGE;
  pages.push(page);
  return pages;
}

/** Writes pages: headers, and between them the bytes of the packets end to end. */
function writePages(pages: readonly Page[], packets: readonly Uint8Array[], serial: number): Uint8Array {
  const bodies = Buffer.concat(packets);
  let at = 0;
  const written = pages.map((page, sequence) => {
    const start = at;
    at = page.segments.reduce((sum, size) => sum + size, start);
    return pageOf({ ...page, serial, sequence }, bodies.subarray(start, at));
  });
  return Buffer.concat(written);
}

/**
 * Reads a file that {@link writeOggOpus} wrote. Other files are not supported, and checksums are not verified: Storage has
 * verified the bytes.
 * @throws RangeError if the file does not begin with `OpusHead`
 */
export function readOggOpus(file: Uint8Array): OggOpusInput {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const [head, , ...payloads] = packetsIn(bytes);
  if (head?.toString('latin1', 0, 8) !== 'OpusHead')
    throw new RangeError('The file is not an Ogg Opus stream that was written here.');
  return {
    packets: payloads.map((payload) => ({ payload, samples48k: opusPacketSamples48k(payload) ?? 0 })),
    channels: head.readUInt8(9) === 2 ? 2 : 1,
    inputSampleRate: head.readUInt32LE(12),
    preSkip48k: head.readUInt16LE(10),
    serial: bytes.readUInt32LE(14),
  };
}

/** The packets of all pages, in order. A packet that spans several pages is joined. */
function packetsIn(file: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (let page = 0; page + PAGE_HEAD_BYTES <= file.length;) {
    const segments = file.subarray(page + PAGE_HEAD_BYTES, page + PAGE_HEAD_BYTES + file.readUInt8(page + 26));
    let at = page + PAGE_HEAD_BYTES + segments.length;
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
