import { lazy, Suspense } from 'preact/compat';
import { SignIn } from './screens/signIn.tsx';
import { session } from './session.ts';
import { Splash } from './ui/splash.tsx';

const SignedIn = lazy(() => import('./screens/signedIn.tsx'));

export function App() {
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
