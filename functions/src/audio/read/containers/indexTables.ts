/**
 * Repairs the times in the index of an MP4 file. Nearly each is stated twice: samples are counted by their durations and by their
 * sizes, and their time is that of the media, of the track and of the movie. Where two numbers contradict each other, the one that
 * becomes right by changing one byte was damaged.
 */
import type { IndexBoxes, TrackBoxes } from './indexBoxes.ts';
import { Cell, Table } from './indexCells.ts';
import type { Box } from './mp4Box.ts';
import { isUsualRate } from './pcmFormats.ts';
import { SamplePlaces } from './samplePlaces.ts';
import { mendSettings } from './soundDescription.ts';

/** How far durations may differ, seconds: they are rounded, and encoders add samples before and behind the audio. */
const SLACK_SECONDS = 0.15;

/** Units of time in a second that writers use, besides the rates of samples. */
const USUAL_SCALES = [600, 1000, 2400, 10_000, 12_800, 15_360, 30_000, 60_000, 90_000, 1_000_000];

/** A duration and its unit, as the headers of movie and media state them. */
interface Clock {
  readonly scale: Cell;
  readonly duration: Cell;
}

function clockOf(index: Buffer, box: Box): Clock {
  const isLong = index.readUInt8(box.start + 8) === 1;
  const scaleAt = box.start + (isLong ? 28 : 20);
  return { scale: new Cell(index, scaleAt), duration: new Cell(index, scaleAt + 4, isLong) };
}

/** The shortest header of a movie or of its media. */
const CLOCK_BYTES = 32;

/** The largest number of a field of 32 bits. */
const MAX_NUMBER = 0xffff_ffff;

/** Where in the description of sound its type stands, and the rate of its samples. */
const [DESCRIPTION_TYPE_AT, DESCRIPTION_RATE_AT] = [20, 48];

/** Samples in a packet, by the type of the description. The last packet may be shorter. */
const PACKET_SAMPLES: Readonly<Record<string, number>> = { mp4a: 1024, alac: 4096 };

/** The duration in the header of a movie, seconds; null if it states none. */
export function movieSeconds(index: Buffer, movie: Box | null): number | null {
  if (movie === null || movie.size < CLOCK_BYTES) return null;
  const { scale, duration } = clockOf(index, movie);
  return isClaim(duration.value / scale.value) ? duration.value / scale.value : null;
}

/** The duration in the header of a track, in units of the movie; 0 if it has none. */
function trackDuration(index: Buffer, box: Box | undefined): number {
  if (box === undefined || box.size < 92) return 0;
  const isLong = index.readUInt8(box.start + 8) === 1 && box.size >= 104;
  return isLong ? Number(index.readBigUInt64BE(box.start + 36)) : index.readUInt32BE(box.start + 28);
}

function isClaim(seconds: number): boolean {
  return Number.isFinite(seconds) && seconds > 0;
}

/** The duration with which most others agree, the shortest of them; null if none has another that agrees. */
function mostClaimed(claims: readonly number[]): number | null {
  const votes = (claim: number): number => claims.filter((other) => Math.abs(other - claim) <= SLACK_SECONDS).length;
  const [most] = claims.toSorted((a, b) => votes(b) - votes(a) || a - b);
  return most === undefined || votes(most) < 2 ? null : most;
}

/** The tables of a track of sound. */
export class IndexTables {
  readonly #index: Buffer;
  readonly #description: Box;
  readonly #movie: Clock;
  readonly #media: Clock;
  readonly #durations: Table;
  readonly #places: SamplePlaces;
  /** Null if the edit list is of version 1 or has no entries, or there is none. */
  readonly #edits: Table | null;
  /** The duration of the track, in units of the movie. */
  readonly #shown: number;
  /** The rate of the samples, and how many a packet has; 0 if they are not known. */
  readonly #rate: number;
  readonly #packetSamples: number;

  private constructor(
    index: Buffer,
    track: TrackBoxes,
    { movie, media, description }: { movie: Box; media: Box; description: Box },
  ) {
    this.#index = index;
    this.#description = description;
    this.#movie = clockOf(index, movie);
    this.#media = clockOf(index, media);
    this.#durations = new Table(index, track.get('stts'), 16, 2);
    this.#places = new SamplePlaces(index, track);
    const list = track.get('elst');
    const edits = new Table(index, list, 16, 3);
    this.#edits = list !== undefined && edits.count > 0 && index.readUInt8(list.start + 8) === 0 ? edits : null;
    this.#shown = trackDuration(index, track.get('tkhd'));
    this.#rate = index.readUInt16BE(description.start + DESCRIPTION_RATE_AT);
    const typeAt = description.start + DESCRIPTION_TYPE_AT;
    this.#packetSamples = PACKET_SAMPLES[index.toString('latin1', typeAt, typeAt + 4)] ?? 0;
  }

  /** Those of all tracks of sound: of a single track whatever it says, of several those with a header for sound. */
  static all(index: Buffer, { movie, tracks }: IndexBoxes): (IndexTables | null)[] {
    const ofSound = tracks.length === 1 ? tracks : tracks.filter((boxes) => boxes.has('smhd'));
    return ofSound.map((track) => (movie === null ? null : IndexTables.#of(index, track, movie)));
  }

  /** Null if the track lacks one of the boxes. */
  static #of(index: Buffer, track: TrackBoxes, movie: Box): IndexTables | null {
    const [media, description] = [track.get('mdhd'), track.get('stsd')];
    const isWhole = [movie, media].every((box) => (box?.size ?? 0) >= CLOCK_BYTES);
    if (!isWhole || media === undefined || description === undefined) return null;
    if (description.size < DESCRIPTION_RATE_AT + 2) return null;
    return new IndexTables(index, track, { movie, media, description });
  }

  /**
   * The duration that is claimed: that of the track and its edits, unless they contradict each other or the media. If fragments
   * have the samples, most indexes state none, so one is a claim only if it is stated twice.
   */
  get seconds(): number | null {
    const movie = this.#movie.duration.value;
    if (this.#durations.count === 0) return movie > 0 && movie === this.#shown ? movie / this.#movie.scale.value : null;
    const { scale } = this.#movie;
    const edits = this.#edits;
    const shown = [this.#shown, edits?.sum((i) => edits.at(i)) ?? 0].map((ticks) => ticks / scale.value);
    const counted = (this.#places.samples * this.#packetSamples) / this.#rate;
    const media = [this.#mediaSeconds, this.#ticks / this.#media.scale.value, counted];
    const [first = 0, ...others] = shown.filter(isClaim);
    const isShown = others.every((other) => Math.abs(other - first) <= SLACK_SECONDS) && first > 0;
    const fits = media.filter(isClaim).some((seconds) => first <= seconds + SLACK_SECONDS);
    return isShown && fits ? first : mostClaimed([...shown, ...media].filter(isClaim));
  }

  /** The unit of the media is the rate of its samples, if that fits the duration of the movie better. */
  mendUnit(): void {
    const { scale, duration } = this.#media;
    const movie = this.#movie.duration.value / this.#movie.scale.value;
    const fits = (unit: number): boolean =>
      movie > 0 ? Math.abs(duration.value / unit - movie) <= SLACK_SECONDS : isUsualRate(unit);
    const isOdd = !USUAL_SCALES.includes(scale.value) && !isUsualRate(scale.value) && isUsualRate(this.#rate);
    if (scale.isNear(this.#rate) && (isOdd || (fits(this.#rate) && !fits(scale.value)))) scale.value = this.#rate;
    if (this.#rate === scale.value) mendSettings(this.#index, this.#description, this.#rate);
  }

  /** Repairs durations and the unit of the movie. */
  mendTimes(): void {
    if (this.#durations.count > 0 && this.#places.isStated) this.#mendDurations();
    this.#mendMovie();
    if (this.#edits !== null) this.#mendLastEdit(this.#edits);
    if (this.#edits?.count === 1) this.#mendEdit(this.#edits.cell(0), this.#edits.cell(0, 1));
  }

  #mendDurations(): void {
    const durations = this.#durations;
    const { duration } = this.#media;
    const tooMany = durations.sum((i) => durations.at(i)) - this.#places.samples;
    const isNear = (i: number): boolean => durations.cell(i).isNear(durations.at(i) - tooMany);
    // Of several that may be miscounted, it is the one with which the durations add up to that of the media.
    const stated = this.#ticks;
    const addsUp = (i: number): boolean => stated - tooMany * durations.at(i, 1) === duration.value;
    const miscounted = durations.find((i) => isNear(i) && addsUp(i)) ?? durations.find(isNear);
    if (tooMany !== 0 && miscounted !== null) durations.cell(miscounted).value -= tooMany;
    else if (tooMany !== 0 && durations.count === 1) durations.cell(0).value = this.#places.samples;
    const ticks = this.#ticks;
    const excess = ticks - duration.value;
    const wrong = durations.find((i) => {
      const right = durations.at(i, 1) - excess / durations.at(i);
      return durations.cell(i, 1).isNear(right) && (right === this.#packetSamples || durations.count > 1);
    });
    if (wrong !== null) durations.cell(wrong, 1).value -= excess / durations.at(wrong);
    else if (duration.isNear(ticks)) duration.value = ticks;
  }

  /** The unit of the movie is usual, or becomes so by changing one byte. */
  #mendMovie(): void {
    const { scale, duration } = this.#movie;
    const usual = [...USUAL_SCALES, this.#rate, this.#media.scale.value];
    const isRight = (unit: number): boolean =>
      scale.isNear(unit) && Math.abs(duration.value / unit - this.#mediaSeconds) <= SLACK_SECONDS;
    const right = usual.includes(scale.value) ? undefined : usual.find(isRight);
    if (right !== undefined) scale.value = right;
  }

  /** An edit without a duration shows the media to its end, as players read it. FFmpeg shows nothing. */
  #mendLastEdit(edits: Table): void {
    const last = edits.count - 1;
    const seconds = this.#mediaSeconds - edits.at(last, 1) / this.#media.scale.value;
    const ticks = Math.round(seconds * this.#movie.scale.value);
    if (edits.at(last) === 0 && ticks > 0 && ticks <= MAX_NUMBER) edits.cell(last).value = ticks;
  }

  /** A single edit lasts as long as the movie, and not longer than the media behind its start. */
  #mendEdit(shown: Cell, from: Cell): void {
    const { scale, duration } = this.#movie;
    const isWhole = Math.abs(duration.value / scale.value - this.#mediaSeconds) <= SLACK_SECONDS;
    if (isWhole && shown.isNear(duration.value)) shown.value = duration.value;
    const beyond = (start: number): number =>
      start / this.#media.scale.value + shown.value / scale.value - this.#mediaSeconds;
    if (beyond(from.value) <= SLACK_SECONDS) return;
    const [best] = [...from.near()].toSorted((a, b) => Math.abs(beyond(a)) - Math.abs(beyond(b)));
    if (best !== undefined && Math.abs(beyond(best)) <= SLACK_SECONDS) from.value = best;
  }

  /** The durations of all samples together, in units of the media. */
  get #ticks(): number {
    return this.#durations.sum((i) => this.#durations.at(i) * this.#durations.at(i, 1));
  }

  get #mediaSeconds(): number {
    return this.#media.duration.value / this.#media.scale.value;
  }
}
