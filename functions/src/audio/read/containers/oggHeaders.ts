/**
 * The header pages of an Ogg file with one stream, where one of them is damaged that says nothing of the sound: comments. No decoder begins
 * without them, so a page without any is written in their place. What `OpusHead` says is mostly the same, or in each packet.
 */
import { open } from 'node:fs/promises';
import { oggCrc32 } from '../oggCrc.ts';
import { readAt } from './fileView.ts';
import { CAPTURE_PATTERN, codecOf, PAGE_HEAD_BYTES, pageAt } from './ogg.ts';
import type { OggPage } from './ogg.ts';

/** Bytes that are looked at: comments may hold a picture. */
const MAX_BYTES = 1024 * 1024;

const MAX_SEGMENTS = 255;
const CHECKSUM_AT = 22;
/** A mark, the lengths of a name and of a list, and a bit that ends them. */
const LEAST_VORBIS_COMMENTS = 16;
const FIRST_PAGE = 2;

/** Bytes of the page that holds `OpusHead` for one or two channels, and of what it holds. */
const OPUS_HEAD_BYTES = 19;
const OPUS_HEAD_PAGE_BYTES = PAGE_HEAD_BYTES + 1 + OPUS_HEAD_BYTES;
/** What libopus looks ahead, samples at 48 kHz. */
const USUAL_PRE_SKIP = 312;
const STEREO_PACKET = 0x04;

/** Makes the file at `path`, which is changed, readable behind damaged headers. */
export async function mendOggHeaders(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const bytes = await readAt(file, 0, MAX_BYTES);
    const head = opusHeadFor(bytes);
    if (head !== null) await file.write(head, 0, head.length, 0);
    head?.copy(bytes);
    const page = commentsFor(bytes);
    if (page !== null) await file.write(page.bytes, 0, page.bytes.length, page.at);
  } finally {
    await file.close();
  }
}

interface PlacedPage extends OggPage {
  readonly at: number;
}

/** The next intact page. */
function nextPage(bytes: Buffer, from: number): PlacedPage | null {
  for (let at = bytes.indexOf(CAPTURE_PATTERN, from); at >= 0; at = bytes.indexOf(CAPTURE_PATTERN, at + 1)) {
    const page = pageAt(bytes, at);
    if (page !== null) return { at, ...page };
  }
  return null;
}

/** The first page, where it is damaged and that of `OpusTags` stands behind it. */
function opusHeadFor(bytes: Buffer): Buffer | null {
  const tags = nextPage(bytes, 0);
  const isMissing = tags?.at === OPUS_HEAD_PAGE_BYTES && tags.body.toString('latin1', 0, 8) === 'OpusTags';
  const sound = isMissing ? nextPage(bytes, tags.at + tags.size) : null;
  if (tags === null || sound === null) return null;
  const head = Buffer.alloc(OPUS_HEAD_BYTES);
  head.write('OpusHead', 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8((sound.body[0] ?? 0) & STEREO_PACKET ? 2 : 1, 9);
  head.writeUInt16LE(USUAL_PRE_SKIP, 10);
  return pageOf(head, { flags: FIRST_PAGE, serial: tags.serial, sequence: 0 });
}

/** A page of no comments that fills what is damaged between the first page and the first sound. */
function commentsFor(bytes: Buffer): { readonly at: number; readonly bytes: Buffer } | null {
  const first = pageAt(bytes, 0);
  if (first?.isFirst !== true || pageAt(bytes, first.size) !== null) return null;
  const { codec } = codecOf(first.body);
  if (codec === 'vorbis') return vorbisComments(bytes, first.size);
  let sound = nextPage(bytes, first.size);
  while (sound !== null && (sound.granule ?? 0) === 0) sound = nextPage(bytes, sound.at + sound.size);
  if (sound?.serial !== first.serial) return null;
  const packet = noComments(codec, bodyBytesFor(sound.at - first.size));
  if (packet === null) return null;
  return {
    at: first.size,
    bytes: pageOf(packet, { flags: 0, serial: first.serial, sequence: (sound.sequence - 1) >>> 0 }),
  };
}

/** A page of Vorbis holds more behind the comments, which is needed: these become the name of a writer. */
function vorbisComments(bytes: Buffer, at: number): { readonly at: number; readonly bytes: Buffer } | null {
  const segments = bytes[at + PAGE_HEAD_BYTES - 1] ?? 0;
  const lacing = [...bytes.subarray(at + PAGE_HEAD_BYTES, at + PAGE_HEAD_BYTES + segments)];
  const body = at + PAGE_HEAD_BYTES + segments;
  const end = body + lacing.reduce((sum, size) => sum + size, 0);
  const size = lacing.slice(0, lacing.findIndex((each) => each < 255) + 1).reduce((sum, each) => sum + each, 0);
  const isLedOn = bytes.subarray(at, at + 4).equals(CAPTURE_PATTERN) && nextPage(bytes, at + 1)?.at === end;
  if (!isLedOn || size < LEAST_VORBIS_COMMENTS) return null;
  const page = Buffer.from(bytes.subarray(at, end));
  const packet = page.subarray(body - at, body - at + size);
  packet.write('\x03vorbis', 'latin1');
  packet.writeUInt32LE(size - LEAST_VORBIS_COMMENTS, 7);
  packet.fill(0, size - 5);
  packet.writeUInt8(1, size - 1); // ends the comments
  return { at, bytes: checked(page) };
}

/** Bytes of a packet that fills a page of so many bytes; the most that fit where none does. */
function bodyBytesFor(pageBytes: number): number {
  const sizes = Array.from({ length: MAX_SEGMENTS }, (_, i) => pageBytes - PAGE_HEAD_BYTES - (i + 1));
  return sizes.find((size, i) => size >= 0 && Math.floor(size / 255) <= i) ?? 0;
}

/** A packet of comments that holds none: how long the writer's name is, how many comments, zeros. Null where a codec needs more. */
function noComments(codec: string | null, size: number): Buffer | null {
  const packet = Buffer.alloc(size);
  const least = { opus: 16, speex: 8, flac: 12 }[codec ?? ''];
  if (least === undefined || size < least) return null;
  if (codec === 'opus') packet.write('OpusTags', 'latin1');
  if (codec === 'flac') packet.writeUInt32BE(0x8400_0000 + size - 4); // the last block of headers, of comments
  return packet;
}

/** A page with its checksum. */
function checked(page: Buffer): Buffer {
  page.writeUInt32LE(0, CHECKSUM_AT);
  page.writeUInt32LE(oggCrc32(page), CHECKSUM_AT);
  return page;
}

interface PageHead {
  readonly flags: number;
  readonly serial: number;
  readonly sequence: number;
}

function pageOf(packet: Buffer, { flags, serial, sequence }: PageHead): Buffer {
  const segments = Math.floor(packet.length / 255) + 1;
  const head = Buffer.alloc(PAGE_HEAD_BYTES + segments, 255);
  head.fill(0, 0, PAGE_HEAD_BYTES);
  CAPTURE_PATTERN.copy(head);
  head.writeUInt8(flags, 5);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(sequence, 18);
  head.writeUInt8(segments, 26);
  head.writeUInt8(packet.length % 255, head.length - 1);
  return checked(Buffer.concat([head, packet]));
}
