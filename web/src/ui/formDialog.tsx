import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sentenceOf } from '../domain/sentence.ts';
import { Dialog } from './dialog.tsx';
import { tellProblem } from './toast.tsx';

interface FormDialogProps {
  readonly title: string;
  /** Label of the button that submits. */
  readonly action: string;
  readonly isDanger?: boolean;
  /** Whether the form can be submitted yet. */
  readonly isReady?: boolean;
  /** If this rejects, the dialog stays open and shows why. */
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks the user for something. Escape changes nothing. */
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
      // If Escape has closed this dialog meanwhile, another one may be open: it must stay open.
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
            Cancel
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
  /** The current value of what is being changed; null if it has none yet. */
  readonly now: string | null;
  readonly typed: string;
}

/** Warns that another tab or device has changed the same value while this dialog was open. The later change counts. */
export function Meanwhile({ now, typed }: MeanwhileProps) {
  const [before] = useState(now);
  const isOther = now !== null && now !== before && now !== typed;
  return (
    <div role="status">
      {isOther && (
        <p class="notice">
          Meanwhile it was changed elsewhere to “<bdi>{now}</bdi>”. What you save replaces that.
        </p>
      )}
    </div>
  );
}
