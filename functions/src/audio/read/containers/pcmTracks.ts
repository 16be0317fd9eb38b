/** Converts the PCM tracks of a native decoder to 16 kHz, places each by its time stamps, and mixes them. */
import { AppError } from '../../../errors.ts';
import { ChannelConverter } from '../channels.ts';
import type { ChannelMode } from '../channels.ts';
import { deinterleave } from '../mixDown.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import { s16leToFloat } from '../s16.ts';
import { CLAIM_SLACK_SECONDS } from './claims.ts';
import { implausible, MAX_TRACKS, tooManyTracks, Workload } from './limits.ts';
import type { PcmTrack } from './matroskaPcm.ts';
import { TrackMixer } from './mixTracks.ts';
import { Origin, Timeline } from './timeline.ts';
import type { Stretch } from './timeline.ts';

/** A stretch of one track. */
export interface PcmBlock {
  /** The number of the track. */
  readonly track: number;
  /** The time stamp, seconds. */
  readonly seconds: number;
  /** Signed 16-bit little-endian samples, channels interleaved. */
  readonly bytes: Uint8Array;
}

interface Track extends PcmTrack {
  readonly timeline: Timeline;
  converter: ChannelConverter;
  readonly newConverter: () => ChannelConverter;
  /** Whether the next block continues behind damage. */
  isDamaged: boolean;
  /** The encoder's delay before the audio, seconds; null until it has come. */
  delaySeconds: number | null;
}

export class PcmTracks {
  readonly #tracks: readonly Track[];
  readonly #mixer: TrackMixer;
  readonly #maxSeconds: number;
  readonly #workload = new Workload();

  /**
   * @param hasDelay whether the first block of each track is the encoder's delay
   * @throws AppError `recording_corrupt` for rates, channels or a number of tracks that are not decoded
   */
  constructor(tracks: readonly PcmTrack[], maxSeconds: number, channels: ChannelMode, hasDelay = false) {
    refuseImplausible(tracks);
    this.#maxSeconds = maxSeconds;
    this.#mixer = new TrackMixer(tracks.length, channels);
    const origin = new Origin();
    this.#tracks = tracks.map((track) => {
      const mode = tracks.length === 1 ? channels : 'mixed';
      const newConverter = () => new ChannelConverter(track.channels, track.sampleRate, mode);
      const timeline = new Timeline(maxSeconds, origin);
      const delaySeconds = hasDelay ? null : 0;
      return { ...track, timeline, converter: newConverter(), newConverter, isDamaged: false, delaySeconds };
    });
  }

  /**
   * The same tracks continue behind damage. Their time stamps show how much is missing.
   * @throws AppError `recording_corrupt` if these are other tracks
   */
  continueBehindDamage(tracks: readonly PcmTrack[]): void {
    const isSame = ({ number, sampleRate, channels }: PcmTrack, i: number): boolean => {
      const track = this.#tracks[i];
      return track?.number === number && track.sampleRate === sampleRate && track.channels === channels;
    };
    if (tracks.length !== this.#tracks.length || !tracks.every(isSame)) throw new AppError('recording_corrupt');
    for (const track of this.#tracks) {
      flush(track);
      track.converter = track.newConverter();
      track.isDamaged = true;
    }
  }

  /** Adds a block. @param gap what a gap in the time stamps before the block is */
  push({ track: number, seconds, bytes }: PcmBlock, gap: 'silence' | 'lost'): void {
    const track = this.#tracks.find((each) => each.number === number);
    if (track === undefined) return;
    const planes = deinterleave(s16leToFloat(bytes), track.channels);
    const samples = planes[0]?.length ?? 0;
    this.#workload.add(samples * track.channels);
    const length = samples / track.sampleRate;
    if (track.delaySeconds === null) {
      track.delaySeconds = length;
      return;
    }
    track.timeline.expect(seconds - track.delaySeconds, length, track.isDamaged ? 'lost' : gap);
    track.isDamaged = false;
    track.timeline.fill(track.converter.push(planes));
  }

  /** The duration of the longest track so far. */
  get seconds(): number {
    return Math.max(0, ...this.#tracks.map(({ timeline }) => timeline.length)) / SAMPLE_RATE;
  }

  get isBatchReady(): boolean {
    return this.#tracks.some(({ timeline }) => timeline.pending >= SAMPLE_RATE);
  }

  /** @returns the mix up to where all tracks have audio */
  drain(): Stretch[] {
    return this.#mixed(false);
  }

  /**
   * Ends all tracks.
   * @param claimedSeconds the duration that the container claims
   * @param missing what claimed audio stands for that did not come
   * @param slack how many seconds may be missing without being a loss
   * @returns the rest of the mix
   */
  end(claimedSeconds: number, missing: 'silence' | 'lost' = 'lost', slack = CLAIM_SLACK_SECONDS): Stretch[] {
    for (const track of this.#tracks) {
      flush(track);
      const { timeline } = track;
      const seconds = claimedSeconds - (track.delaySeconds ?? 0) - timeline.length / SAMPLE_RATE;
      if (seconds > slack && claimedSeconds <= this.#maxSeconds) timeline.append(missing, seconds);
    }
    return this.#mixed(true);
  }

  #mixed(isEnd: boolean): Stretch[] {
    for (const [i, { timeline }] of this.#tracks.entries()) this.#mixer.push(i, timeline.drain());
    return this.#mixer.drain(isEnd);
  }
}

/** Adds the samples that the converter holds back. */
function flush({ timeline, converter }: Track): void {
  timeline.fill(converter.end());
  timeline.padWithZeros();
}

function refuseImplausible(tracks: readonly PcmTrack[]): void {
  const complaint =
    tracks.length > MAX_TRACKS
      ? tooManyTracks(tracks.length)
      : (tracks.map(implausible).find((each) => each !== null) ?? null);
  if (complaint !== null) throw new AppError('recording_corrupt', { message: complaint });
}
