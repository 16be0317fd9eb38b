/**
 * The pages of an Ogg file (RFC 3533): where the links of a chained file begin, and where pages are missing or damaged. FFmpeg
 * handles neither: after a loss it continues with the time from before the loss.
 */
import { AppError } from '../../../errors.ts';
import { CAPTURE_PATTERN, checksumDifference, FIRST_PAGE, isPattern, LAST_PAGE, PAGE_HEAD_BYTES } from '../oggPage.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { tailOf } from './tail.ts';

/** One link of the chain: a complete Ogg file by itself. */
export interface OggLink {
  /** Its intact pages, divided where pages are missing. Each part begins with the headers of the link. */
  readonly parts: readonly FileView[];
  /** Whether pages are missing before the first part. */
  readonly isCutAtStart: boolean;
  /**
   * Whether its last page is alone in the last part. FFmpeg does not compute where such a page begins, except in FLAC, whose
   * frames are numbered.
   */
  readonly isEndAlone: boolean;
  /** All of its bytes. */
  readonly whole: FileView;
  /** Bytes behind the last intact page that are not padding. */
  readonly tailBytes: number;
  /** The duration by its last page, seconds; 0 if it is not known. */
  readonly seconds: number;
  /** The same, plus an estimate for a torn page at its end. */
  readonly secondsWithTail: number;
  /** FFmpeg's names of the codecs of its streams. Unknown codecs are left out. */
  readonly codecs: readonly string[];
}

/**
 * The largest number of parts of one link, because each is opened separately. Losses beyond this number do not start a new
 * part.
 */
const MAX_PARTS = 200;

/** The largest number of parts of all links: a link every five seconds for more than a day. Each takes kilobytes of memory. */
const MAX_ALL_PARTS = 20_000;

/** How many streams of one link are followed at most. */
const MAX_STREAMS = 64;

/** How many header pages are put before a part at most: comments may contain a picture. */
const MAX_HEADER_PAGES = 64;
/** In how many stretches of the file they may lie. Without damage it is one. */
const MAX_HEADER_RANGES = 4;

const MAX_PAGE_BYTES = PAGE_HEAD_BYTES + 255 + 255 * 255;

export interface OggPage {
  readonly size: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly serial: number;
  readonly sequence: number;
  /** Samples up to the end of the page, in the unit of the codec; null if no packet ends on it. */
  readonly granule: number | null;
  readonly body: Buffer;
}

/** How many bytes of false pages may be checked, for each byte of the file: ordinary damage costs one page now and then. */
const MAX_VAIN_CHECKS = 8;

/**
 * The links of a file, in order.
 * @throws AppError `recording_corrupt` for more than {@link MAX_ALL_PARTS}
 */
export function linksOf(file: FileView): OggLink[] {
  const scan = new LinkScan(file);
  for (const { page, position, bytes } of pagesOf(file)) {
    if (page === null) scan.skip(bytes.length);
    else scan.page(page, position);
  }
  return scan.end();
}

/** A page, or the bytes up to where the next page may begin. */
export interface OggPiece {
  readonly position: number;
  readonly bytes: Buffer;
  readonly page: OggPage | null;
}

/** Reads the file once, from start to end, in linear time. Together the pieces are the whole file. */
export function* pagesOf(file: FileView): Generator<OggPiece, void, undefined> {
  let vainBytes = 0;
  let buffer = Buffer.alloc(0);
  let bufferStart = 0;
  for (let position = 0; position < file.size;) {
    if (position + MAX_PAGE_BYTES > bufferStart + buffer.length && bufferStart + buffer.length < file.size) {
      bufferStart = position;
      buffer = Buffer.from(readView(file, position, 16 * MAX_PAGE_BYTES));
      if (buffer.length === 0) break;
    }
    const at = position - bufferStart;
    const page = pageAt(buffer, at);
    const size = page?.size ?? skippedAt(at);
    yield { position, bytes: buffer.subarray(at, at + size), page };
    position += size;
  }

  function skippedAt(at: number): number {
    if (isPattern(buffer, at)) vainBytes += MAX_PAGE_BYTES;
    const isVain = vainBytes > MAX_VAIN_CHECKS * (file.size + MAX_PAGE_BYTES);
    const next = isVain ? -1 : buffer.indexOf(CAPTURE_PATTERN, at + 1);
    if (next >= 0) return next - at;
    const isEnd = isVain || bufferStart + buffer.length >= file.size;
    return Math.max(1, buffer.length - at - (isEnd ? 0 : CAPTURE_PATTERN.length - 1));
  }
}

/** The page at a position of the buffer; null if there is none, or it is damaged. */
export function pageAt(buffer: Buffer, at: number): OggPage | null {
  if (at + PAGE_HEAD_BYTES > buffer.length || !isPattern(buffer, at)) return null;
  const bodyStart = at + PAGE_HEAD_BYTES + buffer.readUInt8(at + PAGE_HEAD_BYTES - 1);
  const end = buffer.subarray(at + PAGE_HEAD_BYTES, bodyStart).reduce((sum, size) => sum + size, bodyStart);
  if (end > buffer.length || checksumDifference(buffer.subarray(at, end)) !== 0) return null;
  const flags = buffer.readUInt8(at + 5);
  const granule = buffer.readBigInt64LE(at + 6);
  return {
    size: end - at,
    isFirst: (flags & FIRST_PAGE) !== 0,
    isLast: (flags & LAST_PAGE) !== 0,
    serial: buffer.readUInt32LE(at + 14),
    sequence: buffer.readUInt32LE(at + 18),
    granule: granule < 0n ? null : Number(granule),
    body: buffer.subarray(bodyStart, end),
  };
}

interface Range {
  readonly start: number;
  size: number;
}

/** What the first packet of a stream says about its codec. */
interface Codec {
  /** FFmpeg's name of the codec; null if it is unknown. */
  readonly codec: string | null;
  /** The unit of its granule positions; null if it is unknown. */
  readonly samplesPerSecond: number | null;
  readonly preSkip: number;
}

class LinkScan {
  readonly #file: FileView;
  readonly #links: OggLink[] = [];
  #link = new LinkBuilder(0);
  #parts = 0;

  constructor(file: FileView) {
    this.#file = file;
  }

  page(page: OggPage, position: number): void {
    if (page.isFirst && this.#link.hasContent) {
      this.#close();
      this.#link = new LinkBuilder(position);
    }
    this.#link.page(page, position);
  }

  skip(bytes: number): void {
    this.#link.skip(bytes);
  }

  end(): OggLink[] {
    this.#close();
    return this.#links;
  }

  #close(): void {
    if (this.#link.bytes === 0) return;
    const link = this.#link.build(this.#file.fd);
    this.#links.push(link);
    this.#parts += link.parts.length;
    if (this.#parts <= MAX_ALL_PARTS) return;
    throw new AppError('recording_corrupt', {
      message: `The recording has more than ${MAX_ALL_PARTS} links and parts between losses.`,
    });
  }
}

class LinkBuilder {
  readonly #start: number;
  /** All of its bytes. */
  bytes = 0;
  hasContent = false;
  readonly #headers: Range[] = [];
  #headerPages = 0;
  /** The parts, without the headers. */
  readonly #parts: Range[][] = [[]];
  readonly #streams = new Map<number, Codec & { sequence: number }>();
  #isLossBefore = false;
  #pagesOfPart = 0;
  /** Whether its last page is marked as the last. */
  #hasEnded = false;
  #tailBytes = 0;
  #seconds = 0;

  /** @param start where in the file the link begins */
  constructor(start: number) {
    this.#start = start;
  }

  page(page: OggPage, position: number): void {
    const isOfNoStream = !page.isFirst && this.#streams.size > 0 && !this.#streams.has(page.serial);
    if (isOfNoStream && this.#streams.size < MAX_STREAMS) {
      this.skip(page.size); // the headers of its link are lost, and FFmpeg would stop here
      return;
    }
    this.bytes += page.size;
    this.#tailBytes = 0;
    this.#hasEnded = page.isLast;
    const stream = this.#streams.get(page.serial);
    if (stream !== undefined) this.#follow(stream, page);
    else if (this.#streams.size < MAX_STREAMS) {
      this.#streams.set(page.serial, { sequence: page.sequence, ...codecOf(page.body) });
    }
    // Granule position 0 marks a page of headers: no codec has audio on such a page.
    const isHeader = !this.hasContent && (page.isFirst || page.granule === 0 || page.granule === null);
    if (isHeader && this.#headerPages < MAX_HEADER_PAGES && this.#headers.length < MAX_HEADER_RANGES) {
      this.#headerPages++;
      addTo(this.#headers, page, position);
      return;
    }
    this.hasContent = true;
    if (this.#isLossBefore && this.#parts.length < MAX_PARTS) {
      this.#parts.push([]);
      this.#pagesOfPart = 0;
    }
    this.#isLossBefore = false;
    this.#pagesOfPart++;
    const part = this.#parts.at(-1);
    if (part !== undefined) addTo(part, page, position);
  }

  skip(bytes: number): void {
    this.bytes += bytes;
    this.#tailBytes += bytes;
    this.#isLossBefore = true;
  }

  build(fd: number): OggLink {
    const isCutAtStart = this.#parts.length > 1 && this.#parts[0]?.length === 0;
    const parts = this.#parts.slice(isCutAtStart ? 1 : 0).map((part): FileView => {
      const ranges = [...this.#headers, ...part];
      return { fd, ranges, size: ranges.reduce((sum, { size }) => sum + size, 0) };
    });
    const codecs = [...this.#streams.values()].flatMap(({ codec }) => codec ?? []);
    const whole = { fd, ranges: [{ start: this.#start, size: this.bytes }], size: this.bytes };
    const intactBytes = this.bytes - this.#tailBytes;
    const tail = tailOf(whole, intactBytes);
    const tailBytes = tail.bytes + (this.#hasEnded ? 0 : tail.zeros);
    const seconds = this.#seconds;
    const secondsWithTail = seconds + (intactBytes > 0 ? (tailBytes * seconds) / intactBytes : 0);
    const isOneStream = this.#streams.size === 1 && codecs[0] !== 'flac';
    const isEndAlone = this.#hasEnded && this.#pagesOfPart === 1 && this.#parts.length > 1 && isOneStream;
    return { parts, isCutAtStart, isEndAlone, whole, tailBytes, seconds, secondsWithTail, codecs };
  }

  #follow(stream: Codec & { sequence: number }, page: OggPage): void {
    if (page.sequence !== (stream.sequence + 1) >>> 0) this.#isLossBefore = true;
    stream.sequence = page.sequence;
    if (page.granule === null || stream.samplesPerSecond === null) return;
    this.#seconds = Math.max(this.#seconds, (page.granule - stream.preSkip) / stream.samplesPerSecond);
  }
}

/** Adds a page to the last range if it lies directly behind that, else as a new range. */
function addTo(ranges: Range[], { size }: OggPage, position: number): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.start + last.size === position) last.size += size;
  else ranges.push({ start: position, size });
}

export function codecOf(body: Buffer): Codec {
  const has = (text: string, at = 0) => body.length >= 40 && body.toString('latin1', at, at + text.length) === text;
  if (body.length >= 19 && body.toString('latin1', 0, 8) === 'OpusHead') {
    return { codec: 'opus', samplesPerSecond: 48_000, preSkip: body.readUInt16LE(10) }; // RFC 7845 section 5.1
  }
  if (body.length >= 16 && body.toString('latin1', 1, 7) === 'vorbis') {
    return { codec: 'vorbis', samplesPerSecond: body.readUInt32LE(12) || null, preSkip: 0 };
  }
  if (has('Speex   ')) return { codec: 'speex', samplesPerSecond: body.readUInt32LE(36) || null, preSkip: 0 };
  if (has('FLAC', 1)) return { codec: 'flac', samplesPerSecond: body.readUIntBE(27, 3) >> 4 || null, preSkip: 0 };
  return { codec: null, samplesPerSecond: null, preSkip: 0 };
}
