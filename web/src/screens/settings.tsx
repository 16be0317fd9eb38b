import type { SignedInUser } from '../session.ts';
import { AccountSettings } from '../ui/accountSettings.tsx';
import { NoticeSettings } from '../ui/notices.tsx';
import { Screen } from '../ui/screen.tsx';
import { SpeechSettings } from '../ui/speechSettings.tsx';
import { DeleteAccount, TakeAlong } from '../ui/takeAlong.tsx';

interface SettingsProps {
  readonly user: SignedInUser;
  readonly onSignOut: () => Promise<void>;
}

export function SettingsScreen({ user, onSignOut }: SettingsProps) {
  return (
    <Screen title="Settings">
      <SpeechSettings />
      <NoticeSettings />
      <AccountSettings name={user.name} />
      <TakeAlong />
      <DeleteAccount onSignOut={onSignOut} />
    </Screen>
  );
}
