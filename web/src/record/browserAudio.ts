/** The browser's microphone, and the events after which a recording has to check its state. */
import captureUrl from '../workers/capture.ts?worker&url';
import type { AudioPlatform } from './microphone.ts';
import type { PageEvents } from './captureSession.ts';

export const browserAudio: AudioPlatform = {
  mediaDevices: (navigator as Partial<Navigator>).mediaDevices,
  createContext: (options) => new AudioContext(options),
  createCapture: async (context) => {
    await context.audioWorklet.addModule(captureUrl);
    return new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
  },
};

export const pageEvents: PageEvents = (onChange, onFreeze) => {
  const { mediaDevices } = navigator as Partial<Navigator>;
  const changes = [
    [mediaDevices, 'devicechange'],
    [document, 'visibilitychange'],
    [document, 'resume'],
    [window, 'pageshow'],
    [window, 'focus'],
  ] as const;
  for (const [target, event] of changes) target?.addEventListener(event, onChange);
  document.addEventListener('freeze', onFreeze);
  addEventListener('pagehide', onFreeze);
  return () => {
    for (const [target, event] of changes) target?.removeEventListener(event, onChange);
    document.removeEventListener('freeze', onFreeze);
    removeEventListener('pagehide', onFreeze);
  };
};
