import { hasSamples } from '../sync/samples.ts';
import { DropZone } from '../ui/dropZone.tsx';
import { OnThisDevice } from '../ui/onThisDevice.tsx';
import { RecorderCard } from '../ui/recorderCard.tsx';
import { SampleButton } from '../ui/sampleButton.tsx';
import { Screen } from '../ui/screen.tsx';

export function RecordScreen() {
  return (
    <Screen title="Record">
      <div class="record-grid">
        <RecorderCard />
        <DropZone />
        {hasSamples && (
          <section class="card" aria-labelledby="samples">
            <h2 id="samples">Samples</h2>
            <p>Eleven scenes that wearables recorded, ten minutes in all, dated yesterday.</p>
            <SampleButton />
          </section>
        )}
      </div>
      <OnThisDevice />
    </Screen>
  );
}
