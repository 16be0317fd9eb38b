/** Decodes the packets of one file, or of one link of a chained Ogg file, to stretches of samples. Runs in the sandbox. */
import { AppError } from '../../../errors.ts';
import { ChannelConverter } from '../channels.ts';
import type { ChannelMode } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import type { Builds } from './builds.ts';
import { CLAIM_SLACK_SECONDS, claimedSeconds, missingBytes } from './claims.ts';
import { demux, packetSeconds } from './demux.ts';
import type { Demuxed, FileEnd, FilePart } from './demux.ts';
import { hasEncoderDelay } from './encoderDelay.ts';
import type { FileView } from './fileView.ts';
import { placeFlacFrame } from './flacFrame.ts';
import { DECODERS, VARIANTS } from './formats.ts';
import type { Demuxer } from './formats.ts';
import type { Libav, LibavVariant } from './libav.ts';
import { AudioDecoder, FrameResampler, isEndOfFile, shapeOf } from './libavDecoder.ts';
import type { FrameShape } from './libavDecoder.ts';
import { timestampOf } from './libavInput.ts';
import type { AudioStream } from './libavInput.ts';
import { implausible } from './limits.ts';
import type { Workload } from './limits.ts';
import { TrackMixer } from './mixTracks.ts';
import { Origin, Timeline } from './timeline.ts';
import type { Stretch } from './timeline.ts';
import { PacketBytes } from './packetBytes.ts';
import { bytesPerSecond, drain } from './track.ts';
import type { Track } from './track.ts';

/** No build of libav.js has a decoder for the recording. The native ffmpeg may have one. */
export class UnsupportedCodec extends Error {}

/** The longest frame of MP3: MPEG-1, 320 kbit/s at 32 kHz, with padding. */
const MAX_MP3_FRAME_BYTES = 1441;

/** Containers whose frames of FLAC tell the time better than FFmpeg does. */
const NUMBERED_FRAMES: readonly Demuxer[] = ['ogg', 'flac'];

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

/** One track in one part. */
interface OpenTrack {
  readonly track: Track;
  readonly stream: AudioStream;
  /** Null if there is no decoder for its codec. */
  readonly decoder: AudioDecoder | null;
  /** Whether a frame was decoded. The first frame is special: encoders put a delay before the audio. */
  hasBegun: boolean;
  packets: number;
  /** The encoder's delay before the audio that the container does not state, seconds. */
  delaySeconds: number;
  /** Where its first packet lies, seconds; null if the time stamp of the packet says it. */
  readonly startSeconds: number | null;
}

interface OpenPart extends Omit<Demuxed, 'streams'> {
  /** The tracks, by the index of their streams. */
  readonly streams: ReadonlyMap<number, OpenTrack>;
}

/** Decodes a file, or one link of a chained one. */
export class Decoding {
  readonly #shared: Shared;
  readonly #demuxer: Demuxer;
  readonly #tracks: Track[] = [];
  readonly #origin = new Origin();
  readonly #bytes: PacketBytes;
  readonly #isCutAtStart: boolean;
  /** Why the last part that could not be opened could not. */
  #failure: unknown = new Error('The file has no parts.');
  /** Whether the container does not say how long the encoder's delay is. */
  #mayBeDelayed = true;

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
      const { libav, context, streams } = opened;
      this.#mayBeDelayed = this.#demuxer !== 'mov' || hasEncoderDelay(view, 'm4a');
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
          this.#decodePacket(libav, packet, streams);
          libav.av_packet_unref_sync(packet);
          const stretches = this.#isBatchReady ? this.#mixed(mixer, false) : [];
          if (stretches.length > 0) yield stretches;
        }
        for (const open of streams.values()) this.#finish(libav, open);
        const hasStopped = !isEndOfFile(result);
        if (hasStopped) this.#note('The decoder stopped before the end of the file.');
        if (isLast) this.#loseTail(view, streams, end, hasStopped);
      } finally {
        for (const { decoder } of streams.values()) decoder?.close();
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
      if (known === demuxed.streams.length) return this.#openTracks(demuxed, variant, startSeconds);
      demuxed.libav.avformat_close_input_js_sync(demuxed.context);
      if (known > (best?.known ?? 0)) best = { variant, known };
    }
    if (best === null || this.#shared.hasOther) throw new UnsupportedCodec('No build has a decoder for each track.');
    this.#note('An audio track has an unknown codec.');
    return this.#openTracks(await demux(view, best.variant, this.#shared), best.variant, startSeconds);
  }

  #openTracks({ libav, context, streams }: Demuxed, variant: LibavVariant, startSeconds: number | null): OpenPart {
    const open = streams.map((stream, i): OpenTrack => ({
      ...this.#openTrack(libav, stream, DECODERS[variant][stream.codec] ?? null, i),
      startSeconds,
    }));
    return { libav, context, streams: new Map(open.map((each) => [each.stream.index, each])) };
  }

  #note(sentence: string): void {
    const { notes } = this.#shared;
    if (!notes.includes(sentence)) notes.push(sentence);
  }

  /** @param decoder null if there is none for the codec; the time of the track is then lost */
  #openTrack(libav: Libav, stream: AudioStream, decoder: string | null, index: number): OpenTrack {
    const track = (this.#tracks[index] ??= {
      timeline: new Timeline(this.#shared.maxSeconds, this.#origin),
      output: null,
      isDamaged: false,
      lastSeconds: 0,
      longestTicks: 0,
      bytes: 0,
    });
    const open = decoder === null ? null : AudioDecoder.open(libav, decoder, stream.codecpar);
    return { track, stream, decoder: open, hasBegun: false, packets: 0, delaySeconds: 0, startSeconds: null };
  }

  #decodePacket(libav: Libav, packet: number, streams: ReadonlyMap<number, OpenTrack>): void {
    const size = libav.AVPacket_size_sync(packet);
    const skipped = this.#bytes.account(
      timestampOf(libav.AVPacket_pos_sync(packet), libav.AVPacket_poshi_sync(packet)),
      size,
    );
    if (skipped > 0) for (const { track } of streams.values()) track.isDamaged = true;
    const open = streams.get(libav.AVPacket_stream_index_sync(packet));
    if (open === undefined) return;
    const { track, stream } = open;
    track.lastSeconds = libav.AVPacket_duration_sync(packet) * stream.tick || track.lastSeconds;
    if (NUMBERED_FRAMES.includes(this.#demuxer) && stream.codec === 'flac') placeFlacFrame(libav, packet, track);
    const pts = timestampOf(libav.AVPacket_pts_sync(packet), libav.AVPacket_ptshi_sync(packet));
    // MP3 has no time stamps. Bytes between its frames took as long as the same number of bytes in frames. FFmpeg adds them to
    // the packet before or behind, or to neither.
    const usualBytes = Math.min(MAX_MP3_FRAME_BYTES, bytesPerSecond(track) * track.lastSeconds);
    const strayBytes = this.#demuxer !== 'mp3' ? 0 : skipped + (size > MAX_MP3_FRAME_BYTES ? size - usualBytes : 0);
    if (strayBytes > 0) track.timeline.lose(null, strayBytes / bytesPerSecond(track), 'lost');
    track.bytes += size - Math.min(size, strayBytes);
    if (open.packets === 0 && open.startSeconds !== null)
      open.delaySeconds = (pts ?? 0) * stream.tick - open.startSeconds;
    open.packets++;
    let frames = 0;
    const isIntact = open.decoder?.decode(packet, (frame) => {
      frames++;
      this.#place(libav, open, frame);
    });
    if (!isIntact && frames === 0) this.#lose(open, pts); // for damage in FLAC the decoder returns a frame and an error
  }

  #place(libav: Libav, open: OpenTrack, frame: number): void {
    const { track, stream } = open;
    const shape = shapeOf(libav, frame);
    const samples = libav.AVFrame_nb_samples_sync(frame);
    this.#shared.workload.add(samples * shape.channels);
    const pts = timestampOf(libav.AVFrame_pts_sync(frame), libav.AVFrame_ptshi_sync(frame));
    if (implausible(shape) !== null) {
      this.#lose(open, pts);
      return;
    }
    const output = this.#outputFor(libav, track, shape);
    const seconds = samples / shape.sampleRate;
    // The time stamp is that of the packet, even if the beginning of the packet was cut off.
    const isFirst = !open.hasBegun;
    const cut = isFirst ? Math.max(0, track.lastSeconds - seconds) : 0;
    open.hasBegun = true;
    if (isFirst && this.#isEncoderDelay(open, seconds, cut)) {
      open.delaySeconds = seconds;
      return;
    }
    const at = pts === null || this.#demuxer === 'mp3' ? null : pts * stream.tick + cut - open.delaySeconds;
    track.timeline.expect(at, seconds, this.#gapOf(track));
    track.isDamaged = false;
    for (const planes of output.resampler.push(frame)) track.timeline.fill(output.channels.push(planes));
  }

  /**
   * Whether the first frame is the encoder's delay (`encoderDelay.ts`). If the container states the delay, FFmpeg has cut the
   * frame or dropped it.
   */
  #isEncoderDelay({ stream, packets }: OpenTrack, seconds: number, cut: number): boolean {
    return stream.codec === 'aac' && this.#mayBeDelayed && packets === 1 && cut < seconds / 2;
  }

  /** Marks a packet as lost. Packets without a decoder may not state their duration, so the time between them is lost, too. */
  #lose({ track, decoder, stream, delaySeconds, hasBegun }: OpenTrack, pts: number | null): void {
    const gap = decoder === null ? 'lost' : this.#gapOf(track);
    const at = pts === null || this.#demuxer === 'mp3' ? null : pts * stream.tick - delaySeconds;
    track.isDamaged = false;
    // The encoder's delay has a time before that of the audio.
    const isBefore = !hasBegun && at !== null && at + track.lastSeconds <= 0;
    if (!isBefore) track.timeline.lose(at, track.lastSeconds, gap);
  }

  /**
   * What a gap in the time stamps is. FLAC counts its samples without gaps, so a gap is always a loss; in other formats a
   * recorder may have paused.
   */
  #gapOf(track: Track): 'silence' | 'lost' {
    return track.isDamaged || this.#shared.isMended || this.#demuxer === 'flac' ? 'lost' : 'silence';
  }

  #outputFor(libav: Libav, track: Track, shape: FrameShape): NonNullable<Track['output']> {
    const { output } = track;
    const isSame =
      output?.shape.sampleRate === shape.sampleRate &&
      output.shape.channels === shape.channels &&
      output.shape.format === shape.format;
    if (isSame) return output;
    drain(track);
    track.output = {
      shape,
      resampler: FrameResampler.open(libav, shape, SAMPLE_RATE),
      channels: new ChannelConverter(shape.channels, SAMPLE_RATE, this.#channels),
    };
    return track.output;
  }

  #finish(libav: Libav, open: OpenTrack): void {
    open.decoder?.decode(null, (frame) => {
      this.#place(libav, open, frame);
    });
    drain(open.track);
  }

  /**
   * Adds lost time for what the container claims beyond the decoded audio, and for unread bytes at the end. Zeros behind all
   * claimed audio are padding.
   * @param hasStopped whether FFmpeg stopped before the end
   */
  #loseTail(
    view: FileView,
    streams: ReadonlyMap<number, OpenTrack>,
    { bytes = 0, seconds = 0, endsAt = 0 }: FileEnd,
    hasStopped: boolean,
  ): void {
    const { maxSeconds, isMended } = this.#shared;
    const unread = this.#bytes.unreadIn(view);
    const isDamaged = hasStopped || isMended || unread.bytes + unread.zeros > 0;
    const claimed = claimedSeconds(view, this.#demuxer, isDamaged) ?? (hasStopped ? endsAt : 0);
    const claimedBytes = missingBytes(view, this.#demuxer);
    for (const { track } of streams.values()) {
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
