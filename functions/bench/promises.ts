/** The first table of `docs/performance.md`: each promise, and whether the measured figure keeps it. */
import { percent, rounded } from './markdown.ts';
import type { Cell } from './markdown.ts';
import type { Ratios } from './ratios.ts';

/** What the project promises of each ratio. The promise is checked with the measured figure, which is shown rounded. */
const BARS: readonly (readonly [ratio: string, what: string, bar: string, met: (value: number) => boolean])[] = [
  [
    'vsLimitOneCore',
    'one core over the harmonic limit of opus-decoder, batched Silero and gain',
    '≥ 1.3',
    (v) => v >= 1.3,
  ],
  ['silkSkipOverWhole', 'SILK with voice bits that mark pauses, over the same without', '≥ 1.3', (v) => v >= 1.3],
  ['twoCoresOverOne', 'two cores over one', '≥ 1.7', (v) => v >= 1.7],
  ['vsVadNode', 'one core over ffmpeg and `@ricky0123/vad-node`, a recording of 5 min', '≥ 60', (v) => v >= 60],
  ['vsVadNodeShort', 'the same, recordings of 1 min', '', () => true],
  ['vsOneStream', 'one core over ffmpeg and Silero in one stream', '≥ 3.5', (v) => v >= 3.5],
  ['vadAgreement', 'windows on which regions agree with the plain loop, tones left out', '≥ 99.5 %', (v) => v >= 0.995],
  ['tonesSentOverPlain', 'seconds sent over those of the plain loop, tones under speech', '', () => true],
  ['sampleWordsLost', 'words of the samples lost', '0', (v) => v === 0],
  ['billedOverSpeech', 'billed seconds over speech seconds', '≤ 1.15', (v) => v <= 1.15],
  ['peakMb24h', 'peak resident memory for 24 h of audio, MB', '< 600', (v) => v < 600],
  ['peak24hOver1h', 'peak for 24 h over peak for 1 h', '≤ 1.2', (v) => v <= 1.2],
  ['localTinyTimesRealTime', 'the local recogniser, tiny, in one thread, by processor time', '≥ 80', (v) => v >= 80],
  ['localBaseTimesRealTime', 'the same, base', '≥ 36', (v) => v >= 36],
  ['localOverBestPeer', 'tiny over its best peer', '≥ 2.5', (v) => v >= 2.5],
  ['localPeakMb', 'peak resident memory of a process with one model, the larger, MB', '< 500', (v) => v < 500],
  ['writesPerRecording', 'documents written for a recording of a minute, 12 h of them', '≤ 4.5', (v) => v <= 4.5],
  ['readsPerRecording', 'documents read for it', '≤ 3', (v) => v <= 3],
  ['listenerMb720', 'what a listener of a job of 720 arrivals receives, MiB', '≤ 3', (v) => v <= 3],
  ['arrivalsPeakMb', 'peak resident memory while 80 jobs of 1,000 arrive at once, MB', '< 256', (v) => v < 256],
  ['backlogDelaySeconds', 'how much one user’s backlog of 15,000 jobs delays another user, s', '< 180', (v) => v < 180],
  ['uploadsBesideHostile', 'time of uploads with 5 % hostile requests over without, median', '≤ 2', (v) => v <= 2],
  ['uploadsBesideHostileP95', 'the same, 95 %', '≤ 2', (v) => v <= 2],
  ['uploadsBesideWorst', 'the same with 5 % of the worst kind alone, median', '≤ 2', (v) => v <= 2],
  ['lightLoadMs', 'module load of the light functions, ms', '< 400', (v) => v < 400],
  ['lightLoadOverUnbundled', 'its processor time over that of the same code unbundled', '', () => true],
];

export function bars(ratios: Ratios): Cell[][] {
  return BARS.flatMap(([name, what, bar, met]) => {
    const value = ratios[name];
    if (value === undefined) return [];
    const shown = name === 'vadAgreement' ? percent(value) : rounded(value);
    return [[`\`${name}\`: ${what}`, shown, bar, bar === '' ? '' : met(value) ? 'met' : '**missed**']];
  });
}
