/** Derives the ratios that the project promises from the measured figures. */
import type { DetectionResult } from './agreement.ts';
import type { Billing } from './billing.ts';
import type { Load } from './coldStart.ts';
import type { Day } from './day.ts';
import type { Fairness } from './fairness.ts';
import type { Recall } from './hearing/judges.ts';
import { harmonic } from './rounds.ts';
import type { Speed } from './rounds.ts';
import type { UploadLoad } from './uploadLoad.ts';

export interface Memory {
  readonly hours: number;
  readonly peakMb: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly chunks: number;
  readonly speechSeconds: number;
}

export interface Growth {
  readonly hours: number;
  readonly recordings: number;
  readonly seconds: number;
  readonly reads: number;
  readonly writes: number;
  readonly deletes: number;
  /** Objects written, read and deleted. */
  readonly storageOperations: number;
  readonly requests: number;
  readonly conversations: number;
}

/** Milliseconds since the first upload began: medians, and the last. */
export interface AtOnce {
  readonly users: number;
  readonly acceptedMs: number;
  readonly lastAcceptedMs: number;
  readonly doneMs: number;
  readonly lastDoneMs: number;
  /** Tasks that the queue delivered again. */
  readonly redelivered: number;
}

/** One instance at which many direct uploads arrive. */
export interface Arrivals {
  readonly jobs: number;
  /** How many jobs were started; it must be all. */
  readonly started: number;
  readonly peakMb: number;
}

export interface Documents {
  readonly hours: number;
  /** The measured days, for both kinds of upload. */
  readonly days: readonly Day[];
  /** Missing if it was not measured. */
  readonly arrivals?: Arrivals;
}

/** How fast ordinary audio is decoded, times real time, by processor time. */
export interface DecodingSpeed {
  readonly what: string;
  readonly sandbox: number;
  /** Null if the format needs no decoder. */
  readonly ffmpeg: number | null;
}

/** The local recogniser and its peers on one processor. */
export interface Local {
  /** The speech of one turn, seconds. */
  readonly seconds: number;
  /** The speeds of `local tiny`, `local base` and the peers. */
  readonly speeds: readonly Speed[];
  /** The peak memory of a process with one model in one thread, MB. */
  readonly memory: readonly { readonly size: string; readonly peakMb: number }[];
}

/** A line of `npm run bench:console`. */
export interface ConsoleVisit {
  readonly days: number;
  readonly aDay: number;
  readonly slower: number;
  /** The load of the machine at the end. */
  readonly load: number;
  readonly homeMs: number;
  readonly longestTaskMs: number;
  readonly processorMs: number;
  readonly frames: number;
  readonly droppedFrames: number;
  readonly rowsInPage: number;
  readonly heapMb: number;
}

/** The performance of one screen by `npm run lighthouse`, of 100: the median of its runs. */
export interface ScreenScore {
  readonly screen: string;
  readonly desktop: number;
  readonly phone: number;
}

/** The result of `npm run bench:search`. */
export interface SearchSpeed {
  readonly words: number;
  readonly conversations: number;
  readonly keys: number;
  readonly indexMb: number;
  readonly load: number;
  readonly worstProcessorMs: number;
  readonly worstMedianMs: number;
}

export interface Figures {
  readonly speed: { readonly oneCore: readonly Speed[]; readonly twoCores: readonly Speed[] };
  readonly agreement: readonly DetectionResult[];
  readonly hearing: readonly Recall[];
  readonly decoding: readonly DecodingSpeed[];
  readonly billing: Billing;
  readonly memory: readonly Memory[];
  readonly cold: readonly Load[];
  readonly local: Local;
  readonly documents: Documents;
  readonly fairness: Fairness;
  readonly load: UploadLoad;
  readonly console: readonly ConsoleVisit[];
  readonly lighthouse: readonly ScreenScore[];
  readonly search: SearchSpeed;
  readonly e2e: {
    readonly realisticDelayMs: number;
    readonly latency: { readonly acceptedMs: number; readonly bareWriteMs: number };
    readonly visibleMs: number;
    readonly visibleRealisticMs: number;
    readonly atOnce: AtOnce;
    readonly atOnceRealistic: AtOnce;
    readonly growth: readonly Growth[];
  };
}

export type Ratios = Readonly<Record<string, number>>;

/** All ratios for which there are figures. */
export function ratios({
  speed,
  agreement,
  billing,
  memory,
  cold,
  local,
  documents,
  fairness,
  load,
  e2e,
}: Partial<Figures>): Ratios {
  const found: Record<string, number> = {};
  const note = (name: string, value: number | undefined): void => {
    if (value !== undefined && Number.isFinite(value)) found[name] = Math.round(value * 10_000) / 10_000;
  };
  if (speed) {
    const of = (list: readonly Speed[], name: string, otherwise = NaN): number =>
      list.find((each) => each.name === name)?.timesRealTime ?? otherwise;
    const one = of(speed.oneCore, 'engine opus10');
    const limit = harmonic(
      of(speed.oneCore, 'opus-decoder alone, 10 ms'),
      of(speed.oneCore, 'Silero as published, 32 streams a call'),
      of(speed.oneCore, 'levels and gain alone', Infinity), // older runs had no gain, so it took no time
    );
    note('vsLimitOneCore', one / limit);
    note('twoCoresOverOne', of(speed.twoCores, 'engine opus10') / one);
    note(
      'silkSkipOverWhole',
      of(speed.oneCore, 'engine opus20') / of(speed.oneCore, 'engine opus20, voice bits hidden'),
    );
    note('vsVadNode', one / of(speed.oneCore, 'ffmpeg, @ricky0123/vad-node, 5 min'));
    note('vsVadNodeShort', one / of(speed.oneCore, 'ffmpeg, @ricky0123/vad-node, 1 min'));
    note('vsOneStream', one / of(speed.oneCore, 'ffmpeg, Silero in one stream'));
  }
  if (agreement) {
    const tones = agreement.find(({ hasTones }) => hasTones);
    note('vadAgreement', mean(agreement.filter((each) => each !== tones).map((each) => each.agreement)));
    note('tonesSentOverPlain', (tones?.sentSeconds ?? NaN) / (tones?.plainSentSeconds ?? NaN));
  }
  if (billing) {
    note('billedOverSpeech', billing.billedSeconds / billing.speechSeconds);
    note('billedOverWholeFiles', billing.billedSeconds / billing.wholeFilesSeconds);
    note('sentOverWav', billing.sentBytes / billing.wavBytes);
    note('sampleWordsLost', billing.wordsLost);
  }
  if (memory) {
    const peak = (hours: number): number | undefined => memory.find((each) => each.hours === hours)?.peakMb;
    note('peakMb1h', peak(1));
    note('peakMb24h', peak(24));
    note('peak24hOver1h', (peak(24) ?? NaN) / (peak(1) ?? NaN));
    note('timeGrowthDeviation', deviation(memory.map(({ hours, cpuSeconds }) => [hours, cpuSeconds])));
  }
  const light = cold?.find(({ what }) => what.startsWith('light'));
  if (light) {
    note('lightLoadMs', light.ms);
    note('lightLoadOverUnbundled', light.cpuMs / light.unbundledCpuMs);
  }
  if (documents) {
    const { days, arrivals } = documents;
    const most = (of: (day: Day) => number): number => Math.max(...days.map(of));
    note(
      'writesPerRecording',
      most(({ writes, recordings }) => writes / recordings),
    );
    note(
      'readsPerRecording',
      most(({ reads, recordings }) => reads / recordings),
    );
    note(
      'listenerMb720',
      most(({ listenedMb }) => listenedMb),
    );
    note('arrivalsPeakMb', arrivals?.peakMb);
  }
  if (local) {
    // Speeds by processor time: on a machine with other programs, the clock says little about one thread.
    const of = (speed: Speed | undefined): number => 3600 / (speed?.cpuSecondsPerHour ?? NaN);
    const named = (name: string) => of(local.speeds.find((each) => each.name === name));
    const peers = local.speeds.filter(({ name }) => !name.startsWith('local')).map(of);
    note('localTinyTimesRealTime', named('local tiny'));
    note('localBaseTimesRealTime', named('local base'));
    note('localOverBestPeer', named('local tiny') / Math.max(...peers));
    note('localPeakMb', Math.max(...local.memory.map(({ peakMb }) => peakMb)));
  }
  if (fairness) note('backlogDelaySeconds', fairness.rows.at(-1)?.delayedSeconds);
  if (load) {
    note('uploadsBesideHostile', load.besideHostile.medianMs / load.alone.medianMs);
    note('uploadsBesideHostileP95', load.besideHostile.p95Ms / load.alone.p95Ms);
    note('uploadsBesideWorst', Math.max(...load.hostile.map(({ overAlone }) => overAlone)));
  }
  if (e2e) {
    note('acceptedOverBareWrite', e2e.latency.acceptedMs / e2e.latency.bareWriteMs);
    for (const field of ['seconds', 'reads', 'writes', 'requests'] as const) {
      note(`${field}GrowthDeviation`, deviation(e2e.growth.map((each) => [each.hours, each[field]])));
    }
  }
  return found;
}

/**
 * The largest distance of a point from the straight line through all of them (least squares), as a share of the largest value.
 */
export function deviation(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const largest = Math.max(...points.map(([, y]) => Math.abs(y)));
  return Math.max(...points.map(([x, y]) => Math.abs(y - meanY - slope * (x - meanX)))) / largest;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
