import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { tellProblem } from './toast.tsx';

interface FormDialogProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  /** The dialog stays open where this rejects. */
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks for something. Escape leaves everything as it was. */
export function FormDialog({ title, action, onSubmit, onClose, children }: FormDialogProps) {
  const [busy, setBusy] = useState(false);
  return (
    <Dialog labelledBy="form-title" onCancel={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          onSubmit().then(onClose, (error: unknown) => {
            setBusy(false);
            tellProblem(error);
          });
        }}
      >
        <h2 id="form-title">{title}</h2>
        {children}
        <div class="row end">
          <button class="button" type="button" onClick={onClose}>
            Leave it
          </button>
          <button class="button primary" type="submit" disabled={busy}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
