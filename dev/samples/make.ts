/**
 * Makes the sample recordings again: `node dev/samples/make.ts`.
 * Needs flite and ffmpeg with libopus (apt-get install flite ffmpeg). Text, timeline and noise are the same every time; the
 * bytes of the Opus packets are the same for the same versions of the two.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compose, seededRandom } from './compose.ts';
import { encodeFrames, frameFile, uint32, wavFile } from './encode.ts';
import {
  SAMPLES_DIR,
  type SampleConversation,
  type SampleRecording,
  type SampleWord,
  type Sidecar,
} from './samples.ts';
import { type Damage, type Scenario, SCENARIOS, type Spot, type Take } from './scenarios.ts';
import { SAMPLE_RATE } from './synthesis.ts';

interface Made {
  readonly recording: SampleRecording;
  readonly bytes: Buffer;
}

rmSync(SAMPLES_DIR, { recursive: true, force: true });
mkdirSync(SAMPLES_DIR, { recursive: true });
for (const scenario of SCENARIOS) make(scenario);

function make(scenario: Scenario): void {
  const takes = scenario.takes.map((take, index) => makeTake(scenario, take, index));
  const made = takes.flatMap((take) => take.made);
  const words = takes.flatMap((take) => take.words);
  const sidecar: Sidecar = {
    scenario: scenario.name,
    about: scenario.about,
    deviceId: scenario.deviceId,
    language: 'en',
    recordings: made.map(({ recording }) => recording),
    words,
    conversations: conversations(words, scenario.conversationsBeginAt ?? []),
  };
  for (const { recording, bytes } of made) writeFileSync(join(SAMPLES_DIR, recording.name), bytes);
  writeFileSync(join(SAMPLES_DIR, `${scenario.name}.json`), `${JSON.stringify(sidecar, null, 1)}\n`);
  for (const { recording, bytes } of made) {
    console.log(`${recording.name}: ${(recording.durationMs / 1000).toFixed(1)} s, ${bytes.length} bytes`);
  }
}

function makeTake(scenario: Scenario, take: Take, index: number): { made: Made[]; words: SampleWord[] } {
  const { codec, frameSize } = scenario;
  const startedAtMs = Date.parse(take.startedAt);
  const frameMs = (frameSize / SAMPLE_RATE) * 1000;
  const { pcm, words: placed } = compose(take.script, frameSize, `${scenario.name} ${index}`);
  const words = placed.map(({ text, voice, startMs, endMs }) => ({
    text,
    startMs: startedAtMs + startMs,
    endMs: startedAtMs + endMs,
    speaker: voice,
  }));
  const frames = encodeFrames(pcm, codec, frameSize);
  const frameAt = (spot: Spot): number => Math.floor((spotMs(spot, words) - startedAtMs) / frameMs);
  const bounds = [0, ...(take.cutInside ?? []).map((inside) => frameAt({ inside })), frames.length];
  const made = bounds.slice(1).map((end, part) => {
    const first = bounds[part] ?? 0;
    const damage = (take.damage ?? []).map((each) => ({
      ...each,
      frame: 'at' in each ? frameAt(each.at) - first : -1,
    }));
    return makeRecording(scenario, startedAtMs + first * frameMs, frames.slice(first, end), damage);
  });
  return { made, words };
}

/** Damages the frames as the script says, and describes what a reader can get of them. */
function makeRecording(
  scenario: Scenario,
  startedAtMs: number,
  frames: readonly Uint8Array[],
  damage: readonly (Damage & { frame: number })[],
): Made {
  const { codec, frameSize } = scenario;
  const stored = [...frames];
  const lostFrames: SampleRecording['lostFrames'] = [];
  for (const each of damage) {
    const frame = stored[each.frame];
    if (each.kind !== 'garbage' || frame === undefined) continue;
    stored[each.frame] = garbage(frame.length, `${scenario.name} ${each.frame}`);
    lostFrames.push({ index: each.frame, reason: 'undecodable', bytes: frame.length });
  }
  let bytes = codec === 'wav' ? wavFile(stored) : frameFile(stored);
  for (const each of damage) {
    const frame = stored[each.frame];
    if (each.kind !== 'badLength' || frame === undefined) continue;
    uint32(each.length).copy(bytes, frameFile(stored.slice(0, each.frame)).length);
    lostFrames.push({ index: each.frame, reason: 'bad_length', bytes: frame.length });
  }
  let whole = stored.length;
  let tornBytes = 0;
  if (damage.some((each) => each.kind === 'tear')) {
    const last = 4 + (stored.at(-1)?.length ?? 0);
    tornBytes = Math.floor(last / 2);
    whole -= 1;
    bytes = bytes.subarray(0, bytes.length - last + tornBytes);
  }
  const recording: SampleRecording = {
    name: recordingName(scenario, startedAtMs),
    codec,
    sampleRate: SAMPLE_RATE,
    channels: 1,
    frameSize,
    startedAtMs,
    durationMs: (whole * frameSize * 1000) / SAMPLE_RATE,
    tornBytes,
    lostFrames: lostFrames.sort((a, b) => a.index - b.index),
  };
  return { recording, bytes };
}

function recordingName({ name, deviceId, codec, frameSize, timestamp }: Scenario, startedAtMs: number): string {
  if (timestamp === 'seconds' && startedAtMs % 1000 !== 0) throw new Error(`${name}: starts between two seconds`);
  const time = timestamp === 'seconds' ? startedAtMs / 1000 : startedAtMs;
  if (codec === 'wav') return `${name}_${time}.wav`;
  return `audio_${deviceId}_${codec}_${SAMPLE_RATE}_1_fs${frameSize}_${time}.bin`;
}

/** Bytes that no Opus decoder accepts: a packet of code 3 without frames (RFC 6716, R5), then noise. */
function garbage(length: number, seed: string): Uint8Array {
  const random = seededRandom(seed);
  const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256));
  bytes.set([0xff, 0x00]);
  return bytes;
}

/** The time of a spot, Unix milliseconds: the middle of a word, or of the silence before it. */
function spotMs(spot: Spot, words: readonly SampleWord[]): number {
  const text = 'inside' in spot ? spot.inside : spot.before;
  const index = indexOfWord(text, words);
  const word = words[index];
  const previous = words[index - 1];
  if (word === undefined) throw new Error(`nobody says "${text}"`);
  if ('inside' in spot) return (word.startMs + word.endMs) / 2;
  if (previous === undefined) throw new Error(`nothing is said before "${text}"`);
  return (previous.endMs + word.startMs) / 2;
}

function indexOfWord(text: string, words: readonly SampleWord[]): number {
  return words.findIndex((word) => word.text.replace(/\W+$/, '') === text);
}

function conversations(words: readonly SampleWord[], beginAt: readonly string[]): SampleConversation[] {
  if (words.length === 0) return [];
  const starts = [0, ...beginAt.map((text) => indexOfWord(text, words))];
  return starts.map((from, index) => {
    const to = starts[index + 1] ?? words.length;
    return { startMs: words[from]?.startMs ?? NaN, endMs: words[to - 1]?.endMs ?? NaN, from, to };
  });
}
