import { hrefs } from '../router.ts';
import { Screen } from '../ui/screen.tsx';

export function NothingScreen() {
  return (
    <Screen title="There is nothing at this address">
      <p>
        <a href={hrefs.home}>Go to your days</a>
      </p>
    </Screen>
  );
}
