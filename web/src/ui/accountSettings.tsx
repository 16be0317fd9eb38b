import { ConfirmEmailButton, useConfirmEmail, type EmailState } from './confirmEmail.tsx';

/** Shows who is signed in, and whether the e-mail address is confirmed: some services admit only confirmed addresses. */
export function AccountSettings({ name }: { name: string }) {
  const { state, confirm } = useConfirmEmail();
  return (
    <section class="card stack" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <p>
        <bdi>{name}</bdi>
      </p>
      {state === 'unconfirmed' ? (
        <div class="row start wrap">
          <span>This e-mail address is not confirmed. Some services take recordings only from confirmed ones.</span>
          <ConfirmEmailButton confirm={confirm} />
        </div>
      ) : (
        <p class="hint">{HINTS[state]}</p>
      )}
    </section>
  );
}

const HINTS: Readonly<Record<Exclude<EmailState, 'unconfirmed'>, string>> = {
  unknown: 'Looking whether this account is confirmed …',
  nothing_to_confirm: 'This account is confirmed, or has no e-mail address to confirm.',
  sent: 'A message is on its way: open the link in it to confirm your e-mail address.',
};
