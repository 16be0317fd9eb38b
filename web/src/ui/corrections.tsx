/** Lists the corrections of a conversation. Each can be undone, long after its message is gone. */
import { useRef, useState } from 'preact/hooks';
import type { Correction } from '../domain/corrections.ts';
import { clock, dayOfYear } from '../domain/time.ts';
import { undo } from './correct.ts';
import { Dialog } from './dialog.tsx';
import { tellProblem } from './toast.tsx';

interface CorrectionsProps {
  readonly corrections: readonly Correction[];
  readonly onClose: () => void;
}

export function Corrections({ corrections, onClose }: CorrectionsProps) {
  const closing = useRef<HTMLButtonElement>(null);
  const [undoing, setUndoing] = useState<string | null>(null);
  const takeBack = async (id: string): Promise<void> => {
    setUndoing(id);
    try {
      await undo(id);
      closing.current?.focus(); // The button that was pressed disappears with its correction, so the focus moves to the close button.
    } catch (error) {
      tellProblem(error);
    } finally {
      setUndoing(null);
    }
  };
  return (
    <Dialog labelledBy="corrections" onCancel={onClose}>
      <div class="stack">
        <h2 id="corrections">Corrections</h2>
        {corrections.length === 0 && <p>There are no corrections.</p>}
        <ul class="stack tight">
          {corrections.map(({ id, text, editedAt }) => (
            <li key={id} class="row">
              <span>
                <bdi>{text}</bdi>
                <br />
                <small class="hint">
                  {dayOfYear(editedAt)}, {clock(editedAt)}
                </small>
              </span>
              <button
                class="button small"
                aria-label={`Undo: ${text}`}
                aria-disabled={undoing !== null}
                onClick={() => void takeBack(id)}
              >
                {undoing === id ? 'Undoing …' : 'Undo'}
              </button>
            </li>
          ))}
        </ul>
        <div class="row end">
          <button ref={closing} class="button" onClick={onClose}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
