/** Decodes the packets of one file, or of one link of a chained Ogg file, to stretches of samples. Runs in the sandbox. */
import { AppError } from '../../../errors.ts';
import type { ChannelMode } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import type { Builds } from './builds.ts';
import { CLAIM_SLACK_SECONDS, claimsOfTracks, missingBytes } from './claims.ts';
import { demux, packetSeconds } from './demux.ts';
import type { Demuxed, FileEnd, FilePart } from './demux.ts';
import { hasAacDelay } from './encoderDelay.ts';
import type { FileView } from './fileView.ts';
import { DECODERS, VARIANTS } from './formats.ts';
import type { Demuxer } from './formats.ts';
import type { Libav, LibavVariant } from './libav.ts';
import { isEndOfFile } from './libavDecoder.ts';
import { timestampOf } from './libavInput.ts';
import type { Workload } from './limits.ts';
import { TrackMixer } from './mixTracks.ts';
import { Origin, Timeline } from './timeline.ts';
import type { Stretch } from './timeline.ts';
import { PacketBytes } from './packetBytes.ts';
import { bytesPerSecond } from './track.ts';
import type { Track } from './track.ts';
import { TrackDecoder } from './trackDecoder.ts';
import type { PartOptions } from './trackDecoder.ts';

/** No build of libav.js has a decoder for the recording. The native ffmpeg may have one. */
export class UnsupportedCodec extends Error {}

/** How many samples are passed on at a time. */
const BATCH_SAMPLES = SAMPLE_RATE;

export interface DecodeOptions {
  readonly demuxer: Demuxer;
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  /** Whether the file was mended. Gaps in its time stamps then are lost audio. */
  readonly isMended: boolean;
  /** Whether another decoder can be tried. If so, a file with a track that cannot be decoded here is left to that decoder. */
  readonly hasOther: boolean;
  /** Receives sentences about what could not be read. */
  readonly notes: string[];
}

/** The options, and what all parts of a file share. */
export interface Shared extends DecodeOptions {
  readonly builds: Builds;
  readonly workload: Workload;
}

/** The tracks of a part, by the index of their streams. */
type TrackDecoders = ReadonlyMap<number, TrackDecoder>;

interface OpenPart extends Omit<Demuxed, 'streams'> {
  readonly tracks: TrackDecoders;
}

/** Decodes a file, or one link of a chained one. */
export class Decoding {
  readonly #shared: Shared;
  readonly #demuxer: Demuxer;
  readonly #tracks: Track[] = [];
  readonly #origin = new Origin();
  readonly #bytes: PacketBytes;
  readonly #isCutAtStart: boolean;
  /** The error of the last part that could not be opened. */
  #failure: unknown = new Error('The file has no parts.');

  /** @param isCutAtStart whether bytes are missing before the first part */
  constructor(shared: Shared, isCutAtStart = false) {
    this.#shared = shared;
    this.#isCutAtStart = isCutAtStart;
    this.#demuxer = shared.demuxer;
    this.#bytes = new PacketBytes(shared.demuxer);
  }

  /**
   * @param parts the file, divided where bytes are missing
   * @param end what is known about the end of the last part
   * @returns the stretches of the recording, in batches
   * @throws AppError `recording_corrupt`; UnsupportedCodec; Error if nothing can be read
   */
  async *decode(parts: readonly FilePart[], end: FileEnd): AsyncGenerator<Stretch[], void, undefined> {
    let mixer: TrackMixer | null = null;
    /** The audio that is missing since the last part that could be opened. */
    let missing = 0;
    for (const [i, { view, lostSeconds = 0, seconds = 0 }] of parts.entries()) {
      const isLast = i === parts.length - 1;
      missing += lostSeconds;
      const opened = await this.#tryToOpen(view, isLast && end.isLastUnplaced ? (end.endsAt ?? null) : null);
      if (opened === null) {
        missing += seconds;
        continue;
      }
      const { libav, context, tracks } = opened;
      mixer ??= new TrackMixer(this.#tracks.length, this.#shared.channels);
      for (const track of this.#tracks) {
        track.isDamaged = i > 0 || this.#isCutAtStart;
        if (missing > 0) track.timeline.lose(null, missing, 'lost');
      }
      missing = 0;
      const packet = libav.av_packet_alloc_sync();
      try {
        let result = await libav.av_read_frame(context, packet);
        for (; result >= 0; result = await libav.av_read_frame(context, packet)) {
          this.#decodePacket(libav, packet, tracks);
          libav.av_packet_unref_sync(packet);
          const stretches = this.#isBatchReady ? this.#mixed(mixer, false) : [];
          if (stretches.length > 0) yield stretches;
        }
        for (const track of tracks.values()) track.finish();
        const hasStopped = !isEndOfFile(result);
        if (hasStopped) this.#note('The decoder stopped before the end of the file.');
        if (isLast) this.#loseTail(view, tracks, end, hasStopped);
      } finally {
        for (const track of tracks.values()) track.close();
        libav.avformat_close_input_js_sync(context);
      }
    }
    if (mixer === null) throw this.#failure;
    // The last parts could not be opened.
    if (missing > 0) for (const { timeline } of this.#tracks) timeline.lose(null, missing + (end.seconds ?? 0), 'lost');
    yield this.#mixed(mixer, true);
    if (mixer.lateSeconds > 0) {
      this.#note(`${mixer.lateSeconds.toFixed(1)} s of a track are missing: it was too far behind the other tracks.`);
    }
  }

  /**
   * Opens a part. FFmpeg refuses a part of MP3 with fewer than two frames that follow one another.
   * @param endsAt where it ends, seconds, if its packets do not say where they begin
   * @returns null if it cannot be opened
   */
  async #tryToOpen(view: FileView, endsAt: number | null): Promise<OpenPart | null> {
    try {
      return await this.#open(view, endsAt === null ? null : endsAt - (await packetSeconds(view, this.#shared)));
    } catch (error) {
      if (error instanceof AppError || error instanceof UnsupportedCodec) throw error;
      this.#failure = error;
      return null;
    }
  }

  /** Opens a part with the first build that has decoders for all tracks, else with the one that has the most. */
  async #open(view: FileView, startSeconds: number | null): Promise<OpenPart> {
    let best: { readonly variant: LibavVariant; readonly known: number } | null = null;
    for (const variant of VARIANTS[this.#demuxer]) {
      const demuxed = await demux(view, variant, this.#shared);
      const known = demuxed.streams.filter(({ codec }) => DECODERS[variant][codec] !== undefined).length;
      if (known === demuxed.streams.length) return this.#openTracks(demuxed, variant, view, startSeconds);
      demuxed.libav.avformat_close_input_js_sync(demuxed.context);
      if (known > (best?.known ?? 0)) best = { variant, known };
    }
    if (best === null || this.#shared.hasOther) throw new UnsupportedCodec('No build has a decoder for each track.');
    this.#note('An audio track has an unknown codec.');
    return this.#openTracks(await demux(view, best.variant, this.#shared), best.variant, view, startSeconds);
  }

  #openTracks(
    { libav, context, streams }: Demuxed,
    variant: LibavVariant,
    view: FileView,
    startSeconds: number | null,
  ): OpenPart {
    const tracks = streams.map((stream, i) => ({ stream, track: (this.#tracks[i] ??= this.#newTrack()) }));
    const part: PartOptions = {
      ...this.#shared,
      channels: this.#channels,
      mayBeDelayed: this.#demuxer !== 'mov' || hasAacDelay(view, 'm4a'),
      startSeconds,
    };
    const refusals: unknown[] = [];
    const open = tracks.map(({ stream, track }) => {
      const decoder = DECODERS[variant][stream.codec] ?? null;
      try {
        return [stream.index, new TrackDecoder(libav, stream, decoder, track, part)] as const;
      } catch (error) {
        refusals.push(error);
        return [stream.index, new TrackDecoder(libav, stream, null, track, part)] as const;
      }
    });
    if (refusals.length === tracks.length) throw refusals[0];
    if (refusals.length > 0) this.#note('The settings of an audio track are damaged.');
    return { libav, context, tracks: new Map(open) };
  }

  #newTrack(): Track {
    return {
      timeline: new Timeline(this.#shared.maxSeconds, this.#origin),
      output: null,
      isDamaged: false,
      lastSeconds: 0,
      longestTicks: 0,
      bytes: 0,
    };
  }

  #note(sentence: string): void {
    const { notes } = this.#shared;
    if (!notes.includes(sentence)) notes.push(sentence);
  }

  #decodePacket(libav: Libav, packet: number, tracks: TrackDecoders): void {
    const position = timestampOf(libav.AVPacket_pos_sync(packet), libav.AVPacket_poshi_sync(packet));
    const skipped = this.#bytes.account(position, libav.AVPacket_size_sync(packet));
    if (skipped > 0) for (const { track } of tracks.values()) track.isDamaged = true;
    tracks.get(libav.AVPacket_stream_index_sync(packet))?.decode(packet, skipped);
  }

  /**
   * Adds lost time for what the container claims beyond the decoded audio, and for unread bytes at the end. Zeros behind all
   * claimed audio are padding.
   * @param hasStopped whether FFmpeg stopped before the end
   */
  #loseTail(
    view: FileView,
    tracks: TrackDecoders,
    { bytes = 0, seconds = 0, endsAt = 0 }: FileEnd,
    hasStopped: boolean,
  ): void {
    const { maxSeconds, isMended } = this.#shared;
    const unread = this.#bytes.unreadIn(view);
    const isDamaged = hasStopped || isMended || unread.bytes + unread.zeros > 0;
    const claims = claimsOfTracks(view, this.#demuxer, tracks.size, isDamaged);
    const claimedBytes = missingBytes(view, this.#demuxer);
    for (const [i, { track }] of [...tracks.values()].entries()) {
      const claimed = claims[i] ?? (hasStopped ? endsAt : 0);
      const decoded = track.timeline.length / SAMPLE_RATE;
      const absent = claimedBytes / bytesPerSecond(track);
      const isShort = claimed - decoded > CLAIM_SLACK_SECONDS;
      const isWhole = claimed > 0 && !isShort;
      const behind = bytes + unread.bytes + (isWhole ? 0 : unread.zeros);
      const missing = Math.max(
        isShort && claimed <= maxSeconds ? claimed - decoded : seconds + behind / bytesPerSecond(track),
        decoded + absent <= maxSeconds ? absent : 0,
      );
      if (missing > 0) track.timeline.lose(null, missing, 'lost');
    }
  }

  /** Several tracks are mixed, so the channels of each are mixed, too. */
  get #channels(): ChannelMode {
    return this.#tracks.length === 1 ? this.#shared.channels : 'mixed';
  }

  get #isBatchReady(): boolean {
    return this.#tracks.some((track) => track.timeline.pending >= BATCH_SAMPLES);
  }

  #mixed(mixer: TrackMixer, isEnd: boolean): Stretch[] {
    for (const [i, track] of this.#tracks.entries()) mixer.push(i, track.timeline.drain());
    return mixer.drain(isEnd);
  }
}
