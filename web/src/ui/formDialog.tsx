import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { sentenceOf } from '../domain/sentence.ts';
import { Dialog } from './dialog.tsx';

interface FormDialogProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly isDanger?: boolean;
  /** Whether it can be done yet. */
  readonly isReady?: boolean;
  /** The dialog stays open, and says why, where this rejects. */
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks for something. Escape leaves everything as it was. */
export function FormDialog(props: FormDialogProps) {
  const { title, action, isDanger = false, isReady = true, onSubmit, onClose, children } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <Dialog labelledBy="form-title" onCancel={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          setProblem(null);
          onSubmit().then(onClose, (error: unknown) => {
            setBusy(false);
            setProblem(sentenceOf(error));
          });
        }}
      >
        <h2 id="form-title">{title}</h2>
        {children}
        {problem !== null && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        <div class="row end">
          <button class="button" type="button" onClick={onClose}>
            Leave it
          </button>
          <button class={isDanger ? 'button danger' : 'button primary'} type="submit" disabled={busy || !isReady}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
