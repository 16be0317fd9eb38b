import { useEffect, useRef, useState } from 'preact/hooks';
import { interruptionText, missedText } from '../record/recorderText.ts';
import { stopwatch } from '../domain/time.ts';
import type { RecorderState } from '../record/recorder.ts';
import { keeper } from '../sync/storageKeeper.ts';
import { useApp } from './app.ts';
import { Glyph } from './icons.tsx';
import { useOnline } from './now.ts';
import { Recogniser } from './recogniser.tsx';
import { tell, tellProblem } from './toast.tsx';

export function RecorderCard() {
  const { recorder, pausing } = useApp();
  const state = recorder.state.value;
  const recording = state.kind === 'recording';
  const isPaused = pausing.isPaused.value && state.kind === 'idle';
  const online = useOnline();
  const button = useRef<HTMLButtonElement>(null);
  /** The button that was pressed goes. */
  const goToButton = (): void => {
    setTimeout(() => button.current?.focus());
  };
  const toggle = async (): Promise<void> => {
    if (state.kind === 'starting') {
      await recorder.stop();
      return;
    }
    if (!recording) {
      void keeper.ask();
      await pausing.start();
      return;
    }
    await finish();
  };
  const finish = async (): Promise<void> => {
    const ending = await pausing.finish();
    if (ending === 'broken') return; // What was not kept was told, and why.
    const onItsWay = online && ending === 'delivered';
    tell(onItsWay ? 'The recording is kept, and on its way.' : 'The recording is kept here, and sent when it can be.');
  };
  return (
    <section class="card recorder" aria-labelledby="microphone">
      <h2 id="microphone">Microphone</h2>
      <div class="recorder-stage">
        <button
          ref={button}
          class={recording ? 'record-button on' : 'record-button'}
          aria-pressed={recording}
          aria-label={isPaused ? 'Go on recording' : LABELS[state.kind]}
          disabled={state.kind === 'stopping'}
          onClick={() => {
            toggle().catch(tellProblem);
          }}
        >
          <span />
        </button>
        {recording || isPaused ? <Elapsed /> : <Idle state={state} />}
        {recording && (
          <button
            class="button"
            onClick={() => {
              pausing.pause().catch(tellProblem).finally(goToButton);
            }}
          >
            <Glyph name="pause" size={18} /> Pause
          </button>
        )}
        {isPaused && (
          <>
            <p class="recorder-idle">Paused: nothing is recorded</p>
            <button
              class="button"
              onClick={() => {
                finish().catch(tellProblem).finally(goToButton);
              }}
            >
              Finish
            </button>
          </>
        )}
      </div>
      <Meter />
      <Interruptions />
      <Keeping />
      <p class="hint">
        {recording
          ? `${state.format.codec === 'pcm16' ? 'PCM' : 'Opus'}, ${state.format.sampleRate / 1000} kHz, a file a minute, kept every second.`
          : 'Works without a network. What is recorded stays on this device until the server has it.'}
      </p>
      <Recogniser />
    </section>
  );
}

const LABELS: Readonly<Record<RecorderState['kind'], string>> = {
  idle: 'Start recording',
  starting: 'Cancel',
  recording: 'Stop recording',
  stopping: 'Stop recording',
};

/** After so long, a browser is most likely asking whether it may, milliseconds. */
const ASKING_AFTER_MS = 3000;

function Idle({ state }: { state: RecorderState }) {
  const [isSlow, setIsSlow] = useState(false);
  const isAsking = state.kind === 'starting' && state.step === 'microphone';
  useEffect(() => {
    setIsSlow(false);
    const timer = setTimeout(setIsSlow, ASKING_AFTER_MS, true);
    return () => {
      clearTimeout(timer);
    };
  }, [isAsking]);
  if (isAsking && isSlow)
    return <p class="hint">The browser asks whether this page may use the microphone: answer it, or cancel.</p>;
  return <p class="recorder-idle">{state.kind === 'recording' ? '' : IDLE[state.kind]}</p>;
}

const IDLE = { idle: 'Ready', starting: 'Opening the microphone …', stopping: 'Keeping the last second …' } as const;

/** What is recorded, not how long ago it began: while nothing is recorded, it stands still. */
function Elapsed() {
  const { pausing } = useApp();
  return (
    <p class="recorder-time" role="timer" aria-label="Recorded so far">
      {stopwatch(pausing.recordedMs.value)}
    </p>
  );
}

/** The last so many of them are shown. */
const SHOWN_MISSED = 5;

/** Why nothing is recorded, and what was not recorded, also after the end. */
function Interruptions() {
  const { recorder } = useApp();
  const now = recorder.interruption.value;
  const missed = recorder.missed.value;
  return (
    <>
      <div role="alert">
        {now !== null && (
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

/** What a person should know before recording: whether it can be kept. */
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

/** Bars of the last seconds: five a second. */
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
