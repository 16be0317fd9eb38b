import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { useFocusReturn } from './focus.ts';

interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What the button that does it says. */
  readonly action: string;
  readonly onAnswer: (confirmed: boolean) => void;
}

/** Asks before something that cannot be undone. Escape is no. */
export function Confirm({ title, children, action, onAnswer }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useFocusReturn();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        onAnswer(false);
      }}
    >
      <h2 id="dialog-title">{title}</h2>
      {children}
      <div class="row end">
        <button
          class="button"
          onClick={() => {
            onAnswer(false);
          }}
        >
          Keep it
        </button>
        <button
          class="button danger"
          onClick={() => {
            onAnswer(true);
          }}
        >
          {action}
        </button>
      </div>
    </dialog>
  );
}
