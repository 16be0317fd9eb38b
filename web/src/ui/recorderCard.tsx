import { useEffect, useState } from 'preact/hooks';
import { stopwatch } from '../domain/time.ts';
import { keeper } from '../sync/storageKeeper.ts';
import { useApp } from './app.ts';
import { useNow, useOnline } from './now.ts';
import { tell, tellProblem } from './toast.tsx';

export function RecorderCard() {
  const { recorder } = useApp();
  const state = recorder.state.value;
  const recording = state.kind === 'recording';
  const online = useOnline();
  const toggle = async (): Promise<void> => {
    if (!recording) {
      void keeper.ask();
      await recorder.start();
      return;
    }
    const ending = await recorder.stop();
    if (ending === 'broken') return; // What was not kept was told, and why.
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
          aria-label={recording ? 'Stop recording' : 'Start recording'}
          disabled={state.kind === 'starting' || state.kind === 'stopping'}
          onClick={() => {
            toggle().catch(tellProblem);
          }}
        >
          <span />
        </button>
        {recording ? <Elapsed since={state.since} /> : <p class="recorder-idle">{IDLE[state.kind]}</p>}
      </div>
      <Meter />
      <p class="hint">
        {recording
          ? `${state.format.codec === 'pcm16' ? 'PCM' : 'Opus'}, ${state.format.sampleRate / 1000} kHz, a file a minute, kept every second.`
          : 'Works without a network. What is recorded stays on this device until the server has it.'}
      </p>
    </section>
  );
}

const IDLE = { idle: 'Ready', starting: 'Opening the microphone …', stopping: 'Keeping the last second …' } as const;

function Elapsed({ since }: { since: number }) {
  const now = useNow(250);
  return (
    <p class="recorder-time" role="timer" aria-label="Recorded so far">
      {stopwatch(Math.max(0, now - since))}
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
