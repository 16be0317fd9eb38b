/** Describes interruptions of a recording in words. */
import type { Interruption, Missed } from './interruption.ts';
import { sentenceEnd } from '../domain/sentence.ts';
import { clockSeconds, stopwatch } from '../domain/time.ts';

/** Why nothing is recorded now, and what happens next. */
export function interruptionText({ reason, detail }: Interruption): string {
  return detail === null ? NOW[reason] : `${sentenceEnd(detail)} ${NOW[reason]}`;
}

const NOW: Readonly<Record<Interruption['reason'], string>> = {
  paused: 'The microphone is off until you resume.',
  suspended:
    'The device has paused the microphone, for a call or an assistant. Recording goes on as soon as the device allows it.',
  muted: 'The microphone is muted by the device or the browser. Recording goes on when it is unmuted.',
  ended: 'The microphone was unplugged or taken away. Another one is being opened.',
  changed: 'The microphone has changed. It is being opened again.',
  no_frames: 'No sound arrives from the microphone. It is being opened again.',
  frozen: 'The browser has stopped this page. Keep it in the foreground.',
  unavailable: 'Recording goes on when a microphone can be opened; this is retried automatically.',
  encoder: 'The browser cannot compress the sound any more.',
};

export const SILENT_TEXT =
  'The microphone delivers only silence. A switch of the headset may have muted it, or another microphone may be the right one.';

const BEFORE: Readonly<Record<Missed['reason'], string>> = {
  paused: 'you had paused',
  suspended: 'the device had paused the microphone',
  muted: 'the microphone was muted',
  ended: 'the microphone was unplugged or taken away',
  changed: 'the microphone changed',
  no_frames: 'no sound arrived from the microphone',
  frozen: 'the browser had stopped this page',
  unavailable: 'no microphone could be opened',
  encoder: 'the browser could not compress the sound; it goes on uncompressed',
  lost: 'the device was too busy, and sound was lost',
  clock: 'the clock of this device was set, or the device slept; what follows carries the new time',
};

/** An interruption that is over: `10:04:31: 14 s were not recorded (the microphone was muted).` */
export function missedText({ at, lengthMs, reason }: Missed): string {
  return `${clockSeconds(at)}: ${lengthText(lengthMs)} not recorded (${BEFORE[reason]}).`;
}

function lengthText(ms: number): string {
  if (ms < 1000) return 'less than a second was';
  return ms < 60_000 ? `${Math.round(ms / 1000)} s were` : `${stopwatch(ms)} min were`;
}
