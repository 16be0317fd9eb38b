import { ConfirmEmailButton, useConfirmEmail } from './confirmEmail.tsx';

/** Who is signed in, and whether the service may admit them: some take only confirmed addresses. */
export function AccountSettings({ name }: { name: string }) {
  const confirm = useConfirmEmail();
  return (
    <section class="card stack" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <p>
        <bdi>{name}</bdi>
      </p>
      {confirm !== null ? (
        <div class="row start wrap">
          <span>This e-mail address is not confirmed. Some services take recordings only from confirmed ones.</span>
          <ConfirmEmailButton confirm={confirm} />
        </div>
      ) : (
        <p class="hint">This account is confirmed, or has no e-mail address to confirm.</p>
      )}
    </section>
  );
}
