/**
 * Damaged pages of an Ogg file. One wrong byte is found by the checksum of its page. In a file with one stream, a header is written anew that
 * says nothing of the sound: comments, without which no decoder begins. What `OpusHead` says is mostly the same, or in each packet.
 */
import { closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { wrongByte } from '../oggCrc.ts';
import {
  CAPTURE_PATTERN,
  checksumDifference,
  FIRST_PAGE,
  isPattern,
  lacing,
  MAX_SEGMENTS,
  PAGE_HEAD_BYTES,
  pageOf,
  withChecksum,
} from '../oggPage.ts';
import type { PageHead } from '../oggPage.ts';
import { openView, readAt } from './fileView.ts';
import { codecOf, pageAt, pagesOf } from './ogg.ts';
import type { OggPage } from './ogg.ts';

/** Bytes that are looked at: comments may hold a picture. */
const MAX_BYTES = 1024 * 1024;

/** A mark, the lengths of a name and of a list, and a bit that ends them. */
const LEAST_VORBIS_COMMENTS = 16;

/** Bytes of the page that holds `OpusHead` for one or two channels, and of what it holds. */
const OPUS_HEAD_BYTES = 19;
const OPUS_HEAD_PAGE_BYTES = PAGE_HEAD_BYTES + 1 + OPUS_HEAD_BYTES;
/** What libopus looks ahead, samples at 48 kHz. */
const USUAL_PRE_SKIP = 312;
const STEREO_PACKET = 0x04;

/** Makes the file at `path`, which is changed, readable where pages are damaged. */
export async function mendPages(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await mendBytes(file, path);
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

/** Writes bytes anew that are wrong each alone in their page, wherever in it. */
async function mendBytes(file: FileHandle, path: string): Promise<void> {
  const view = openView(path);
  try {
    for (const { page, position, bytes } of pagesOf(view)) {
      if (page !== null || bytes.length < PAGE_HEAD_BYTES) continue;
      const wrong = wrongByte(checksumDifference(bytes), bytes.length);
      if (wrong === null) continue;
      const mended = Buffer.from(bytes);
      mended[wrong.at] = (mended[wrong.at] ?? 0) ^ wrong.by;
      if (pageAt(mended, 0)?.size === mended.length) await file.write(mended, wrong.at, 1, position + wrong.at);
    }
  } finally {
    closeSync(view.fd);
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
  return pageWith(head, { flags: FIRST_PAGE, serial: tags.serial, sequence: 0 });
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
    bytes: pageWith(packet, { flags: 0, serial: first.serial, sequence: (sound.sequence - 1) >>> 0 }),
  };
}

/** A page of Vorbis holds more behind the comments, which is needed: these become the name of a writer. */
function vorbisComments(bytes: Buffer, at: number): { readonly at: number; readonly bytes: Buffer } | null {
  const segments = bytes[at + PAGE_HEAD_BYTES - 1] ?? 0;
  const lacing = [...bytes.subarray(at + PAGE_HEAD_BYTES, at + PAGE_HEAD_BYTES + segments)];
  const body = at + PAGE_HEAD_BYTES + segments;
  const end = body + lacing.reduce((sum, size) => sum + size, 0);
  const size = lacing.slice(0, lacing.findIndex((each) => each < 255) + 1).reduce((sum, each) => sum + each, 0);
  const isLedOn = isPattern(bytes, at) && nextPage(bytes, at + 1)?.at === end;
  if (!isLedOn || size < LEAST_VORBIS_COMMENTS) return null;
  const page = Buffer.from(bytes.subarray(at, end));
  const packet = page.subarray(body - at, body - at + size);
  packet.write('\x03vorbis', 'latin1');
  packet.writeUInt32LE(size - LEAST_VORBIS_COMMENTS, 7);
  packet.fill(0, size - 5);
  packet.writeUInt8(1, size - 1); // ends the comments
  return { at, bytes: withChecksum(page) };
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

/** A page of headers: one packet, at which no time has passed. */
function pageWith(packet: Buffer, head: Pick<PageHead, 'flags' | 'serial' | 'sequence'>): Buffer {
  return pageOf({ ...head, granule: 0, segments: lacing(packet.length) }, packet);
}
