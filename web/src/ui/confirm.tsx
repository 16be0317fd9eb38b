import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog.tsx';

interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Label of the button that confirms. */
  readonly action: string;
  readonly onAnswer: (confirmed: boolean) => void;
}

/** Asks before an action that cannot be undone. Escape answers no. */
export function Confirm({ title, children, action, onAnswer }: ConfirmProps) {
  return (
    <Dialog
      labelledBy="dialog-title"
      onCancel={() => {
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
    </Dialog>
  );
}
