import type { SignedInUser } from '../session.ts';
import { AccountSettings } from '../ui/accountSettings.tsx';
import { ImportSection } from '../ui/importSection.tsx';
import { Deleting } from '../ui/deleting.tsx';
import { NoticeSettings } from '../ui/notices.tsx';
import { Screen } from '../ui/screen.tsx';
import { Shares } from '../ui/shares.tsx';
import { SpeechSettings } from '../ui/speechSettings.tsx';
import { ExportSection } from '../ui/exportSection.tsx';
import { tellProblem } from '../ui/toast.tsx';

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
      <section class="card stack" aria-labelledby="shared-links">
        <h2 id="shared-links" tabIndex={-1}>
          Shared by a link
        </h2>
        <Shares onProblem={tellProblem} />
      </section>
      <ExportSection />
      <ImportSection />
      <Deleting onSignOut={onSignOut} />
    </Screen>
  );
}
