/** Short messages that say what was done or what failed. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { NO_CONNECTION, sentenceOf } from '../domain/sentence.ts';
import { returnFocus } from './focus.ts';
import { Glyph } from './icons.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
  readonly undo: (() => void) | null;
}

const toasts = signal<readonly Toast[]>([]);
/** Time to read a message twice, milliseconds. Messages about failures stay until they are dismissed. */
const SHOWN_MS = 6000;
let last = 0;

/** Most messages about successes at the same time: more would cover the screen of a phone. Messages about failures do not count. */
const MOST_GOOD = 2;

/** A message with an Undo button is shown longer, milliseconds. */
const SHOWN_WITH_UNDO_MS = 15_000;

/** @returns a function that dismisses the message */
function show(text: string, bad: boolean, undo: (() => void) | null = null): () => void {
  // A retry that keeps failing is told once.
  if (bad && toasts.value.some((toast) => toast.bad && toast.text === text)) return () => undefined;
  const id = ++last;
  const putAwayThis = (): void => {
    end(id);
  };
  toasts.value = [...toasts.value, { id, text, bad, undo }];
  if (bad) return putAwayThis;
  const good = toasts.value.filter((toast) => !toast.bad);
  for (const oldest of good.slice(0, -MOST_GOOD)) end(oldest.id);
  setTimeout(putAwayThis, undo === null ? SHOWN_MS : SHOWN_WITH_UNDO_MS);
  return putAwayThis;
}

/** Ends the message when its time is over. The focus may be on its button. */
function end(id: number): void {
  const hasFocus = (document.activeElement?.closest('.toasts') ?? null) !== null;
  if (hasFocus) putAway(id);
  else dismiss(id);
}

/** Dismisses the message by hand. The button that has the focus disappears with it. */
function putAway(id: number): void {
  dismiss(id);
  setTimeout(returnFocus, 0, null);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** @returns a function that dismisses the message early */
export const tell = (text: string): (() => void) => show(text, false);

/** Says what was done, and offers to undo it. */
export const tellWithUndo = (text: string, undo: () => void): void => {
  show(text, false, undo);
};

/** Shows any thrown value as a sentence. */
export const tellProblem = (error: unknown): void => {
  show(sentenceOf(error), true);
};

export function Toasts() {
  useEffect(() => {
    const takeBack = (): void => {
      for (const { id, text } of toasts.value) if (text === NO_CONNECTION) end(id);
    };
    addEventListener('online', takeBack);
    return () => {
      removeEventListener('online', takeBack);
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad, undo }) => (
        <p key={id} class={bad ? 'toast bad' : 'toast'}>
          <Glyph name={bad ? 'warn' : 'check'} size={18} />
          <span dir="auto">{text}</span>
          {undo !== null && (
            <button
              class="link"
              onClick={() => {
                putAway(id);
                undo();
              }}
            >
              Undo
            </button>
          )}
          <button
            class="icon-button"
            aria-label="Dismiss"
            onClick={() => {
              putAway(id);
            }}
          >
            <Glyph name="close" size={16} />
          </button>
        </p>
      ))}
    </div>
  );
}
