/** Which bytes of a file are in packets: what lies between them and behind them is damage, or tags. Runs in the sandbox. */
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import type { Demuxer } from './formats.ts';

/** Bytes between packets that are no sign of damage: headers of blocks, clusters and frames, small elements. */
const SLACK_BYTES = 1024;

/** Bytes behind the last packet that are no sign of damage: tags and indexes. */
const TAIL_SLACK_BYTES = 16 * 1024;
const TAIL_SLACK_PART = 0.02;

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

  /** Bytes behind the last packet, where they are no tags or index. */
  unreadIn(view: FileView): number {
    if (this.#end === 0) return 0;
    const unread = view.size - this.#end;
    const isMuch = unread > Math.max(TAIL_SLACK_BYTES, TAIL_SLACK_PART * view.size);
    return isMuch && !isTag(view, this.#end) ? unread : 0;
  }
}

/** Whether tags begin at a position: ID3v1, APE, or an element of Matroska that holds an index, tags or attachments. */
function isTag(view: FileView, position: number): boolean {
  const start = Buffer.from(readView(view, position, 8)).toString('latin1');
  return ['TAG', 'APETAGEX', '\x1c\x53\xbb\x6b', '\x12\x54\xc3\x67', '\x19\x41\xa4\x69'].some((tag) =>
    start.startsWith(tag),
  );
}
