import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useFocusReturn } from './focus.ts';

/** How many are open. */
const open = signal(0);

/**
 * What a dialog is about stays under it for as long as one is open: another tab or device may join, divide or delete it, and what somebody is
 * typing would go with it.
 * @param value undefined where it is gone
 */
export function useUnderDialog<T>(value: T | undefined): T | undefined {
  const last = useRef<T | undefined>(undefined);
  last.current = value ?? (open.value > 0 ? last.current : undefined);
  return last.current;
}

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
