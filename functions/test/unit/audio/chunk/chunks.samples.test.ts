/** Detection, regions and chunks together on the sample recordings, whose word times are known. */
import assert from 'node:assert/strict';
import { loadSamples, readRecording, speechSeconds } from '../../../../../dev/samples/samples.ts';
import type { Sample, SampleRecording } from '../../../../../dev/samples/samples.ts';
import { OPUS_PRE_ROLL_MS, SpeechChunker } from '../../../../src/audio/chunk/chunks.ts';
import type { PlannedChunk } from '../../../../src/audio/chunk/chunks.ts';
import { listenWith } from '../../../../src/audio/detect/listener.ts';
import type { Listener } from '../../../../src/audio/detect/listener.ts';
import { PassageCutter } from '../../../../src/audio/detect/passages.ts';
import type { Passage } from '../../../../src/audio/detect/passages.ts';
import { readRecording as readFrames } from '../../../../src/audio/read/readRecording.ts';
import { loadSileroVad } from '../../../../src/audio/detect/vad.ts';
import { isOpus } from '../../../../src/audio/read/format.ts';
import type { RecordingFormat } from '../../../../src/audio/read/format.ts';

const RUN_GAP_MS = 2000;

describe('Chunks of the sample recordings', function () {
  let planned: { sample: Sample; chunks: PlannedChunk[] }[];

  before(async () => {
    const listener = listenWith(await loadSileroVad());
    planned = [];
    for (const sample of loadSamples()) {
      const chunks: PlannedChunk[] = [];
      for (const run of runsOf(sample.recordings)) chunks.push(...(await plan(sample, run, listener)));
      planned.push({ sample, chunks });
    }
  });

  it('contain every word whole, with time for the decoder before it and a pause after it', () => {
    let words = 0;
    for (const { sample, chunks } of planned) {
      const stretches = unbroken(chunks);
      for (const { text, startMs, endMs } of sample.words) {
        const holding = stretches.some(([from, to]) => from <= startMs - 80 && to >= endMs + 80);
        assert.ok(holding, `"${text}" in ${sample.scenario}`);
        words++;
      }
    }
    assert.ok(words > 300);
  });

  it('contain nothing of the silence', () => {
    for (const { sample, chunks } of planned) {
      for (const [from, to] of unbroken(chunks)) {
        assert.ok(
          sample.words.some(({ startMs, endMs }) => startMs < to && endMs > from),
          sample.scenario,
        );
      }
    }
    assert.ok(planned.some(({ chunks }) => chunks.length === 0));
  });

  it('cost at most 15 % more than the speech in them', () => {
    const billed = planned.flatMap(({ chunks }) => chunks).reduce((sum, { durationMs }) => sum + durationMs / 1000, 0);
    const speech = planned.reduce((sum, { sample }) => sum + speechSeconds(sample.words), 0);
    assert.ok(billed / speech > 1 && billed / speech <= 1.15, `billed over speech is ${(billed / speech).toFixed(3)}`);
  });

  it('contain speech of one conversation each', () => {
    for (const { sample, chunks } of planned) {
      for (const { startMs, endMs } of chunks) {
        const touched = sample.conversations.filter(
          (conversation) => conversation.startMs < endMs && conversation.endMs > startMs,
        );
        assert.equal(touched.length, 1, sample.scenario);
      }
    }
  });
});

function runsOf(recordings: readonly SampleRecording[]): SampleRecording[][] {
  const runs: SampleRecording[][] = [];
  for (const recording of recordings) {
    const before = runs.at(-1)?.at(-1);
    const gapMs = before ? recording.startedAtMs - before.startedAtMs - before.durationMs : Infinity;
    if (Math.abs(gapMs) <= RUN_GAP_MS) runs.at(-1)?.push(recording);
    else runs.push([recording]);
  }
  return runs;
}

async function plan(sample: Sample, run: readonly SampleRecording[], listener: Listener): Promise<PlannedChunk[]> {
  const chunker = new SpeechChunker({ conversationGapMs: 120_000, maxChunkMs: 600_000, preRollMs: OPUS_PRE_ROLL_MS });
  const cutter = new PassageCutter(isOpus(formatOf(run[0]!)) ? 'opus' : 's16');
  const passages: Passage[] = [];
  for (const recording of run) {
    chunker.startRecording({ fileName: recording.name, startedAtMs: recording.startedAtMs });
    const { blocks } = readFrames(bytesOf(sample, recording), formatOf(recording), {
      signal: new AbortController().signal,
      maxSeconds: 3600,
      channels: 'mixed',
      decoder: 'auto',
      ffmpegPath: '',
    });
    for await (const frames of blocks) {
      chunker.addFrames(frames);
      passages.push(...cutter.push(frames));
    }
  }
  const chunks: PlannedChunk[] = [];
  for (const passage of [...passages, ...cutter.end()]) {
    chunks.push(...chunker.addProbabilities((await listener.listen(passage)).probabilities));
  }
  return [...chunks, ...chunker.end()];
}

async function* bytesOf(sample: Sample, recording: SampleRecording): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(readRecording(sample, recording));
}

function formatOf({ codec, sampleRate, channels, frameSize }: SampleRecording): RecordingFormat {
  return codec === 'wav'
    ? { kind: 'file', extension: 'wav' }
    : { kind: 'framed', codec, sampleRate, channels, frameSize };
}

/** The absolute stretches that the chunks contain. A lost frame or the border of two recordings does not divide one. */
function unbroken(chunks: readonly PlannedChunk[]): [from: number, to: number][] {
  const stretches: [number, number][] = [];
  for (const { startMs, durationMs } of chunks.flatMap(({ spans }) => spans)) {
    const last = stretches.at(-1);
    if (last && startMs - last[1] <= 100) last[1] = startMs + durationMs;
    else stretches.push([startMs, startMs + durationMs]);
  }
  return stretches;
}
