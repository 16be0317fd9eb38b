/** Opus packets of a recording whose name claims PCM, as the PCM that it claims. */
import { decodeOpus } from './opusDecoder.ts';
import { OPUS_CONVERGENCE_SAMPLES } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';
import { floatToS16le } from './s16.ts';

/** Decodes block by block; each decoder settles on the packets before its block. Frames that it refuses are lost. */
export async function* decodedOpus(
  blocks: AsyncIterable<readonly SourceFrame[]>,
): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  let before: readonly SourceFrame[] = [];
  for await (const block of blocks) {
    const { pcm, refused } = await decodeOpus([...before, ...block]);
    const lost = new Set(refused.map((index) => index - before.length));
    const bytes = floatToS16le(pcm.subarray(pcm.length - samplesOf(block)));
    let at = 0;
    yield block.map((frame, i): SourceFrame => {
      const payload = bytes.subarray(2 * at, 2 * (at += frame.samples));
      if (frame.payload === null) return frame;
      return { payload: lost.has(i) ? null : payload, samples: frame.samples };
    });
    before = endOf(block);
  }
}

/** The last frames of a block, as many as a decoder needs to settle. */
function endOf(block: readonly SourceFrame[]): readonly SourceFrame[] {
  let first = block.length;
  for (let samples = 0; first > 0 && samples < OPUS_CONVERGENCE_SAMPLES;) samples += block[--first]?.samples ?? 0;
  return block.slice(first);
}

function samplesOf(frames: readonly SourceFrame[]): number {
  return frames.reduce((sum, { samples }) => sum + samples, 0);
}
