import { useEffect, useState } from 'preact/hooks';
import { canConfirmEmail, confirmEmail } from '../firebase/auth.ts';
import { tell, tellProblem } from './toast.tsx';

/** Who is signed in, and whether the service may admit them: some take only confirmed addresses. */
export function AccountSettings({ name }: { name: string }) {
  const [canConfirm, setCanConfirm] = useState(false);
  useEffect(() => {
    canConfirmEmail().then(setCanConfirm, tellProblem);
  }, []);
  return (
    <section class="card stack" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <p>
        <bdi>{name}</bdi>
      </p>
      {canConfirm ? (
        <div class="row start wrap">
          <span>This e-mail address is not confirmed. Some services take recordings only from confirmed ones.</span>
          <button
            class="button small"
            onClick={() => {
              confirmEmail().then(() => {
                setCanConfirm(false);
                tell('A message with a link to confirm your e-mail address is on its way.');
              }, tellProblem);
            }}
          >
            Confirm my e-mail address
          </button>
        </div>
      ) : (
        <p class="hint">This account is confirmed, or has no e-mail address to confirm.</p>
      )}
    </section>
  );
}
