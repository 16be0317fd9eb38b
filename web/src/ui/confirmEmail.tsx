import { useEffect, useState } from 'preact/hooks';
import { tell, tellProblem } from './toast.tsx';

/** Firebase is loaded on demand here, as in all screens. */
const auth = (): Promise<typeof import('../firebase/auth.ts')> => import('../firebase/auth.ts');

/** `unknown` until Firebase has answered; `sent` when the message was sent. */
export type EmailState = 'unknown' | 'nothing_to_confirm' | 'unconfirmed' | 'sent';

/** Tells whether the user's e-mail address is confirmed, and sends the message that confirms it. */
export function useConfirmEmail(): { readonly state: EmailState; readonly confirm: () => void } {
  const [state, setState] = useState<EmailState>('unknown');
  useEffect(() => {
    auth()
      .then(({ canConfirmEmail }) => canConfirmEmail())
      .then((can) => {
        setState(can ? 'unconfirmed' : 'nothing_to_confirm');
      }, tellProblem);
  }, []);
  const confirm = (): void => {
    auth()
      .then(({ confirmEmail }) => confirmEmail())
      .then(() => {
        setState('sent');
        tell('A message with a link to confirm your e-mail address is on its way.');
      }, tellProblem);
  };
  return { state, confirm };
}

export function ConfirmEmailButton({ confirm }: { confirm: () => void }) {
  return (
    <button class="button small" onClick={confirm}>
      Confirm my e-mail address
    </button>
  );
}
