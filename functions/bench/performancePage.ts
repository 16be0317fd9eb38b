/** The text of `docs/performance.md`. */
import { options as TASK } from '../src/endpoints/processSyncJob.ts';
import { options as SWEEP } from '../src/endpoints/sweepSyncJobs.ts';
import { options as READ_ONE } from '../src/endpoints/syncStatus.ts';
import { READ_OPTIONS as READ_MANY, UPLOAD_OPTIONS } from '../src/http/options.ts';
import { decoding, hearing } from './audioPage.ts';
import { consoleSpeed, lighthouse, searchSpeed } from './consolePage.ts';
import { documents, fairness } from './corePage.ts';
import { endToEnd } from './endToEndPage.ts';
import { chart, percent, rounded, table } from './markdown.ts';
import type { Cell } from './markdown.ts';
import { bars } from './promises.ts';
import type { Figures, Ratios } from './ratios.ts';
import { recordingStaged } from './recordingStaged.ts';
import type { Results } from './results.ts';
import { uploadLoad } from './uploadLoad.ts';

export function performancePage({ measuredAt, machine, ratios, figures }: Results): string {
  const sections = [
    '# Performance',
    'Made by `npm run bench:report` from `functions/bench/results/latest.json`, which `npm run bench` wrote; a test compares ' +
      'this page with it. Limits, peers and engine take turns in one run, so that background load affects all of them equally: the ratios ' +
      'count, and absolute figures depend on the machine.',
    `Measured ${measuredAt.slice(0, 10)} on ${machine.processor}, ${machine.processors} processors, ${machine.memoryGb} GB, ` +
      `Node ${machine.node}, load ${machine.load.toFixed(1)} when the last part began.`,
    '## What is promised',
    table(['', 'measured', 'bar', ''], bars(ratios)),
    ...speed(figures.speed),
    ...agreement(figures),
    ...hearing(figures.hearing),
    ...decoding(figures.decoding),
    ...billing(figures.billing),
    ...memory(figures.memory),
    ...local(figures.local),
    ...cold(figures.cold),
    ...documents(figures.documents),
    ...fairness(figures.fairness),
    ...uploadLoad(figures.load),
    ...consoleSpeed(figures.console),
    ...lighthouse(figures.lighthouse),
    ...searchSpeed(figures.search),
    ...endToEnd(figures.e2e),
    ...settings(ratios),
  ];
  return `${sections.join('\n\n')}\n`;
}

function speed(found: Figures['speed'] | undefined): string[] {
  if (!found) return [];
  const names = [...new Set([...found.oneCore, ...found.twoCores].map(({ name }) => name))];
  const of = (list: Figures['speed']['oneCore'], name: string) => list.find((each) => each.name === name);
  const rows = names.map((name) => {
    const one = of(found.oneCore, name);
    return [
      name,
      one?.timesRealTime ?? '',
      of(found.twoCores, name)?.timesRealTime ?? '',
      one && name.startsWith('engine') && !/wav|m4a/.test(name) ? one.cpuSecondsPerHour : '',
    ];
  });
  const charted = found.oneCore.filter(
    ({ name }) => name !== 'engine opus20' && !/hidden|gain/.test(name) && !name.includes('20 ms'),
  );
  return [
    '## Decode, voice detection, regions',
    'Times real time: seconds of audio for each second of the clock. The engine is the whole of `scanRecordings`: recordings of a minute ' +
      'are in memory, and chunks are planned. `opus10` and `opus20` are packets of 10 and 20 ms. One core: the process is bound to one.',
    table(['', 'one core', 'two cores', 'processor seconds an hour of audio'], rows),
    chart(
      'Times real time on one core',
      charted.map(({ name, timesRealTime }) => [name, timesRealTime]),
    ),
    'Silero is published as a graph that takes one window of each stream in a call. The functions load the same weights rearranged, so ' +
      'that one call takes many windows of one stream (`functions/models/README.md`). So the engine is faster than the limit of the ' +
      'published graph. Most of its remaining time is libopus.',
  ];
}

function agreement({ agreement: found }: Partial<Figures>): string[] {
  if (!found) return [];
  const rows = found.map((each) => [
    each.condition,
    percent(each.agreement),
    each.words,
    `${each.lost} / ${each.clipped}`,
    `${each.plainLost} / ${each.plainClipped}`,
  ]);
  return [
    '## Voice detection',
    'The samples end to end, ten minutes, as recorded and changed in five ways. The plain loop is the published model on one unbroken ' +
      'stream, with the audio raised to -20 dBFS. A word is lost if less than half of it is in a region, and clipped if less than all of it is.',
    'Tones that stand out of the background are sent if the model is not sure that they are no voice, because audio that counts as silent is ' +
      'deleted. So the engine is meant to send more of them than the plain loop, and they do not count for `vadAgreement`.',
    table(['', 'windows that agree', 'words', 'lost / clipped', 'by the plain loop'], rows),
  ];
}

function billing(found: Figures['billing'] | undefined): string[] {
  if (!found) return [];
  const seconds = (value: number): string => value.toFixed(1);
  return [
    '## What Deepgram gets',
    table(
      ['the sample recordings', 'seconds billed', 'over speech'],
      [
        ['whole files', found.wholeFilesSeconds],
        ['regions merged across gaps below 120 s', found.mergedRegionsSeconds],
        ['these chunks', found.billedSeconds],
        ['speech alone', found.speechSeconds],
      ].map(([what = '', value]) => [what, seconds(Number(value)), (Number(value) / found.speechSeconds).toFixed(2)]),
    ),
    `Sent: ${kb(found.sentBytes)} KB. The same chunks as WAV would be ${kb(found.wavBytes)} KB, the whole files ${kb(found.wholeWavBytes)} KB.`,
  ];
}

function memory(found: Figures['memory'] | undefined): string[] {
  if (!found) return [];
  return [
    '## Memory and growth',
    'One process with everything that a function loads, and recordings of a minute, Opus.',
    table(
      ['hours of audio', 'peak resident, MB', 'seconds', 'processor seconds', 'chunks'],
      found.map((each) => [each.hours, each.peakMb, each.seconds, each.cpuSeconds, each.chunks]),
    ),
    chart(
      'Processor seconds against hours of audio',
      found.map(({ hours, cpuSeconds }) => [`${hours} h`, cpuSeconds]),
    ),
  ];
}

function local(found: Figures['local'] | undefined): string[] {
  if (!found) return [];
  return [
    '## The local recogniser',
    `${Math.round(found.seconds)} s of speech of the samples, in the pieces that the worker makes of it, one thread of each. Peers have ` +
      'the same pieces and the weights of tiny as they are published: in the loop of its makers on the same onnxruntime, and in ' +
      'sherpa-onnx. Times real time are by the clock; the ratios are by processor time, which others on the machine disturb less.',
    table(
      ['', 'times real time', 'processor seconds an hour of speech'],
      found.speeds.map(({ name, timesRealTime, cpuSecondsPerHour }) => [name, timesRealTime, cpuSecondsPerHour]),
    ),
    `Peak memory of a process with one model in one thread: ${found.memory.map(({ size, peakMb }) => `${size} ${peakMb} MB`).join(', ')}.`,
  ];
}

function cold(found: Figures['cold'] | undefined): string[] {
  if (!found) return [];
  return [
    '## Cold start',
    'Module load in a fresh process, median of fifteen, in turns with the same code as the compiler leaves it, a file for each module. The ' +
      'model and libopus load in the threads of the worker, once an instance, while its first recording is fetched.',
    table(
      ['', 'ms', 'processor ms', 'unbundled, ms', 'processor ms'],
      found.map(({ what, ms, cpuMs, unbundledMs, unbundledCpuMs }) => [what, ms, cpuMs, unbundledMs, unbundledCpuMs]),
    ),
  ];
}

/** The memory, processors and concurrent requests of each kind of function, and the reasons for them. */
function settings(ratios: Ratios): string[] {
  const { twoCoresOverOne, peakMb24h, lightLoadMs } = ratios;
  if (twoCoresOverOne === undefined || peakMb24h === undefined || lightLoadMs === undefined) return [];
  const rows: Cell[][] = [
    [
      '`processSyncJob`',
      TASK.memory,
      TASK.cpu,
      TASK.concurrency,
      `the second processor makes it ${rounded(twoCoresOverOne)} times as fast, so time costs the same and jobs wait less; both are busy with one job; ` +
        `24 hours of audio take ${peakMb24h} MB, ffmpeg and a day of chunks in flight the rest`,
    ],
    [
      '`syncUpload`',
      UPLOAD_OPTIONS.memory,
      1,
      UPLOAD_OPTIONS.concurrency,
      'bodies are in memory, up to 30 MiB and for a moment twice: as many as fit',
    ],
    [
      '`onRecordingStaged`',
      recordingStaged.memory,
      1,
      recordingStaged.concurrency,
      'waits for Firestore; those of one job that meet are written together',
    ],
    ['`syncStatus`', READ_ONE.memory, 1, READ_ONE.concurrency, 'waits for Firestore'],
    ['`syncJobs`, callables', READ_MANY.memory, 1, READ_MANY.concurrency, 'a page of jobs is megabytes'],
    [
      '`sweepSyncJobs`',
      SWEEP.memory,
      1,
      SWEEP.concurrency,
      'pages, one after the other: memory does not depend on how many jobs there are',
    ],
  ];
  return [
    '## Settings, and what chose them',
    `From the files of \`functions/src/endpoints/\`. Light functions load in ${lightLoadMs} ms; 512 MiB is what their modules and a page of documents take, with room.`,
    table(['', 'memory', 'processors', 'requests at once', 'why'], rows),
  ];
}

function kb(bytes: number): number {
  return Math.round(bytes / 1000);
}
