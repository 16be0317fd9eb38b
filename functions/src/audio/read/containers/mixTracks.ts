/** Mixes the tracks of a recording to one while they are decoded, so that speech on any of them is transcribed. */
import { MixDown } from '../mixDown.ts';
import { AUDIBLE, slicePlanes, withMix } from '../channels.ts';
import type { ChannelMode, Planes } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import { lengthOf } from './timeline.ts';
import type { Stretch } from './timeline.ts';

/**
 * How far one track may be decoded ahead of another, samples. A track that is further behind counts as paused. This takes 19 MB
 * for each track.
 */
const MAX_LAG_SAMPLES = 300 * SAMPLE_RATE;

/** Mixes several tracks to one channel. A single track is not changed. */
export class TrackMixer {
  readonly #tracks: Track[];
  readonly #mixDown: MixDown;
  readonly #mode: ChannelMode;

  /** @param mode `separate` if each track is passed on besides the mix */
  constructor(tracks: number, mode: ChannelMode) {
    this.#mode = mode;
    this.#tracks = Array.from({ length: tracks }, () => new Track());
    this.#mixDown = new MixDown(tracks, SAMPLE_RATE);
  }

  /** The audio that came too late to be mixed, over all tracks, seconds. */
  get lateSeconds(): number {
    return this.#tracks.reduce((sum, track) => sum + track.lateSamples, 0) / SAMPLE_RATE;
  }

  push(track: number, stretches: readonly Stretch[]): void {
    this.#tracks[track]?.push(stretches);
  }

  /**
   * @param isEnd whether no more will come: shorter tracks then end in silence
   * @returns the mix up to where all tracks have audio
   */
  drain(isEnd: boolean): Stretch[] {
    const [only] = this.#tracks;
    if (this.#tracks.length === 1 && only !== undefined) return only.drain();
    const held = this.#tracks.map((track) => track.length);
    const furthest = Math.max(0, ...held);
    let rest = isEnd ? furthest : Math.max(Math.min(...held), furthest - MAX_LAG_SAMPLES);
    const mixed: Stretch[] = [];
    while (rest > 0) {
      const length = Math.min(rest, ...this.#tracks.map((track) => track.firstLength));
      mixed.push(
        this.#mix(
          this.#tracks.map((track) => track.shift(length)),
          length,
        ),
      );
      rest -= length;
    }
    return mixed;
  }

  #mix(parts: readonly Stretch[], length: number): Stretch {
    const audio = parts.flatMap((part) => (part.kind === 'audio' ? [part.planes] : []));
    const isLost = parts.some(({ kind }) => kind === 'lost');
    if (isLost && !audio.some(isAudible)) return { kind: 'lost', samples: length };
    if (audio.length === 0) return { kind: 'silence', samples: length };
    const planes = parts.map((part) => (part.kind === 'audio' ? part.planes[0] : null) ?? new Float32Array(length));
    return { kind: 'audio', planes: withMix(this.#mixDown.push(planes), planes, this.#mode) };
  }
}

/** The decoded audio of one track that is not mixed yet. */
class Track {
  readonly #stretches: Stretch[] = [];
  length = 0;
  lateSamples = 0;
  /**
   * Samples that were mixed as silence before they came, because the track counted as paused. As many that come later are
   * dropped.
   */
  #owed = 0;

  push(stretches: readonly Stretch[]): void {
    for (const stretch of stretches) {
      const late = Math.min(this.#owed, lengthOf(stretch));
      this.#owed -= late;
      if (stretch.kind === 'audio') this.lateSamples += late;
      const rest = late === 0 ? stretch : sliceOf(stretch, late);
      if (lengthOf(rest) === 0) continue;
      this.#stretches.push(rest);
      this.length += lengthOf(rest);
    }
  }

  /** The samples of the first stretch; Infinity if there is none. */
  get firstLength(): number {
    const first = this.#stretches[0];
    return first === undefined ? Infinity : lengthOf(first);
  }

  shift(samples: number): Stretch {
    const first = this.#stretches[0];
    if (first === undefined) {
      this.#owed += samples;
      return { kind: 'silence', samples };
    }
    this.length -= samples;
    if (lengthOf(first) === samples) this.#stretches.shift();
    else this.#stretches[0] = sliceOf(first, samples);
    return sliceOf(first, 0, samples);
  }

  drain(): Stretch[] {
    this.length = 0;
    return this.#stretches.splice(0);
  }
}

function sliceOf(stretch: Stretch, start: number, end = lengthOf(stretch)): Stretch {
  if (stretch.kind === 'audio') return { kind: 'audio', planes: slicePlanes(stretch.planes, start, end) };
  return { kind: stretch.kind, samples: end - start };
}

/** Whether the mix of a channel is audible. Beside a lost stretch, inaudible audio does not make the mix anything but lost. */
function isAudible(planes: Planes): boolean {
  return planes.some((pcm) => pcm.reduce((sum, sample) => sum + sample * sample, 0) > AUDIBLE * pcm.length);
}
