/** Decodes the packets of one track, in one part of a file, to the track's timeline. Runs in the sandbox. */
import { ChannelConverter } from '../channels.ts';
import type { ChannelMode } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import { placeFlacFrame } from './flacFrame.ts';
import type { Demuxer } from './formats.ts';
import type { Libav } from './libav.ts';
import { AudioDecoder, FrameResampler, shapeOf } from './libavDecoder.ts';
import type { FrameShape } from './libavDecoder.ts';
import { timestampOf } from './libavInput.ts';
import type { AudioStream } from './libavInput.ts';
import { implausible } from './limits.ts';
import type { Workload } from './limits.ts';
import { bytesPerSecond, drain } from './track.ts';
import type { Track } from './track.ts';

/** The longest frame of MP3: MPEG-1, 320 kbit/s at 32 kHz, with padding. */
const MAX_MP3_FRAME_BYTES = 1441;

/** Containers whose frames of FLAC tell the time better than FFmpeg does. */
const NUMBERED_FRAMES: readonly Demuxer[] = ['ogg', 'flac'];

/** What all tracks of a part have in common. */
export interface PartOptions {
  readonly demuxer: Demuxer;
  /** Whether the file was mended. Gaps in its time stamps then are lost audio. */
  readonly isMended: boolean;
  readonly workload: Workload;
  readonly channels: ChannelMode;
  /** Whether the container does not say how long the encoder's delay is. */
  readonly mayBeDelayed: boolean;
  /** Where the first packet of each track lies, seconds; null if the time stamp of the packet says it. */
  readonly startSeconds: number | null;
}

export class TrackDecoder {
  readonly track: Track;
  readonly #libav: Libav;
  readonly #stream: AudioStream;
  readonly #decoder: AudioDecoder | null;
  readonly #part: PartOptions;
  /** Whether a frame was decoded. The first frame is special: encoders put a delay before the audio. */
  #hasBegun = false;
  #packets = 0;
  /** The encoder's delay before the audio that the container does not state, seconds. */
  #delaySeconds = 0;

  /**
   * @param decoder null if there is none for the codec; the time of the track is then lost
   * @throws Error if the decoder refuses the parameters of the stream
   */
  constructor(libav: Libav, stream: AudioStream, decoder: string | null, track: Track, part: PartOptions) {
    this.track = track;
    this.#libav = libav;
    this.#stream = stream;
    this.#decoder = decoder === null ? null : AudioDecoder.open(libav, decoder, stream.codecpar);
    this.#part = part;
  }

  /** @param skipped the bytes before the packet that are in no packet */
  decode(packet: number, skipped: number): void {
    const libav = this.#libav;
    const { track } = this;
    const { tick, codec } = this.#stream;
    const { demuxer, startSeconds } = this.#part;
    track.lastSeconds = libav.AVPacket_duration_sync(packet) * tick || track.lastSeconds;
    if (NUMBERED_FRAMES.includes(demuxer) && codec === 'flac') placeFlacFrame(libav, packet, track);
    const pts = timestampOf(libav.AVPacket_pts_sync(packet), libav.AVPacket_ptshi_sync(packet));
    this.#count(libav.AVPacket_size_sync(packet), skipped);
    if (this.#packets === 0 && startSeconds !== null) this.#delaySeconds = (pts ?? 0) * tick - startSeconds;
    this.#packets++;
    let frames = 0;
    const isIntact = this.#decoder?.decode(packet, (frame) => {
      frames++;
      this.#place(frame);
    });
    if (!isIntact && frames === 0) this.#lose(pts); // for damage in FLAC the decoder returns a frame and an error
  }

  /** Adds what the decoder and the resampler hold back. */
  finish(): void {
    this.#decoder?.decode(null, (frame) => {
      this.#place(frame);
    });
    drain(this.track);
  }

  close(): void {
    this.#decoder?.close();
  }

  /**
   * Counts the bytes of a packet. MP3 has no time stamps: bytes between its frames took as long as the same number of bytes in
   * frames. FFmpeg adds them to the packet before or behind, or to neither.
   */
  #count(size: number, skipped: number): void {
    const { track } = this;
    const usualBytes = Math.min(MAX_MP3_FRAME_BYTES, bytesPerSecond(track) * track.lastSeconds);
    const isMp3 = this.#part.demuxer === 'mp3';
    const strayBytes = isMp3 ? skipped + (size > MAX_MP3_FRAME_BYTES ? size - usualBytes : 0) : 0;
    if (strayBytes > 0) track.timeline.lose(null, strayBytes / bytesPerSecond(track), 'lost');
    track.bytes += size - Math.min(size, strayBytes);
  }

  #place(frame: number): void {
    const libav = this.#libav;
    const { track } = this;
    const shape = shapeOf(libav, frame);
    const samples = libav.AVFrame_nb_samples_sync(frame);
    this.#part.workload.add(samples * shape.channels);
    const pts = timestampOf(libav.AVFrame_pts_sync(frame), libav.AVFrame_ptshi_sync(frame));
    if (implausible(shape) !== null) {
      this.#lose(pts);
      return;
    }
    const output = this.#outputFor(shape);
    const seconds = samples / shape.sampleRate;
    // The time stamp is that of the packet, even if the beginning of the packet was cut off.
    const isFirst = !this.#hasBegun;
    const cut = isFirst ? Math.max(0, track.lastSeconds - seconds) : 0;
    this.#hasBegun = true;
    if (isFirst && this.#isEncoderDelay(seconds, cut)) {
      this.#delaySeconds = seconds;
      return;
    }
    const at = this.#timeOf(pts);
    track.timeline.expect(at === null ? null : at + cut, seconds, this.#gap);
    track.isDamaged = false;
    for (const planes of output.resampler.push(frame)) track.timeline.fill(output.channels.push(planes));
  }

  /**
   * Whether the first frame is the encoder's delay (`encoderDelay.ts`). If the container states the delay, FFmpeg has cut the
   * frame or dropped it.
   */
  #isEncoderDelay(seconds: number, cut: number): boolean {
    return this.#stream.codec === 'aac' && this.#part.mayBeDelayed && this.#packets === 1 && cut < seconds / 2;
  }

  /** Marks a packet as lost. Packets without a decoder may not state their duration, so the time between them is lost, too. */
  #lose(pts: number | null): void {
    const { track } = this;
    const gap = this.#decoder === null ? 'lost' : this.#gap;
    const at = this.#timeOf(pts);
    track.isDamaged = false;
    // The encoder's delay has a time before that of the audio.
    const isBefore = !this.#hasBegun && at !== null && at + track.lastSeconds <= 0;
    if (!isBefore) track.timeline.lose(at, track.lastSeconds, gap);
  }

  /** The time of a packet on the axis of its track, seconds; null if its time stamp does not say it. */
  #timeOf(pts: number | null): number | null {
    return pts === null || this.#part.demuxer === 'mp3' ? null : pts * this.#stream.tick - this.#delaySeconds;
  }

  /**
   * What a gap in the time stamps is. FLAC counts its samples without gaps, so a gap is always a loss; in other formats a
   * recorder may have paused.
   */
  get #gap(): 'silence' | 'lost' {
    return this.track.isDamaged || this.#part.isMended || this.#part.demuxer === 'flac' ? 'lost' : 'silence';
  }

  #outputFor(shape: FrameShape): NonNullable<Track['output']> {
    const { track } = this;
    const { output } = track;
    const isSame =
      output?.shape.sampleRate === shape.sampleRate &&
      output.shape.channels === shape.channels &&
      output.shape.format === shape.format;
    if (isSame) return output;
    drain(track);
    track.output = {
      shape,
      resampler: FrameResampler.open(this.#libav, shape, SAMPLE_RATE),
      channels: new ChannelConverter(shape.channels, SAMPLE_RATE, this.#part.channels),
    };
    return track.output;
  }
}
