/** The audio of sample recordings, indexed by content, with its words. */
import { framesOf, loadSamples, readRecording, type SampleRecording, type Sidecar } from '../samples/samples.ts';
import type { KnownSpeech } from './hearing.ts';
import { PacketIndex } from './packetIndex.ts';
import { PcmIndex } from './pcmIndex.ts';

/** Consecutive frames of one recording, without a lost one between them. */
interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
  readonly frames: Uint8Array[];
}

export class SampleLibrary {
  readonly packets = new PacketIndex();
  readonly pcm = new PcmIndex();

  /** @throws ZodError; Error if a recording differs from its sidecar. */
  addFolder(folder?: string): void {
    for (const sample of loadSamples(folder)) this.add(sample, (recording) => readRecording(sample, recording));
  }

  /** @throws Error if a recording differs from its sidecar. The library is then unchanged. */
  add(sidecar: Sidecar, read: (recording: SampleRecording) => Buffer): void {
    const recordings = sidecar.recordings.map((recording) => ({
      recording,
      stretches: stretchesOf(framesOf(read(recording), recording), recording),
    }));
    const speech = speechOf(
      sidecar,
      recordings.flatMap(({ stretches }) => stretches),
    );
    for (const { recording, stretches } of recordings) {
      for (const { startMs, frames } of stretches) this.#index(recording, speech, startMs, frames);
    }
  }

  #index(recording: SampleRecording, speech: KnownSpeech, startMs: number, frames: readonly Uint8Array[]): void {
    switch (recording.codec) {
      case 'opus':
      case 'opus_fs320':
        this.packets.add(speech, startMs, frameMs(recording), frames);
        return;
      case 'pcm8':
        // Unsigned bytes, widened to 16 bits.
        this.pcm.add(
          speech,
          startMs,
          Int16Array.from(Buffer.concat(frames), (byte) => (byte - 128) << 8),
        );
        return;
      case 'pcm16':
      case 'wav': {
        const bytes = Buffer.concat(frames);
        this.pcm.add(
          speech,
          startMs,
          Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i)),
        );
      }
    }
  }
}

function stretchesOf(frames: readonly (Uint8Array | null)[], recording: SampleRecording): Stretch[] {
  const stretches: { startMs: number; endMs: number; frames: Uint8Array[] }[] = [];
  let open: (typeof stretches)[number] | null = null;
  for (const [index, frame] of frames.entries()) {
    if (frame === null) {
      open = null;
      continue;
    }
    const startMs = recording.startedAtMs + index * frameMs(recording);
    if (open === null) stretches.push((open = { startMs, endMs: startMs, frames: [] }));
    open.frames.push(frame);
    open.endMs = startMs + frameMs(recording);
  }
  return stretches;
}

function speechOf({ words, language }: Sidecar, stretches: readonly Stretch[]): KnownSpeech {
  const known = words.map((word) => {
    const parts = stretches
      .map(({ startMs, endMs }) => ({ from: Math.max(startMs, word.startMs), to: Math.min(endMs, word.endMs) }))
      .filter(({ from, to }) => to > from);
    return {
      ...word,
      language,
      availableMs: parts.reduce((sum, { from, to }) => sum + to - from, 0),
      availableFromMs: Math.min(...parts.map(({ from }) => from)),
    };
  });
  return { words: known.sort((a, b) => a.startMs - b.startMs) };
}

function frameMs({ frameSize, sampleRate }: SampleRecording): number {
  return (frameSize * 1000) / sampleRate;
}
