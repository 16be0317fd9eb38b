/** Which token comes next, how likely it is, and whether there is another. */
import type { GraphBuilder } from './graphBuilder.ts';
import { DATA_TYPE } from './onnx.ts';

/** The scores are searched in rows of this many: the best of each row, then within the best row. */
export const SCORE_ROW = 128;

/** int64 [clips]: where the scores of each clip begin, in rows. */
export function firstRows(graph: GraphBuilder, clips: string, scores: number): string {
  const count = graph.op('Squeeze', [clips]);
  const numbers = graph.op('Range', [graph.integer(0), count, graph.integer(1)]);
  return graph.op('Mul', [numbers, graph.integer(scores / SCORE_ROW)]);
}

/** The likeliest token of each clip, and how likely it is. @param logits [clips, 1, scores] */
export function addChoice(graph: GraphBuilder, logits: string, rows: string, scores: number): void {
  // onnxruntime's ArgMax and ReduceLogSumExp look at one value after the other; these look at many at a time.
  const best = graph.op('ReduceMax', [graph.op('Softmax', [logits], { axis: -1 })], { axes: [-1], keepdims: 0 });
  graph.node('Log', [best], ['log_probability']);
  const inRows = graph.reshape(logits, -1, scores / SCORE_ROW, SCORE_ROW);
  const bestOfRows = graph.op('ReduceMax', [inRows], { axes: [-1], keepdims: 0 });
  const row = graph.op('ArgMax', [bestOfRows], { axis: -1, keepdims: 0 });
  const allRows = graph.reshape(logits, -1, SCORE_ROW);
  const bestRow = graph.op('Gather', [allRows, graph.op('Add', [rows, row])], { axis: 0 });
  const place = graph.op('ArgMax', [bestRow], { axis: -1, keepdims: 0 });
  const token = graph.op('Add', [graph.op('Mul', [row, graph.integer(SCORE_ROW)]), place]);
  graph.node('Unsqueeze', [token, graph.integers(1)], ['token_out']);
  graph.node('Identity', ['token_out'], ['token_scanned']);
}

/** Which clips have been written to their end, and whether any has not. */
export function addEnd(graph: GraphBuilder, limits: string, endToken: number): void {
  const written = graph.op('Add', ['iteration', graph.integer(1)]);
  const atEnd = graph.op('Equal', ['token_out', graph.integer(endToken)]);
  const atLimit = graph.op('GreaterOrEqual', [written, limits]);
  graph.node('Or', ['ended', graph.op('Or', [atEnd, atLimit])], ['ended_out']);
  const least = graph.op('ReduceMin', [graph.op('Cast', ['ended_out'], { to: DATA_TYPE.int32 })], { keepdims: 0 });
  graph.node('Not', [graph.op('Cast', [least], { to: DATA_TYPE.bool })], ['goes_on']);
}
