import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useFocusReturn } from './focus.ts';

/** Number of open dialogs. */
const open = signal(0);

/**
 * Keeps the last value while a dialog is open. Another tab or device may merge, split or delete the conversation under the dialog; without
 * this, what the user is typing would be lost.
 * @param value undefined if it no longer exists
 */
export function useUnderDialog<T>(value: T | undefined): T | undefined {
  const last = useRef<T | undefined>(undefined);
  last.current = value ?? (open.value > 0 ? last.current : undefined);
  return last.current;
}

interface DialogProps {
  /** The id of its heading. */
  readonly labelledBy: string;
  /** Called on Escape. */
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog that is open as soon as it is rendered. The focus returns when it closes. */
export function Dialog({ labelledBy, onCancel, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useFocusReturn();
  useEffect(() => {
    dialog.current?.showModal();
    open.value++;
    return () => {
      open.value--;
    };
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
