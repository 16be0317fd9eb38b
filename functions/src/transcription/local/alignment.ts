/** Finds when each token was said: the path through a recogniser's attention with the largest sum (dynamic time warping). */

/** The decoder's attention: one row for each token, one column for each frame of audio, row-major. */
export interface AttentionMatrix {
  readonly values: Float32Array;
  readonly tokens: number;
  readonly frames: number;
}

const BOTH = 0;
const NEXT_TOKEN = 1;
const NEXT_FRAME = 2;

/**
 * @returns the frame at which each token begins. Tokens are said in the order in which they are written, so the path never goes
 * back. Time and memory are proportional to tokens × frames
 */
export function alignTokens({ values, tokens, frames }: AttentionMatrix): Int32Array {
  const steps = bestSteps(values, tokens, frames);
  const starts = new Int32Array(tokens);
  let token = tokens - 1;
  let frame = frames - 1;
  while (token >= 0 && frame >= 0) {
    starts[token] = frame;
    const step = steps[token * frames + frame];
    if (step !== NEXT_FRAME) token--;
    if (step !== NEXT_TOKEN) frame--;
  }
  return starts;
}

/** For each cell, the last step of the best path to it. */
function bestSteps(values: Float32Array, tokens: number, frames: number): Uint8Array {
  const steps = new Uint8Array(tokens * frames);
  // The largest sum of attention on a path to each frame: for the row before, and for this one.
  let before = new Float64Array(frames).fill(-Infinity);
  let current = new Float64Array(frames);
  for (let token = 0; token < tokens; token++) {
    for (let frame = 0; frame < frames; frame++) {
      const diagonal = frame > 0 ? (before[frame - 1] ?? 0) : token === 0 ? 0 : -Infinity;
      const up = before[frame] ?? 0;
      const left = frame > 0 ? (current[frame - 1] ?? 0) : -Infinity;
      const best = Math.max(diagonal, up, left);
      steps[token * frames + frame] = best === diagonal ? BOTH : best === left ? NEXT_FRAME : NEXT_TOKEN;
      current[frame] = best + (values[token * frames + frame] ?? 0);
    }
    [before, current] = [current, before];
  }
  return steps;
}
