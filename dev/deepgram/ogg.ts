/**
 * A strict reader of Ogg Opus (RFC 3533, RFC 7845). It refuses what a lenient decoder would repair, so that the product's streams are
 * checked against the specification.
 */
import { OggError, packetsOf, readPages, type OggPage } from './oggPages.ts';
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

/**
 * Checks that there is one logical stream, with pages numbered without a gap, and with its beginning and end flagged (RFC 3533,
 * section 6).
 */
function checkPageChain(pages: readonly OggPage[]): void {
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

function onlyPacketOf(page: OggPage): Uint8Array {
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
function readTags(pages: readonly OggPage[]): void {
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
function readAudio(pages: readonly OggPage[]): { packets: OggOpusPacket[]; lastGranule: number } {
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
