import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { FormDialog } from './formDialog.tsx';

interface TypedConfirmProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  /** The dialog stays open, and says why, where this rejects. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

const WORD = 'delete';

/** Asks before what nobody can bring back: a word has to be typed, so that no click alone does it. */
export function TypedConfirm({ title, action, onConfirm, onClose, children }: TypedConfirmProps) {
  const [typed, setTyped] = useState('');
  const isTyped = typed.trim().toLowerCase() === WORD;
  return (
    <FormDialog title={title} action={action} isDanger isReady={isTyped} onSubmit={onConfirm} onClose={onClose}>
      {children}
      <label class="field">
        <span>Type “{WORD}” to confirm</span>
        <input
          required
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={typed}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
          }}
        />
      </label>
    </FormDialog>
  );
}
