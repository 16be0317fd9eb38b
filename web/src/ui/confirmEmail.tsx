import { useEffect, useState } from 'preact/hooks';
import { tell, tellProblem } from './toast.tsx';

/** Loaded apart, as everywhere. */
const auth = (): Promise<typeof import('../firebase/auth.ts')> => import('../firebase/auth.ts');

/** Sends the message that confirms the user's e-mail address; null where there is nothing to confirm, or it is not known yet. */
export function useConfirmEmail(): (() => void) | null {
  const [canConfirm, setCanConfirm] = useState(false);
  useEffect(() => {
    auth()
      .then(({ canConfirmEmail }) => canConfirmEmail())
      .then(setCanConfirm, tellProblem);
  }, []);
  if (!canConfirm) return null;
  return () => {
    auth()
      .then(({ confirmEmail }) => confirmEmail())
      .then(() => {
        setCanConfirm(false);
        tell('A message with a link to confirm your e-mail address is on its way.');
      }, tellProblem);
  };
}

export function ConfirmEmailButton({ confirm }: { confirm: () => void }) {
  return (
    <button class="button small" onClick={confirm}>
      Confirm my e-mail address
    </button>
  );
}
