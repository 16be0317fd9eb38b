import { lazy, Suspense } from 'preact/compat';
import { route } from './router.ts';
import { SignIn } from './screens/signIn.tsx';
import { session } from './session.ts';
import { Guard } from './ui/guard.tsx';
import { Splash } from './ui/splash.tsx';

/** Chooses what the user sees. Firebase is not imported here: `startSession` loads it. */
const SignedIn = lazy(() => import('./screens/signedIn.tsx'));

/** Shared links are read without an account, so this screen does not use Firebase. */
const Shared = lazy(() => import('./screens/shared.tsx'));

export function App() {
  return (
    <Guard instead={(problem) => <Splash problem={problem} />}>
      <Current />
    </Guard>
  );
}

function Current() {
  if (route.value.screen === 'shared') {
    return (
      <Suspense fallback={<Splash />}>
        <Shared />
      </Suspense>
    );
  }
  const current = session.value;
  switch (current.kind) {
    case 'starting':
      return current.expected ? <Splash /> : <SignIn />;
    case 'signedOut':
      return <SignIn />;
    case 'unavailable':
      return <Splash problem={current.message} />;
    case 'signedIn':
      return (
        <Suspense fallback={<Splash />}>
          <SignedIn user={current.user} />
        </Suspense>
      );
  }
}
