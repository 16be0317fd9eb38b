import { Mark } from './icons.tsx';

/** Shown while the console loads, or if it cannot be loaded. */
export function Splash({ problem }: { problem?: string }) {
  return (
    <main class="splash">
      <Mark size={56} />
      {problem === undefined ? (
        <p class="visually-hidden" role="status">
          Opening …
        </p>
      ) : (
        <>
          <h1>The console cannot start</h1>
          <p>{problem}</p>
          <button
            class="button"
            onClick={() => {
              location.reload();
            }}
          >
            Try again
          </button>
        </>
      )}
    </main>
  );
}
