/** Plays a conversation: the word that sounds is highlighted, and keyboard and lock screen control it. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { keepListening, listeningHere, RATES } from '../data/listening.ts';
import { wordRanges, type PlayedSentence, type Sounding } from '../domain/playback.ts';
import { clockSeconds } from '../domain/time.ts';
import { Playback, type PlaybackOptions } from '../sync/playback.ts';
import { Check } from './choices.tsx';
import { Glyph } from './icons.tsx';
import { sentenceElement } from './transcript.tsx';

type SoundSource = Pick<PlaybackOptions, 'read' | 'onProblem'>;

/** @param key A new key means that other audio is to be played. */
export function usePlayback(key: string, lines: readonly PlayedSentence[], source: SoundSource): Playback {
  const latest = useRef({ lines, source });
  latest.current = { lines, source };
  const playback = useMemo(
    () =>
      new Playback({
        listening: listeningHere(),
        sentences: () => latest.current.lines,
        read: (chunkId) => latest.current.source.read(chunkId),
        onProblem: (error) => {
          latest.current.source.onProblem(error);
        },
      }),
    [key],
  );
  useEffect(
    () => () => {
      playback.close();
    },
    [playback],
  );
  return playback;
}

export function PlayFromHere({ playback, sentence }: { playback: Playback; sentence: PlayedSentence }) {
  return (
    <button class="button small" onClick={() => void playback.playFrom(sentence.startedAt)}>
      <Glyph name="play" size={16} /> Play from here
    </button>
  );
}

/** Also true while the audio is loading. */
const isPlaying = ({ state }: Playback): boolean => state.value.kind === 'playing' || state.value.kind === 'loading';

export function Player({ playback, title }: { playback: Playback; title: string }) {
  const { sounding } = playback.state.value;
  const [rate, setRate] = useState(playback.rate);
  const [skips, setSkips] = useState(playback.skipsPauses);
  useLitWord(sounding);
  useKeys(playback);
  useMediaSession(playback, title);
  return (
    <div class="player" role="group" aria-label="Listen">
      <button
        class="button primary"
        aria-label={isPlaying(playback) ? 'Pause' : 'Play'}
        onClick={() => {
          playback.toggle();
        }}
      >
        <Glyph name={isPlaying(playback) ? 'pause' : 'play'} size={18} />
      </button>
      <button
        class="icon-button"
        aria-label="Previous sentence"
        onClick={() => {
          playback.move('before');
        }}
      >
        <Glyph name="left" />
      </button>
      <button
        class="icon-button"
        aria-label="Next sentence"
        onClick={() => {
          playback.move('next');
        }}
      >
        <Glyph name="right" />
      </button>
      <span class="hint sounding">{sounding === null ? '' : clockSeconds(sounding.sentence.startedAt)}</span>
      <label class="rate">
        <span class="visually-hidden">Speed</span>
        <select
          value={rate}
          onChange={({ currentTarget }) => {
            playback.rate = Number(currentTarget.value);
            setRate(playback.rate);
            keepListening(playback);
          }}
        >
          {RATES.map((one) => (
            <option key={one} value={one}>
              {one} ×
            </option>
          ))}
        </select>
      </label>
      <Check
        checked={skips}
        onChange={(on) => {
          playback.skipsPauses = on;
          setSkips(on);
          keepListening(playback);
        }}
      >
        Skip pauses
      </Check>
    </div>
  );
}

/** Name of the highlight in the style sheet. */
const LIT = 'sounding';

/**
 * Highlights the word that sounds by the CSS Custom Highlight API, because changing the page many times a second would be slow. Layout
 * effects change the highlight in the same frame as the buttons of the player, so that the page never shows two different moments.
 */
function useLitWord(sounding: Sounding | null): void {
  const id = sounding?.sentence.id ?? null;
  useLayoutEffect(() => {
    const sentence = sentenceElement(id);
    sentence?.setAttribute('data-sounding', '');
    sentence?.scrollIntoView({ block: 'nearest' });
    return () => {
      sentence?.removeAttribute('data-sounding');
    };
  }, [id]);
  const word = sounding?.word ?? -1;
  useLayoutEffect(() => {
    if (!('highlights' in CSS) || sounding === null || word < 0) return undefined;
    const element = sentenceElement(id);
    const place = wordRanges(sounding.sentence.text, sounding.sentence.words)[word];
    const range = element === null || place === undefined ? null : rangeIn(element, place.start, place.end);
    if (range !== null) CSS.highlights.set(LIT, new Highlight(range));
    return () => {
      CSS.highlights.delete(LIT);
    };
  }, [id, word]);
}

/** The characters between two positions, in whatever text nodes they are. */
function rangeIn(element: Element, start: number, end: number): Range | null {
  const range = new Range();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let [passed, hasBegun] = [0, false];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const length = node.textContent?.length ?? 0;
    if (!hasBegun && start < passed + length) {
      range.setStart(node, start - passed);
      hasBegun = true;
    }
    if (hasBegun && end <= passed + length) {
      range.setEnd(node, end - passed);
      return range;
    }
    passed += length;
  }
  return null;
}

/** Space plays and pauses; J goes to the previous sentence, L to the next. The keys have no effect in fields and on buttons. */
function useKeys(playback: Playback): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const { target, key, ctrlKey, metaKey, altKey } = event;
      const isTaken =
        target instanceof Element && target.closest('input, textarea, select, button, a, dialog, summary');
      if (isTaken !== null && isTaken !== false) return;
      if (ctrlKey || metaKey || altKey) return;
      const handlers: Readonly<Record<string, () => void>> = {
        ' ': () => {
          playback.toggle();
        },
        j: () => {
          playback.move('before');
        },
        l: () => {
          playback.move('next');
        },
      };
      const handle = handlers[key.toLowerCase()];
      if (handle === undefined) return;
      event.preventDefault();
      handle();
    };
    addEventListener('keydown', press);
    return () => {
      removeEventListener('keydown', press);
    };
  }, [playback]);
}

/** Lets the lock screen and the keys of headphones control this conversation while it is shown. */
function useMediaSession(playback: Playback, title: string): void {
  useEffect(() => {
    if (!('mediaSession' in navigator)) return undefined;
    const { mediaSession } = navigator;
    mediaSession.metadata = new MediaMetadata({ title, artist: 'Audio sync' });
    const handlers: Partial<Record<MediaSessionAction, () => void>> = {
      play: () => {
        if (!isPlaying(playback)) playback.toggle();
      },
      pause: () => {
        if (isPlaying(playback)) playback.toggle();
      },
      previoustrack: () => {
        playback.move('before');
      },
      nexttrack: () => {
        playback.move('next');
      },
    };
    const actions = Object.keys(handlers) as MediaSessionAction[];
    for (const action of actions) mediaSession.setActionHandler(action, handlers[action] ?? null);
    return () => {
      mediaSession.metadata = null;
      for (const action of actions) mediaSession.setActionHandler(action, null);
    };
  }, [playback, title]);
}
