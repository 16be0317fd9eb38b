/** Where some heads of the cross-attention look while a token is written: the times of words come from there. */
import type { Architecture } from './attention.ts';
import type { Encoded } from './encoder.ts';
import type { GraphBuilder } from './graphBuilder.ts';

/** A head of the cross-attention: while a token is written, it looks at the audio of it. */
export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** What the alignment heads look for: [clips, heads × head size]. */
export function addQueries(
  graph: GraphBuilder,
  queries: readonly string[],
  alignmentHeads: readonly Head[],
  { headSize }: Architecture,
): void {
  const parts = alignmentHeads.map(({ layer, head }) => {
    const bounds = [head * headSize, (head + 1) * headSize, 2].map((value) => graph.integers(value));
    return graph.op('Slice', [queries[layer] ?? '', ...bounds]);
  });
  graph.node('Squeeze', [graph.op('Concat', parts, { axis: 2 }), graph.integers(1)], ['queries_scanned']);
}

/** Where the alignment heads looked: the mean of the softmaxes of their queries with their keys, of all tokens in one multiplication. */
export function addAttention(
  graph: GraphBuilder,
  { cross, frames }: Encoded,
  alignmentHeads: readonly Head[],
  { headSize }: Architecture,
): void {
  const count = alignmentHeads.length;
  // [clips, heads, head size, time]
  const keys = alignmentHeads.map(({ layer, head }) =>
    graph.op('Gather', [cross[layer]?.key ?? '', graph.integers(head)], { axis: 1 }),
  );
  const turned = graph.op('Transpose', [graph.op('Concat', keys, { axis: 1 })], { perm: [0, 1, 3, 2] });
  // [clips, heads, tokens, head size]
  const divided = graph.reshape('queries', 0, 0, count, headSize);
  const queries = graph.op('Transpose', [divided], { perm: [1, 2, 0, 3] });
  const scores = graph.op('Where', [
    isHeard(graph, turned, frames),
    graph.op('MatMul', [queries, turned]),
    graph.floats('unheard', [], [-1e9]),
  ]);
  graph.node('ReduceMean', [graph.op('Softmax', [scores], { axis: -1 })], ['attention'], { axes: [1], keepdims: 0 });
}

/** bool [clips, 1, 1, time]: whether a frame is of the clip. @param keys [clips, heads, head size, time] */
function isHeard(graph: GraphBuilder, keys: string, frames: string): string {
  const time = graph.op('Gather', [graph.op('Shape', [keys]), graph.integer(3)]);
  const numbers = graph.op('Range', [graph.integer(0), time, graph.integer(1)]);
  return graph.op('Less', [numbers, graph.reshape(frames, -1, 1, 1, 1)]);
}
