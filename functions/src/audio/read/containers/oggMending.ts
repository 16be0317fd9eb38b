/**
 * Repairs damaged pages of an Ogg file. A single wrong byte is found by the checksum of its page, and the numbers of pages show
 * which ones are doubled or swapped (`oggOrder.ts`). In a file with one stream, damaged headers that do not describe the sound
 * are written again: comments, without which no decoder begins; and `OpusHead`, whose values are nearly always the same or stated
 * by each packet.
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
import type { OggPage, OggPiece } from './ogg.ts';
import { inOrder } from './oggOrder.ts';
import type { MendedPiece } from './oggOrder.ts';

/** How many bytes are searched for damaged headers: comments may contain a picture. */
const MAX_BYTES = 1024 * 1024;

/** The shortest Vorbis comments, bytes: a mark, the length of a name, the number of comments, and a final bit. */
const LEAST_VORBIS_COMMENTS = 16;

/** Bytes of `OpusHead` for one or two channels, and of the page that contains it. */
const OPUS_HEAD_BYTES = 19;
const OPUS_HEAD_PAGE_BYTES = PAGE_HEAD_BYTES + 1 + OPUS_HEAD_BYTES;
/** The look-ahead of libopus, samples at 48 kHz. */
const USUAL_PRE_SKIP = 312;
const STEREO_PACKET = 0x04;

/** Repairs the damaged pages of the file at `path`, in place. */
export async function mendPages(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await mendPieces(file, path);
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

/** Writes what is mended in place: behind a page that is left out, all moves to the front. */
async function mendPieces(file: FileHandle, path: string): Promise<void> {
  const view = openView(path);
  try {
    let at = 0;
    for (const { position, bytes, isMended } of inOrder(mendedPieces(pagesOf(view)))) {
      if (isMended || at !== position) await file.write(bytes, 0, bytes.length, at);
      at += bytes.length;
    }
    await file.truncate(at);
  } finally {
    closeSync(view.fd);
  }
}

/** Corrects every page in which exactly one byte is wrong. */
function* mendedPieces(pieces: Iterable<OggPiece>): Generator<MendedPiece, void, undefined> {
  for (const { position, bytes, page } of pieces) {
    const isDamaged = page === null && bytes.length >= PAGE_HEAD_BYTES;
    const wrong = isDamaged ? wrongByte(checksumDifference(bytes), bytes.length) : null;
    const mended = Buffer.from(bytes);
    if (wrong !== null) mended[wrong.at] = (mended[wrong.at] ?? 0) ^ wrong.by;
    const found = wrong === null ? null : pageAt(mended, 0);
    const isMended = found?.size === bytes.length;
    yield isMended ? { position, bytes: mended, page: found, isMended } : { position, bytes, page, isMended };
  }
}

interface PlacedPage extends OggPage {
  readonly at: number;
}

/** The next intact page at or after `from`. */
function nextPage(bytes: Buffer, from: number): PlacedPage | null {
  for (let at = bytes.indexOf(CAPTURE_PATTERN, from); at >= 0; at = bytes.indexOf(CAPTURE_PATTERN, at + 1)) {
    const page = pageAt(bytes, at);
    if (page !== null) return { at, ...page };
  }
  return null;
}

/** A new first page, if the page is damaged and the page with `OpusTags` follows it. */
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

/**
 * A page without comments that fills the damaged bytes between the first page and the first sound; null if the damage is not
 * such a page.
 */
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

/**
 * A page of Vorbis has more headers, which are needed, behind the comments. So the comments are replaced by a long writer's
 * name of zeros.
 */
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

/** The size of a packet that fills a page of so many bytes; 0 if none does. */
function bodyBytesFor(pageBytes: number): number {
  const sizes = Array.from({ length: MAX_SEGMENTS }, (_, i) => pageBytes - PAGE_HEAD_BYTES - (i + 1));
  return sizes.find((size, i) => size >= 0 && Math.floor(size / 255) <= i) ?? 0;
}

/**
 * A packet of comments without comments: the length of the writer's name, the number of comments, zeros. Null if the size is
 * too small for the codec.
 */
function noComments(codec: string | null, size: number): Buffer | null {
  const packet = Buffer.alloc(size);
  const least = { opus: 16, speex: 8, flac: 12 }[codec ?? ''];
  if (least === undefined || size < least) return null;
  if (codec === 'opus') packet.write('OpusTags', 'latin1');
  if (codec === 'flac') packet.writeUInt32BE(0x8400_0000 + size - 4); // the last block of headers, of comments
  return packet;
}

/** A page of headers: one packet, at granule position 0. */
function pageWith(packet: Buffer, head: Pick<PageHead, 'flags' | 'serial' | 'sequence'>): Buffer {
  return pageOf({ ...head, granule: 0, segments: lacing(packet.length) }, packet);
}
