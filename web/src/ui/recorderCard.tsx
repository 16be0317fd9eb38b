import { useEffect, useState } from 'preact/hooks';
import { interruptionText, missedText, SILENT_TEXT } from '../record/recorderText.ts';
import { stopwatch } from '../domain/time.ts';
import type { RecorderState } from '../record/recorder.ts';
import { keeper } from '../sync/storageKeeper.ts';
import { useApp } from './app.ts';
import { useIsLate, useOnline } from './now.ts';
import { Recogniser } from './recogniser.tsx';
import { tell, tellProblem } from './toast.tsx';

export function RecorderCard() {
  const { recorder } = useApp();
  const state = recorder.state.value;
  const recording = state.kind === 'recording';
  const online = useOnline();
  const toggle = async (): Promise<void> => {
    if (state.kind === 'starting') {
      await recorder.stop();
      return;
    }
    if (!recording) {
      void keeper.ask();
      await recorder.start();
      return;
    }
    const ending = await recorder.stop();
    if (ending === 'broken') return; // A message has already said that it was not kept, and why.
    const onItsWay = online && ending === 'delivered';
    tell(onItsWay ? 'The recording is kept, and on its way.' : 'The recording is kept here, and sent when it can be.');
  };
  return (
    <section class="card recorder" aria-labelledby="microphone">
      <h2 id="microphone">Microphone</h2>
      <div class="recorder-stage">
        <button
          class={recording ? 'record-button on' : 'record-button'}
          aria-pressed={recording}
          aria-label={LABELS[state.kind]}
          aria-disabled={state.kind === 'stopping'}
          onClick={() => {
            toggle().catch(tellProblem);
          }}
        >
          <span />
        </button>
        {recording ? <Elapsed /> : <Idle state={state} />}
        {recording && <PauseButton />}
      </div>
      <Meter />
      <Interruptions />
      <Keeping />
      <p class="hint">
        {recording
          ? `${state.format.codec === 'pcm16' ? 'PCM' : 'Opus'}, ${state.format.sampleRate / 1000} kHz, one file a minute, saved every second.`
          : 'Works without a network. What is recorded stays on this device until the server has it.'}
      </p>
      <Recogniser />
    </section>
  );
}

function PauseButton() {
  const { recorder } = useApp();
  const isPaused = recorder.interruption.value?.reason === 'paused';
  return (
    <button
      class="button small"
      onClick={() => {
        if (isPaused) recorder.resume();
        else recorder.pause().catch(tellProblem);
      }}
    >
      {isPaused ? 'Resume' : 'Pause'}
    </button>
  );
}

const LABELS: Readonly<Record<RecorderState['kind'], string>> = {
  idle: 'Start recording',
  starting: 'Cancel',
  recording: 'Stop recording',
  stopping: 'Stop recording',
};

/** If the microphone has not opened after this time, the browser is probably asking for permission, milliseconds. */
const ASKING_AFTER_MS = 3000;

function Idle({ state }: { state: RecorderState }) {
  const isAsking = useIsLate(state.kind === 'starting' && state.step === 'microphone', ASKING_AFTER_MS);
  if (isAsking)
    return <p class="hint">The browser asks whether this page may use the microphone: answer it, or cancel.</p>;
  return <p class="recorder-idle">{state.kind === 'recording' ? '' : IDLE[state.kind]}</p>;
}

const IDLE = { idle: 'Ready', starting: 'Opening the microphone …', stopping: 'Saving the last second …' } as const;

/** Length of the recorded audio, not the time since the start: it stands still while nothing is recorded. */
function Elapsed() {
  const { recorder } = useApp();
  return (
    <p class="recorder-time" role="timer" aria-label="Recorded so far">
      {stopwatch(recorder.recordedMs.value)}
    </p>
  );
}

/** Number of past interruptions that are shown, the latest ones. */
const SHOWN_MISSED = 5;

/** Says why nothing is recorded now, and lists what was not recorded, also after the end. */
function Interruptions() {
  const { recorder } = useApp();
  const now = recorder.interruption.value;
  const isPaused = now?.reason === 'paused';
  const missed = recorder.missed.value;
  return (
    <>
      <div role="status">
        {isPaused && (
          <p class="notice">
            <b>Paused.</b> {interruptionText(now)}
          </p>
        )}
        {recorder.isSilent.value && <p class="notice">{SILENT_TEXT}</p>}
      </div>
      <div role="alert">
        {now !== null && !isPaused && (
          <p class="notice bad">
            <b>Nothing is recorded.</b> {interruptionText(now)}
          </p>
        )}
      </div>
      {recorder.isAwake.value === false && (
        <p class="hint">
          This device may go to sleep, and then nothing is recorded: keep the screen on, and the battery charged.
        </p>
      )}
      {missed.length > 0 && (
        <ul class="missed" aria-label="Not recorded">
          {missed.length > SHOWN_MISSED && <li>{missed.length - SHOWN_MISSED} earlier interruptions.</li>}
          {missed.slice(-SHOWN_MISSED).map((each) => (
            <li key={each.at}>{missedText(each)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Says before the recording whether this device can keep it. */
function Keeping() {
  const { recorder } = useApp();
  useEffect(() => {
    recorder.checkKeeping().catch(tellProblem);
    void keeper.look();
  }, [recorder]);
  const { obstacle = null, warning = null } = recorder.keeping.value ?? {};
  if (obstacle !== null) return <p class="notice bad">{obstacle}</p>;
  if (warning !== null) return <p class="notice">{warning}</p>;
  if (keeper.promised.value !== false) return null;
  return (
    <p class="hint">
      This browser does not promise to keep recordings: it may delete them where the device runs out of room, and a
      private window loses them when it is closed. Send them soon.
    </p>
  );
}

/** Number of bars in the level display, five a second. */
const BARS = 48;

function Meter() {
  const { recorder } = useApp();
  const [levels, setLevels] = useState<readonly number[]>(() => Array.from({ length: BARS }, () => 0));
  const recording = recorder.state.value.kind === 'recording';
  useEffect(() => {
    if (!recording) return undefined;
    const timer = setInterval(() => {
      setLevels((before) => [...before.slice(1), recorder.level.value]);
    }, 120);
    return () => {
      clearInterval(timer);
      setLevels(Array.from({ length: BARS }, () => 0));
    };
  }, [recording, recorder]);
  return (
    <div class="meter" aria-hidden="true">
      {levels.map((level, index) => (
        <span key={index} class={level > 0.4 ? 'loud' : ''} style={{ transform: `scaleY(${Math.max(0.06, level)})` }} />
      ))}
    </div>
  );
}
