import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useFocusReturn } from './focus.ts';

interface DialogProps {
  /** The id of its heading. */
  readonly labelledBy: string;
  /** On Escape. */
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/** A window over the page, from its first drawing on. Focus goes back when it closes. */
export function Dialog({ labelledBy, onCancel, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useFocusReturn();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={labelledBy}
      onCancel={(event) => {
        event.preventDefault();
        onCancel();
      }}
    >
      {children}
    </dialog>
  );
}
