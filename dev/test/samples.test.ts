import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { OpusDecoder } from 'opus-decoder';
import {
  loadSamples,
  readFrames,
  readRecording,
  type Sample,
  type SampleRecording,
  SAMPLES_DIR,
  speechSeconds,
} from '../samples/samples.ts';

const SAMPLES_PER_MS = 16;
/** Quiet sounds of speech before and behind a phrase, such as the breath before a "p", last at most so long. */
const BREATH_MS = 120;
const samples = loadSamples();
const recordings = samples.flatMap((sample) => sample.recordings.map((recording) => ({ sample, recording })));

describe('sample recordings', () => {
  it('cover what the pipeline must deal with', () => {
    const codecs = new Set(recordings.map(({ recording }) => recording.codec));
    assert.deepEqual([...codecs].sort(), ['opus', 'opus_fs320', 'pcm16', 'pcm8', 'wav']);
    assert.ok(
      samples.some((sample) => sample.words.length === 0),
      'one is all silence',
    );
    assert.ok(
      samples.some((sample) => sample.conversations.length > 1),
      'one becomes several conversations',
    );
    assert.ok(
      recordings.some(({ recording }) => recording.tornBytes > 0),
      'one is torn',
    );
    assert.ok(straddling().length > 0, 'one word is cut by a file boundary');
    const reasons = recordings.flatMap(({ recording }) => recording.lostFrames.map((frame) => frame.reason));
    assert.deepEqual(reasons.sort(), ['bad_length', 'bad_length', 'undecodable', 'undecodable']);
    assert.ok(
      new Set(samples.flatMap((sample) => sample.words.map((word) => word.speaker))).size >= 3,
      'several voices',
    );
  });

  it('stay small enough for a repository', () => {
    const bytes = readdirSync(SAMPLES_DIR).reduce((sum, name) => sum + statSync(join(SAMPLES_DIR, name)).size, 0);
    assert.ok(bytes < 3_000_000, `${bytes} bytes`);
  });

  it('are named by codec, rate, frame size, device and time', () => {
    for (const { sample, recording } of recordings) {
      const time = /_(\d+)\.(bin|wav)$/.exec(recording.name)?.[1] ?? '';
      assert.equal(Number(time) * (time.length === 13 ? 1 : 1000), recording.startedAtMs, recording.name);
      if (recording.codec === 'wav') continue;
      const fields = `audio_${sample.deviceId}_${recording.codec}_16000_1_fs${recording.frameSize}_`;
      assert.ok(recording.name.startsWith(fields), recording.name);
    }
  });

  it('begin and end a word by file boundaries only where files touch', () => {
    for (const { sample, at } of straddling()) {
      const before = sample.recordings.find((recording) => recording.startedAtMs + recording.durationMs === at);
      const after = sample.recordings.find((recording) => recording.startedAtMs === at);
      assert.ok(before !== undefined && after !== undefined, `${sample.scenario}: files touch at ${at}`);
    }
  });

  for (const sample of samples) {
    describe(sample.scenario, () => {
      describeSample(sample);
    });
  }
});

function describeSample(sample: Sample): void {
  it('has its words in order, without overlap, inside its recordings', () => {
    let previousEnd = 0;
    for (const word of sample.words) {
      assert.ok(word.startMs >= previousEnd && word.endMs > word.startMs, word.text);
      previousEnd = word.endMs;
      assert.ok(
        sample.recordings.some((each) => inside(each, word.startMs)),
        word.text,
      );
      assert.ok(
        sample.recordings.some((each) => inside(each, word.endMs)),
        word.text,
      );
    }
  });

  it('has conversations that are the words with gaps under 120 seconds', () => {
    const starts = sample.words.flatMap((word, index) => {
      const previous = sample.words[index - 1];
      return previous === undefined || word.startMs - previous.endMs >= 120_000 ? [index] : [];
    });
    assert.deepEqual(
      sample.conversations,
      starts.map((from, index) => {
        const to = starts[index + 1] ?? sample.words.length;
        return { startMs: sample.words[from]?.startMs, endMs: sample.words[to - 1]?.endMs, from, to };
      }),
    );
  });

  it('parses to the very frames that the sidecar counts', () => {
    for (const recording of sample.recordings) {
      const frames = readFrames(sample, recording);
      assert.equal(frames.length * recording.frameSize, recording.durationMs * SAMPLES_PER_MS);
      const lost = frames.flatMap((frame, index) => (frame === null ? [index] : []));
      assert.deepEqual(
        lost,
        recording.lostFrames.map((frame) => frame.index),
      );
    }
  });

  it('sounds where its words are, from their first to their last milliseconds, and nowhere else', async function () {
    const audio = await decodeSample(sample);
    for (const word of sample.words) {
      const where = `"${word.text}" at ${word.startMs}`;
      const [whole, start, end] = [
        audio.decibels(word.startMs, word.endMs),
        audio.decibels(word.startMs, word.startMs + 12),
        audio.decibels(word.endMs - 12, word.endMs),
      ];
      assert.ok(whole > -38, `${where} sounds: ${whole}`);
      assert.ok(start > -48, `${where} begins on time: ${start}`);
      assert.ok(end > -48, `${where} ends on time: ${end}`);
    }
    for (const [from, to] of silences(sample)) {
      const level = audio.decibels(from, to);
      assert.ok(level < -36, `between words, from ${from} to ${to}, it is quiet: ${level}`);
      if (to - from < 2 * BREATH_MS) continue;
      const middle = audio.decibels(from + BREATH_MS, to - BREATH_MS);
      assert.ok(middle < -50, `silence from ${from} to ${to} is silent: ${middle}`);
    }
  });
}

describe('speechSeconds', () => {
  const word = (startMs: number, endMs: number) => ({ text: 'x', speaker: 'y', startMs, endMs });

  it('counts pauses under a second and leaves out the others', () => {
    assert.equal(speechSeconds([word(0, 500), word(1499, 2000), word(3000, 4000)]), 3);
  });

  it('accepts words in any order, and is at least their own time', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1e6), fc.integer({ min: 1, max: 2000 }))), (raw) => {
        const words = raw.map(([startMs, length]) => word(startMs, startMs + length));
        const longest = Math.max(0, ...raw.map(([, length]) => length));
        const total = speechSeconds(words);
        assert.ok(Math.round(total * 1000) >= longest);
        assert.equal(speechSeconds(words.toReversed()), total);
      }),
    );
  });
});

/** Words over a file boundary, with the time of the boundary. */
function straddling(): { sample: Sample; at: number }[] {
  return recordings.flatMap(({ sample, recording }) => {
    const at = recording.startedAtMs;
    return sample.words.some((word) => word.startMs < at && at < word.endMs) ? [{ sample, at }] : [];
  });
}

function inside(recording: SampleRecording, ms: number): boolean {
  return ms >= recording.startedAtMs && ms <= recording.startedAtMs + recording.durationMs;
}

/** The silences between words, without 12 ms of codec ringing after each word. */
function silences(sample: Sample): [number, number][] {
  return sample.recordings.flatMap((recording) => {
    const end = recording.startedAtMs + recording.durationMs;
    const words = sample.words.filter((word) => word.endMs > recording.startedAtMs && word.startMs < end);
    const edges = [recording.startedAtMs, ...words.flatMap((word) => [word.startMs, word.endMs]), end];
    const gaps: [number, number][] = [];
    for (let i = 0; i < edges.length; i += 2) {
      const from = (edges[i] ?? 0) + 12;
      const to = (edges[i + 1] ?? 0) - 6;
      if (to > from) gaps.push([from, to]);
    }
    return gaps;
  });
}

interface DecodedSample {
  /** Root mean square between two times (Unix ms), dB of full scale. */
  decibels(fromMs: number, toMs: number): number;
}

/** Touching recordings are decoded as one stream, as their encoder was one. */
async function decodeSample(sample: Sample): Promise<DecodedSample> {
  const parts: { startedAtMs: number; pcm: Float32Array }[] = [];
  const decoder = new OpusDecoder({ sampleRate: 16_000, channels: 1 });
  await decoder.ready;
  let end = 0;
  for (const recording of sample.recordings) {
    if (recording.startedAtMs !== end) await decoder.reset();
    parts.push({ startedAtMs: recording.startedAtMs, pcm: decode(sample, recording, decoder) });
    end = recording.startedAtMs + recording.durationMs;
  }
  decoder.free();
  return {
    decibels(fromMs, toMs) {
      let sum = 0;
      let count = 0;
      for (const { startedAtMs, pcm } of parts) {
        const from = Math.max(0, (fromMs - startedAtMs) * SAMPLES_PER_MS);
        for (const value of pcm.subarray(from, Math.max(0, (toMs - startedAtMs) * SAMPLES_PER_MS))) {
          sum += value * value;
          count++;
        }
      }
      return 10 * Math.log10(sum / count + 1e-12);
    },
  };
}

function decode(sample: Sample, recording: SampleRecording, decoder: OpusDecoder<16_000>): Float32Array {
  if (recording.codec === 'wav') assert.equal(readRecording(sample, recording).toString('latin1', 0, 4), 'RIFF');
  const pcm = new Float32Array(recording.durationMs * SAMPLES_PER_MS);
  for (const [index, frame] of readFrames(sample, recording).entries()) {
    if (frame === null) continue;
    pcm.set(decodeFrame(frame, recording, decoder), index * recording.frameSize);
  }
  return pcm;
}

function decodeFrame(frame: Uint8Array, recording: SampleRecording, decoder: OpusDecoder<16_000>): Float32Array {
  switch (recording.codec) {
    case 'opus':
    case 'opus_fs320': {
      const { channelData, errors } = decoder.decodeFrame(frame);
      assert.deepEqual(errors, []);
      return channelData[0] ?? new Float32Array();
    }
    case 'pcm8':
      return Float32Array.from(frame, (byte) => (byte - 128) / 128);
    case 'pcm16':
    case 'wav': {
      const bytes = Buffer.from(frame);
      return Float32Array.from({ length: frame.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 32768);
    }
  }
}
