import { Screen } from '../ui/screen.tsx';
import { BringBack, DeleteAll, TakeAlong } from '../ui/takeAlong.tsx';

export function SettingsScreen({ onSignOut }: { onSignOut: () => Promise<void> }) {
  return (
    <Screen title="Settings">
      <TakeAlong />
      <BringBack />
      <DeleteAll onSignOut={onSignOut} />
    </Screen>
  );
}
