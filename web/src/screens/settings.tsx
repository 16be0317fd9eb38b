import type { SignedInUser } from '../session.ts';
import { AccountSettings } from '../ui/accountSettings.tsx';
import { NoticeSettings } from '../ui/notices.tsx';
import { Screen } from '../ui/screen.tsx';
import { Shares } from '../ui/share.tsx';
import { SpeechSettings } from '../ui/speechSettings.tsx';
import { BringBack, DeleteAll, TakeAlong } from '../ui/takeAlong.tsx';

interface SettingsProps {
  readonly user: SignedInUser;
  readonly onSignOut: () => Promise<void>;
}

export function SettingsScreen({ user, onSignOut }: SettingsProps) {
  return (
    <Screen title="Settings">
      <SpeechSettings />
      <NoticeSettings />
      <section class="card stack" aria-labelledby="shares">
        <h2 id="shares">Shared links</h2>
        <Shares conversationId={null} />
      </section>
      <AccountSettings name={user.name} />
      <TakeAlong />
      <BringBack />
      <DeleteAll onSignOut={onSignOut} />
    </Screen>
  );
}
