/** Plays a conversation from any of its sentences, chunk by chunk. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Listening } from '../data/listening.ts';
import { nextPlace, placeOfSentence, soundingAt, type PlayedSentence, type Sounding } from '../domain/playback.ts';
import type { KeptAudio } from './keptAudio.ts';

export interface PlaybackState {
  readonly kind: 'idle' | 'loading' | 'playing' | 'paused';
  readonly sounding: Sounding | null;
}

export interface PlaybackOptions {
  /** The sentences of the conversation, in order of time. */
  readonly sentences: () => readonly PlayedSentence[];
  readonly read: (chunkId: string) => Promise<KeptAudio | null>;
  readonly onProblem: (error: unknown) => void;
  readonly listening: Listening;
  /** Default: an `Audio` of the browser. */
  readonly audio?: HTMLAudioElement;
}

/** Longer pauses are skipped if the user wants that, milliseconds. */
const LONG_PAUSE_MS = 800;
/** Number of chunks in memory: the current one and its neighbours. */
const KEPT_CHUNKS = 4;

const IDLE: PlaybackState = { kind: 'idle', sounding: null };
const NOT_KEPT = 'This audio was not kept, or it has been deleted.';

export class Playback {
  readonly #options: PlaybackOptions;
  readonly #audio: HTMLAudioElement;
  readonly #state = signal<PlaybackState>(IDLE);
  readonly #chunks = new Map<string, Promise<KeptAudio | null>>();
  #chunk: { readonly id: string; readonly kept: KeptAudio; readonly url: string } | null = null;
  /** Number of the latest command. A command that is no longer the latest ends. */
  #wish = 0;
  #frame = 0;
  /** Start of the sentence that sounded last. */
  #soundedAt: number | null = null;
  skipsPauses: boolean;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#audio = options.audio ?? new Audio();
    this.#audio.preservesPitch = true;
    this.rate = options.listening.rate;
    this.skipsPauses = options.listening.skipsPauses;
    this.#audio.addEventListener('ended', () => void this.#goOn());
    this.#audio.addEventListener('play', this.#follow);
    this.#audio.addEventListener('pause', () => {
      if (this.#state.value.kind === 'playing') this.#set('paused');
    });
  }

  get state(): ReadonlySignal<PlaybackState> {
    return this.#state;
  }

  get rate(): number {
    return this.#audio.playbackRate;
  }

  set rate(rate: number) {
    this.#audio.defaultPlaybackRate = rate;
    this.#audio.playbackRate = rate;
  }

  /** Plays from the start of a sentence. */
  async playFrom(startedAt: number): Promise<void> {
    await this.#playWhatIsKept(
      this.#options.sentences().filter((one) => one.startedAt === startedAt),
      NOT_KEPT,
    );
  }

  /**
   * Plays from the first of these sentences whose audio is kept.
   * @param otherwise the message if none is kept; null ends playing without a message
   */
  async #playWhatIsKept(sentences: readonly PlayedSentence[], otherwise: string | null): Promise<void> {
    const wish = ++this.#wish;
    if (this.#chunk?.id !== sentences[0]?.chunkId) this.#set('loading');
    try {
      for (const sentence of sentences) {
        const place = await this.#open(sentence, wish);
        if (wish !== this.#wish) return;
        if (place === null) continue;
        this.#audio.currentTime = place / 1000;
        await this.#audio.play();
        this.#preload(sentence.chunkId);
        return;
      }
      if (otherwise !== null) throw new Error(otherwise);
      this.#end();
    } catch (error) {
      if (wish !== this.#wish) return;
      this.#set(this.#chunk === null ? 'idle' : this.#audio.paused ? 'paused' : 'playing');
      this.#options.onProblem(error);
    }
  }

  /** Continues or pauses. */
  toggle(): void {
    const { kind } = this.#state.value;
    if (kind === 'loading') this.#stopLoading();
    else if (kind === 'playing') this.#audio.pause();
    else if (this.#chunk !== null) this.#audio.play().catch(this.#options.onProblem);
    else void this.#playWhatIsKept(this.#options.sentences(), NOT_KEPT);
  }

  #stopLoading(): void {
    this.#wish++;
    this.#audio.pause();
    this.#set(this.#chunk === null ? 'idle' : 'paused');
  }

  /**
   * Goes to the next or the previous sentence, counted from the one that sounds or sounded last. If there is none, it returns to the
   * current one. Two sentences that begin at the same time count as one step.
   */
  move(to: 'next' | 'before'): void {
    const starts = this.#options.sentences().map(({ startedAt }) => startedAt);
    const at = this.#soundedAt ?? -Infinity;
    const target = to === 'next' ? starts.find((start) => start > at) : starts.findLast((start) => start < at);
    const [first] = starts;
    if (first !== undefined) void this.playFrom(target ?? this.#soundedAt ?? first);
  }

  close(): void {
    this.#wish++;
    this.#audio.pause();
    cancelAnimationFrame(this.#frame);
    this.#end();
  }

  /** Resets the player, so that the next start begins with the first sentence. */
  #end(): void {
    if (this.#chunk !== null) URL.revokeObjectURL(this.#chunk.url);
    this.#chunk = null;
    this.#soundedAt = null;
    this.#state.value = IDLE;
  }

  /** @returns the position of the sentence in the audio that is then open */
  async #open(sentence: PlayedSentence, wish: number): Promise<number | null> {
    const { chunkId } = sentence;
    if (this.#chunk?.id !== chunkId) {
      const kept = await this.#read(chunkId);
      if (kept === null || wish !== this.#wish) return null;
      const { rate } = this;
      if (this.#chunk !== null) URL.revokeObjectURL(this.#chunk.url);
      this.#chunk = { id: chunkId, kept, url: URL.createObjectURL(kept.blob) };
      this.#audio.src = this.#chunk.url;
      this.rate = rate;
    }
    return placeOfSentence(this.#chunk.kept.spans, sentence);
  }

  #read(chunkId: string): Promise<KeptAudio | null> {
    const known = this.#chunks.get(chunkId);
    if (known !== undefined) return known;
    const read = this.#options.read(chunkId);
    this.#chunks.set(chunkId, read);
    // A failed chunk is requested again.
    read.catch(() => this.#chunks.delete(chunkId));
    for (const oldest of [...this.#chunks.keys()].slice(0, -KEPT_CHUNKS)) this.#chunks.delete(oldest);
    return read;
  }

  /** Loads the next chunk, so that there is no gap. */
  #preload(chunkId: string): void {
    const sentences = this.#options.sentences();
    const last = sentences.findLastIndex((one) => one.chunkId === chunkId);
    const next = sentences[last + 1];
    if (next !== undefined) this.#read(next.chunkId).catch(() => undefined);
  }

  /** Follows the playing position in every frame. */
  readonly #follow = (): void => {
    cancelAnimationFrame(this.#frame);
    const look = (): void => {
      if (this.#chunk === null || this.#audio.paused) return;
      const { id, kept } = this.#chunk;
      const mine = this.#options.sentences().filter(({ chunkId }) => chunkId === id);
      const at = this.#audio.currentTime * 1000;
      const sounding = soundingAt(kept.spans, mine, at);
      this.#set('playing', sounding);
      if (sounding === null) this.#betweenSentences(kept, mine, at);
      this.#frame = requestAnimationFrame(look);
    };
    look();
  };

  /** Called in a pause, and in audio of another conversation, which is not played at the end. */
  #betweenSentences(kept: KeptAudio, mine: readonly PlayedSentence[], at: number): void {
    const next = nextPlace(kept.spans, mine, at);
    if (next === null) void this.#goOn();
    else if (this.skipsPauses && next - at > LONG_PAUSE_MS) this.#audio.currentTime = next / 1000;
  }

  /** Continues with the sentences after the last one of this chunk. */
  async #goOn(): Promise<void> {
    const sentences = this.#options.sentences();
    const last = sentences.findLastIndex(({ chunkId }) => chunkId === this.#chunk?.id);
    this.#audio.pause();
    await this.#playWhatIsKept(sentences.slice(last + 1), null);
  }

  #set(
    kind: PlaybackState['kind'],
    sounding: Sounding | null = kind === 'idle' ? null : this.#state.value.sounding,
  ): void {
    const before = this.#state.value;
    const isSame =
      before.kind === kind &&
      before.sounding?.sentence === sounding?.sentence &&
      before.sounding?.word === sounding?.word;
    if (sounding !== null) this.#soundedAt = sounding.sentence.startedAt;
    if (!isSame) this.#state.value = { kind, sounding };
  }
}
