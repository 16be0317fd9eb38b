import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { FormDialog } from './formDialog.tsx';

interface TypedConfirmProps {
  readonly title: string;
  /** Label of the button that confirms. */
  readonly action: string;
  /** If this rejects, the dialog stays open and shows why. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

const WORD = 'delete';

/** Asks before an action that cannot be undone. The user has to type a word, so that a click alone does not confirm. */
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
