import { useState } from 'preact/hooks';
import { privacyOfSuite } from '../domain/transcriberText.ts';
import { localSuite } from '../env.ts';
import { takeSignOutReason } from '../session.ts';
import { Mark } from '../ui/icons.tsx';

type Auth = typeof import('../firebase/auth.ts');
/** Runs one step of signing in and shows the message that it returns, if any. */
type Attempt = (work: (auth: Auth) => Promise<string | undefined>) => void;

/** Bars that stand for three parts of a recording, with speech and without. */
const WAVES = [
  '2354689a7b9c8a6b54321112234576a98b7654311',
  '1121112346798a89bca97865432211121113468a',
  '579a8bca978654322111213455798a6b9c8a7531',
].map((heights) => heights.split('').map((height) => Number.parseInt(height, 16)));

export function SignIn() {
  const [creating, setCreating] = useState(false);
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState<{ text: string; bad: boolean } | null>(takeSignOutReason);

  const attempt: Attempt = (work) => {
    setBusy(true);
    setNote(null);
    import('../firebase/auth.ts')
      .then(async (auth) => {
        try {
          const done = await work(auth);
          if (done !== undefined) setNote({ text: done, bad: false });
        } catch (error) {
          const text = auth.authProblem(error);
          if (text !== null) setNote({ text, bad: true });
        }
      })
      .catch(() => {
        setNote({ text: 'There is no connection. Signing in needs one.', bad: true });
      })
      .finally(() => {
        setBusy(false);
      });
  };

  return (
    <div class="sign-in">
      <main class="sign-in-panel">
        <p class="brand">
          <Mark size={32} />
          <span>Offline audio sync</span>
        </p>
        <h1>Every second of your day, accounted for.</h1>
        <p class="lead">
          Recordings made without a network become conversations with a transcript. Silence is detected, and never
          billed.
        </p>
        <QuickWay busy={busy} attempt={attempt} />
        <p class="divider">or by e-mail</p>
        <EmailForm creating={creating} busy={busy} attempt={attempt} />
        {note !== null && (
          <p class={note.bad ? 'notice bad' : 'notice'} role={note.bad ? 'alert' : 'status'}>
            {note.text}
          </p>
        )}
        <p class="switch">
          {creating ? 'Do you have an account already?' : 'New here?'}{' '}
          <button
            class="link"
            onClick={() => {
              setCreating(!creating);
            }}
          >
            {creating ? 'Sign in' : 'Create an account'}
          </button>
        </p>
      </main>
      <Wave />
    </div>
  );
}

/** Signs in with one click: as the demo user of a local suite, or with Google when deployed. */
function QuickWay({ busy, attempt }: { busy: boolean; attempt: Attempt }) {
  const go = (work: (auth: Auth) => Promise<void>) => () => {
    attempt(async (auth) => {
      await work(auth);
      return undefined;
    });
  };
  if (localSuite === null) {
    return (
      <button class="button wide" aria-disabled={busy} onClick={go((auth) => auth.signInWithGoogle())}>
        Continue with Google
      </button>
    );
  }
  return (
    <div class="stack tight">
      <button class="button primary wide" aria-disabled={busy} onClick={go((auth) => auth.signInAsDemoUser())}>
        Continue as demo user
      </button>
      <p class="hint">
        On the local Emulator Suite: {privacyOfSuite(localSuite.transcriber)}, and nothing needs a password.
      </p>
    </div>
  );
}

function EmailForm({ creating, busy, attempt }: { creating: boolean; busy: boolean; attempt: Attempt }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    attempt(async (auth) => {
      await (creating ? auth.signUp(email, password) : auth.signIn(email, password));
      return undefined;
    });
  };
  const reset = (): void => {
    attempt(async (auth) => {
      await auth.resetPassword(email);
      return 'A message with a link to set a new password is on its way.';
    });
  };
  return (
    <form class="stack" onSubmit={submit}>
      <label class="field">
        <span>E-mail</span>
        <input
          type="email"
          name="email"
          autocomplete="username"
          required
          value={email}
          onInput={({ currentTarget }) => {
            setEmail(currentTarget.value);
          }}
        />
      </label>
      <label class="field">
        <span>Password</span>
        <input
          type="password"
          name="password"
          autocomplete={creating ? 'new-password' : 'current-password'}
          minLength={6}
          required
          value={password}
          onInput={({ currentTarget }) => {
            setPassword(currentTarget.value);
          }}
        />
      </label>
      <button class="button wide" type="submit" aria-disabled={busy}>
        {creating ? 'Create account' : 'Sign in'}
      </button>
      {!creating && (
        <button class="link small" type="button" aria-disabled={busy} onClick={reset}>
          Forgot your password?
        </button>
      )}
    </form>
  );
}

function Wave() {
  return (
    <svg class="sign-in-wave" viewBox="0 0 320 270" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {WAVES.flatMap((wave, row) =>
        wave.map((height, index) => (
          <path
            key={`${row}/${index}`}
            d={`M${4 + index * 8} ${45 + row * 90 - height * 2.6}v${height * 5.2}`}
            class={height > 3 ? 'speech' : 'silence'}
          />
        )),
      )}
    </svg>
  );
}
