import { lazy, Suspense } from 'preact/compat';
import { nextTask } from './nextTask.ts';
import { route } from './router.ts';
import { SignIn } from './screens/signIn.tsx';
import { session } from './session.ts';
import { Splash } from './ui/splash.tsx';

/** Firestore, what stands on it, and the first paint, one after another: what a person does meanwhile waits for none of them long. */
const SignedIn = lazy(async () => {
  await import('./firebase/store.ts');
  await nextTask();
  const screens = await import('./screens/signedIn.tsx');
  await nextTask();
  return screens;
});

/** For strangers: without Firebase. */
const Shared = lazy(() => import('./screens/shared.tsx'));

export function App() {
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
