import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sentenceOf } from '../domain/sentence.ts';
import { Dialog } from './dialog.tsx';
import { tellProblem } from './toast.tsx';

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
  const isOpen = useRef(true);
  useEffect(
    () => () => {
      isOpen.current = false;
    },
    [],
  );
  const submit = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await onSubmit();
      // Escape has closed it meanwhile: what is open by now is another one.
      if (isOpen.current) onClose();
    } catch (error) {
      if (!isOpen.current) tellProblem(error);
      setBusy(false);
      setProblem(sentenceOf(error));
    }
  };
  return (
    <Dialog labelledBy="form-title" onCancel={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
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
          <button
            class={isDanger ? 'button danger' : 'button primary'}
            type="submit"
            aria-disabled={busy}
            disabled={!isReady}
          >
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface MeanwhileProps {
  /** What is to be changed, as it reads by now; null where it is nothing yet. */
  readonly now: string | null;
  readonly typed: string;
}

/** Says so where another tab or device has changed the same thing while this dialog was open: the later change counts. */
export function Meanwhile({ now, typed }: MeanwhileProps) {
  const [before] = useState(now);
  const isOther = now !== null && now !== before && now !== typed;
  return (
    <div role="status">
      {isOther && (
        <p class="notice">
          Meanwhile it was changed elsewhere to “<bdi>{now}</bdi>”. What you save takes its place.
        </p>
      )}
    </div>
  );
}
