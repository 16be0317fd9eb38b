/**
 * Tracks which bytes of a file belong to packets. The bytes between packets and behind the last one are damage or tags. Runs in
 * the sandbox.
 */
import { elementAt, MATROSKA, MAX_ELEMENT_HEAD_BYTES } from './ebml.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import type { Demuxer } from './formats.ts';
import { NOTHING, tailOf } from './tail.ts';
import type { Tail } from './tail.ts';

/** So many bytes between packets are no sign of damage: headers of blocks, clusters and frames, and small elements. */
const SLACK_BYTES = 1024;

/** So many bytes, or this share of the file, behind the last packet are no sign of damage: tags and indexes. */
const TAIL_SLACK_BYTES = 16 * 1024;
const TAIL_SLACK_PART = 0.02;

/** The largest head of a block, bytes: track, time and flags, and sizes if it has several packets. */
const MAX_BLOCK_HEAD_BYTES = 16;

export class PacketBytes {
  readonly #demuxer: Demuxer;
  /** The end of the packets so far. */
  #end = 0;

  constructor(demuxer: Demuxer) {
    this.#demuxer = demuxer;
  }

  /** Records a packet. @returns the bytes before it that are in no packet; 0 if there are too few to be damage */
  account(position: number | null, size: number): number {
    // The index of an MP4 places packets in any order, and only the intact pages of an Ogg file are read, so positions show
    // nothing.
    if (position === null || position < 0 || this.#demuxer === 'mov' || this.#demuxer === 'ogg') return 0;
    const skipped = position - this.#end;
    const isFirst = this.#end === 0;
    this.#end = Math.max(this.#end, position + size);
    return isFirst || skipped <= SLACK_BYTES ? 0 : skipped;
  }

  /** The bytes behind the last packet that are not tags or an index. */
  unreadIn(view: FileView): Tail {
    if (this.#end === 0) return NOTHING;
    if (this.#demuxer === 'matroska') return tailOf(view, endOfMatroska(view, this.#end));
    const tail = tailOf(view, this.#end);
    const isMuch = tail.bytes + tail.zeros > Math.max(TAIL_SLACK_BYTES, TAIL_SLACK_PART * view.size);
    return isMuch && !isTag(view, this.#end) ? tail : NOTHING;
  }
}

/** Whether an ID3v1 or APE tag begins at a position. */
function isTag(view: FileView, position: number): boolean {
  const start = Buffer.from(readView(view, position, 8)).toString('latin1');
  return ['TAG', 'APETAGEX'].some((tag) => start.startsWith(tag));
}

/**
 * Elements of Matroska that may stand behind the last packet, besides the next cluster: an index, tags, attachments, chapters,
 * heads.
 */
const WITHOUT_AUDIO: ReadonlySet<number> = new Set([
  MATROSKA.cues,
  MATROSKA.tags,
  MATROSKA.attachments,
  MATROSKA.chapters,
  MATROSKA.seekHead,
  MATROSKA.info,
  MATROSKA.tracks,
]);
const VOID = 0xec;
/**
 * Small elements: the rest of a group of blocks (durations, discarded padding, references), checksums, time stamps of clusters.
 */
const SMALL: ReadonlySet<number> = new Set([
  0x9b,
  0x75a2,
  0xfb,
  0xfa,
  0xa4,
  0xbf,
  0xa7,
  0xab,
  MATROSKA.clusterTimestamp,
]);
const SMALL_BYTES = 16;
/** Elements that contain packets. */
const BLOCKS: ReadonlySet<number> = new Set([0xa3, 0xa0]);

/**
 * The bytes at the end of a Matroska file that cannot be read as elements of its last cluster. Used if the positions of packets
 * are not known. 0 for other files.
 */
export function bytesBehindSound(view: FileView, demuxer: string): number {
  if (demuxer !== 'matroska') return 0;
  const { bytes, zeros } = tailOf(view, endOfElements(view, lastCluster(view), BLOCKS));
  return bytes + zeros;
}

const CLUSTER_ID = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);
const SEARCHED_BYTES = 1024 * 1024;

function lastCluster(view: FileView): number {
  for (let end = view.size; end > 0; end -= SEARCHED_BYTES - CLUSTER_ID.length) {
    const start = Math.max(0, end - SEARCHED_BYTES);
    const at = Buffer.from(readView(view, start, end - start)).lastIndexOf(CLUSTER_ID);
    if (at >= 0) return start + at;
  }
  return 0;
}

/**
 * Where the readable part of a Matroska file ends.
 * @param from the end of the last packet's data, give or take the head of its block
 */
function endOfMatroska(view: FileView, from: number): number {
  const headBytes = Math.max(0, Math.min(MAX_BLOCK_HEAD_BYTES, view.size - from));
  const starts = Array.from({ length: headBytes + 1 }, (_, i) => from + i);
  return Math.max(...starts.map((start) => endOfElements(view, start)));
}

/** Where the row of known elements behind a position ends. @param passed further elements that are skipped */
function endOfElements(view: FileView, from: number, passed: ReadonlySet<number> = new Set()): number {
  let at = from;
  while (at < view.size) {
    const element = elementAt(Buffer.from(readView(view, at, MAX_ELEMENT_HEAD_BYTES)), 0);
    if (element === null) return at;
    const end = at + element.content + element.size;
    const isSmall = SMALL.has(element.id) && element.size <= SMALL_BYTES;
    if (element.id === MATROSKA.cluster) at += element.content;
    else if (WITHOUT_AUDIO.has(element.id)) at = Math.min(end, view.size);
    else if ((isSmall || element.id === VOID || passed.has(element.id)) && end <= view.size) at = end;
    else return at;
  }
  return view.size;
}
