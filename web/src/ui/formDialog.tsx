import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useFocusReturn } from './focus.ts';
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
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  useFocusReturn();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="form-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
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
    </dialog>
  );
}
