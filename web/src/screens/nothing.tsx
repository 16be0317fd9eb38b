import { hrefs } from '../router.ts';
import { Screen } from '../ui/screen.tsx';

/** Shown in place of a screen that cannot be rendered. */
export function BrokenScreen({ problem }: { problem: string }) {
  return (
    <Screen title="This screen cannot be shown">
      <p class="notice bad" role="alert">
        {problem}
      </p>
      <p>Reload the page. If it stays so, tell the operator of this service; the other screens work as before.</p>
    </Screen>
  );
}

export function NothingScreen() {
  return (
    <Screen title="There is nothing at this address">
      <p>
        <a href={hrefs.home}>Go to your days</a>
      </p>
    </Screen>
  );
}
