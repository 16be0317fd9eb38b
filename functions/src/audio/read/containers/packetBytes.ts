/** Which bytes of a file are in packets: what lies between them and behind them is damage, or tags. Runs in the sandbox. */
import { elementAt, MATROSKA, MAX_ELEMENT_HEAD_BYTES } from './ebml.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import type { Demuxer } from './formats.ts';
import { NOTHING, tailOf } from './tail.ts';
import type { Tail } from './tail.ts';

/** Bytes between packets that are no sign of damage: headers of blocks, clusters and frames, small elements. */
const SLACK_BYTES = 1024;

/** Bytes behind the last packet that are no sign of damage: tags and indexes. */
const TAIL_SLACK_BYTES = 16 * 1024;
const TAIL_SLACK_PART = 0.02;

/** Bytes before the data of a block: its track, time and flags, and sizes where it holds several packets. */
const MAX_BLOCK_HEAD_BYTES = 16;

export class PacketBytes {
  readonly #demuxer: Demuxer;
  /** The end of the packets so far. */
  #end = 0;

  constructor(demuxer: Demuxer) {
    this.#demuxer = demuxer;
  }

  /** Notes where packets lie. @returns bytes before this packet that are in none, 0 where that is no sign of damage */
  account(position: number | null, size: number): number {
    // An MP4's index says where packets are, in any order; of an Ogg file only intact pages are read.
    if (position === null || position < 0 || this.#demuxer === 'mov' || this.#demuxer === 'ogg') return 0;
    const skipped = position - this.#end;
    const isFirst = this.#end === 0;
    this.#end = Math.max(this.#end, position + size);
    return isFirst || skipped <= SLACK_BYTES ? 0 : skipped;
  }

  /** What is behind the last packet, and no tags or index. */
  unreadIn(view: FileView): Tail {
    if (this.#end === 0) return NOTHING;
    if (this.#demuxer === 'matroska') return tailOf(view, endOfMatroska(view, this.#end));
    const tail = tailOf(view, this.#end);
    const isMuch = tail.bytes + tail.zeros > Math.max(TAIL_SLACK_BYTES, TAIL_SLACK_PART * view.size);
    return isMuch && !isTag(view, this.#end) ? tail : NOTHING;
  }
}

/** Whether tags begin at a position: ID3v1 or APE. */
function isTag(view: FileView, position: number): boolean {
  const start = Buffer.from(readView(view, position, 8)).toString('latin1');
  return ['TAG', 'APETAGEX'].some((tag) => start.startsWith(tag));
}

/** What may stand in Matroska behind the last packet, besides the next cluster: an index, tags, attachments, chapters, heads. */
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
/** Small elements: the rest of a group of blocks (durations, padding to discard, references), checksums, heads of clusters. */
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
/** Elements with packets in them. */
const BLOCKS: ReadonlySet<number> = new Set([0xa3, 0xa0]);

/** Bytes behind the last cluster of a Matroska file that can be read: of its end, where packets are not known. 0 for other files. */
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

/** Where it ends what can be read of Matroska. @param from where the data of the last packet ends, without the head of its block */
function endOfMatroska(view: FileView, from: number): number {
  const headBytes = Math.max(0, Math.min(MAX_BLOCK_HEAD_BYTES, view.size - from));
  const starts = Array.from({ length: headBytes + 1 }, (_, i) => from + i);
  return Math.max(...starts.map((start) => endOfElements(view, start)));
}

/** Where the elements end that stand behind a packet, and are none. */
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
