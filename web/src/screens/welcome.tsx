import { hasSamples } from '../sync/samples.ts';
import { hrefs } from '../router.ts';
import { Glyph } from '../ui/icons.tsx';
import { Recogniser } from '../ui/recogniser.tsx';
import { SampleButton } from '../ui/sampleButton.tsx';
import { Screen } from '../ui/screen.tsx';

/** Shown while the user has no recordings. */
export function Welcome() {
  return (
    <Screen title="No conversations yet">
      <p class="lead">
        Record with this device’s microphone, with or without a network, or add recordings from a wearable. They become
        conversations on the time axis of the day.
      </p>
      <Recogniser />
      <div class="row start wrap">
        <a class={hasSamples ? 'button' : 'button primary'} href={hrefs.record}>
          <Glyph name="record" size={18} /> Record or add
        </a>
        {hasSamples && <SampleButton primary />}
      </div>
    </Screen>
  );
}
