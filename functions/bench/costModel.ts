/** The cost of an hour of audio: measured operations, times prices that are settings. */
import * as z from 'zod';
import type { Figures } from './ratios.ts';

export const pricesSchema = z.object({
  setOn: z.iso.date(),
  note: z.string(),
  currency: z.string(),
  deepgramPerMinute: z.number(),
  deepgramReadPerThousandTokens: z.number(),
  cpuPerVcpuSecond: z.number(),
  memoryPerGibSecond: z.number(),
  firestoreReadPer100k: z.number(),
  firestoreWritePer100k: z.number(),
  firestoreDeletePer100k: z.number(),
  storageClassAPer10k: z.number(),
  storageClassBPer10k: z.number(),
  storagePerGbMonth: z.number(),
  tasksPerMillion: z.number(),
});
export type Prices = z.infer<typeof pricesSchema>;

export interface Use {
  /** The share of the audio that is speech. The rest is silence, and costs no transcription. */
  readonly speechShare: number;
  /** The length of a recording, minutes. Each recording is an object that is written, read and deleted. */
  readonly minutesEach: number;
  /** The size of staged audio, bytes a second. */
  readonly bytesPerSecond: number;
  /** Days until staged audio is deleted. Jobs that are done delete theirs immediately. */
  readonly stagedDays: number;
  /** The task function's size: see `endpoints/processSyncJob.ts`. */
  readonly vcpus: number;
  readonly gib: number;
  /** The transcriber: Deepgram, or a model in the task function. */
  readonly transcriber: 'deepgram' | 'tiny' | 'base';
  /** Characters of transcript that are sent for the summaries of an hour of audio; 0 unless SUMMARIES is deepgram. */
  readonly summaryCharacters: number;
}

export interface Component {
  readonly what: string;
  readonly amount: string;
  readonly cost: number;
}

const CHARACTERS_A_TOKEN = 4;

/** The cost of an hour of audio. If the figures have no growth part, operations are not counted. */
export function costOfHour(figures: Partial<Figures>, use: Use, prices: Prices): Component[] {
  const { billing, memory, local, e2e } = figures;
  const recordings = 60 / use.minutesEach;
  const billedOverSpeech = billing ? billing.billedSeconds / billing.speechSeconds : NaN;
  const minutes = 60 * use.speechShare * billedOverSpeech;
  const longest = memory?.at(-1);
  const isLocal = use.transcriber !== 'deepgram';
  const recogniser = local?.speeds.find(({ name }) => name === `local ${use.transcriber}`);
  // Recognition uses both processors, and the task is billed for both while it runs.
  const recognising = isLocal ? ((recogniser?.cpuSecondsPerHour ?? NaN) * minutes) / 60 / use.vcpus : 0;
  const seconds = (longest ? longest.seconds / longest.hours : NaN) + recognising;
  const day = e2e?.growth.at(-1);
  const operations = (count: number | undefined): number => (day && count !== undefined ? count / day.hours : NaN);
  const [reads, writes, deletes] = [operations(day?.reads), operations(day?.writes), operations(day?.deletes)];
  const gb = (3600 * use.bytesPerSecond) / 1e9;
  const list: Component[] = [
    {
      what: 'Deepgram',
      amount: `${minutes.toFixed(1)} min`,
      cost: isLocal ? 0 : minutes * prices.deepgramPerMinute,
    },
    {
      what: 'Task function, processor and memory',
      amount: `${seconds.toFixed(1)} s`,
      cost: seconds * (use.vcpus * prices.cpuPerVcpuSecond + use.gib * prices.memoryPerGibSecond),
    },
    {
      what: 'Firestore',
      amount: `${Math.round(reads)} reads, ${Math.round(writes)} writes, ${Math.round(deletes)} deletes`,
      cost:
        (reads * prices.firestoreReadPer100k +
          writes * prices.firestoreWritePer100k +
          deletes * prices.firestoreDeletePer100k) /
        100_000,
    },
    {
      what: 'Storage, operations',
      amount: `${recordings} writes, ${recordings} reads`,
      cost: (recordings * (prices.storageClassAPer10k + prices.storageClassBPer10k)) / 10_000,
    },
    {
      what: 'Storage, space',
      amount: `${(1000 * gb).toFixed(1)} MB for ${use.stagedDays} days`,
      cost: gb * prices.storagePerGbMonth * (use.stagedDays / 30),
    },
    { what: 'Cloud Tasks', amount: '1 task', cost: prices.tasksPerMillion / 1e6 },
    {
      what: 'Summaries by Deepgram',
      amount: `${use.summaryCharacters} characters`,
      cost: (use.summaryCharacters / CHARACTERS_A_TOKEN / 1000) * prices.deepgramReadPerThousandTokens,
    },
  ];
  return list.filter(({ cost }) => cost > 0);
}

/** A wearable that records all day. */
export const USUAL: Use = {
  speechShare: 0.25,
  minutesEach: 1,
  bytesPerSecond: 2400,
  stagedDays: 0.1,
  vcpus: 2,
  gib: 2,
  transcriber: 'deepgram',
  summaryCharacters: 0,
};
