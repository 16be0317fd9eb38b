/** Moonshine's decoder as a loop within the graph: it runs until the end token, and no tensor leaves the graph on the way. */
import {
  addAndNorm,
  attentionOf,
  layerNorm,
  queryLayer,
  rotaryEmbedding,
  selfProjections,
  widthOf,
} from './attention.ts';
import type { Architecture, Rotate } from './attention.ts';
import { addChoice, addEnd, firstRows } from './choice.ts';
import type { CrossAttention, Encoded } from './encoder.ts';
import { GraphBuilder, MICROSOFT } from './graphBuilder.ts';
import type { QuantisedLinear } from './graphBuilder.ts';
import { DATA_TYPE, describe, signedBytesOf } from './onnx.ts';
import type { Graph } from './onnx.ts';
import type { Weights } from './weights.ts';
import { addAttention, addQueries } from './wordAttention.ts';
import type { Head } from './wordAttention.ts';

export interface DecoderOptions {
  readonly architecture: Architecture;
  /** Heads whose attention is given out, averaged, for the times of words. */
  readonly alignmentHeads: readonly Head[];
  /** Ids that the decoder may write, a multiple of `SCORE_ROW` of them: its tokens are positions in this list. */
  readonly vocabulary: readonly number[];
  readonly startToken: number;
  readonly endToken: number;
}

const EMBEDDING = 'model.decoder.embed_tokens.weight_merged_0';

/**
 * Writes all clips side by side, so that the weights, which are more than a processor's cache holds, are read once for all of them.
 * The outputs have a row for each token of the clip that has most; what a row holds after its end token, or its limit, means nothing.
 * `tokens` int64 [tokens, clips, 1]; `log_probabilities` float32 [tokens, clips, 1]; `attention` float32 [clips, tokens, time].
 * @param maxTokens int64 [clips]
 * @param weights of the published decoder.
 */
export function addDecoder(
  graph: GraphBuilder,
  maxTokens: string,
  encoded: Encoded,
  weights: Weights,
  options: DecoderOptions,
): void {
  const { heads, headSize, layers } = options.architecture;
  const clips = graph.op('Shape', [maxTokens]);
  const constants = {
    limits: graph.op('Unsqueeze', [maxTokens, graph.integers(1)]),
    heard: graph.op('Cast', [encoded.frames], { to: DATA_TYPE.int32 }),
    rows: firstRows(graph, clips, options.vocabulary.length),
  };
  const inner = new GraphBuilder('token.', graph.constants);
  const body = loopBody(inner, encoded.cross, constants, weights, options);
  const column = graph.op('Concat', [clips, graph.integers(1)], { axis: 0 });
  const start = graph.op('Expand', [graph.integers(options.startToken), column]);
  const nobody = graph.op('Cast', [graph.op('Expand', [graph.integers(0), column])], { to: DATA_TYPE.bool });
  const size = graph.op('Concat', [clips, graph.integers(heads, 0, headSize)], { axis: 0 });
  const state = new Array<string>(2 * layers).fill(graph.op('ConstantOfShape', [size]));
  const carried = Array.from({ length: 2 + state.length }, (_, i) => `carried_${i}`);
  const most = graph.op('ReduceMax', [maxTokens], { keepdims: 0 });
  const outputs = ['tokens', 'log_probabilities', 'queries'];
  graph.node('Loop', [most, '', start, nobody, ...state], [...carried, ...outputs], { body: { graph: body } });
  addAttention(graph, encoded, options.alignmentHeads, options.architecture);
}

/** Names of what the loop takes from outside. */
interface Constants {
  /** int64 [clips, 1]: tokens at most. */
  readonly limits: string;
  /** int32 [clips]: frames of each clip. */
  readonly heard: string;
  /** As {@link firstRows} says. */
  readonly rows: string;
}

/** One token of each clip: from the token before it, [clips, 1], and the keys and values of all before. */
function loopBody(
  graph: GraphBuilder,
  cross: readonly CrossAttention[],
  { limits, heard, rows }: Constants,
  weights: Weights,
  { architecture, alignmentHeads, vocabulary, endToken }: DecoderOptions,
): Graph {
  const { layers, heads, headSize } = architecture;
  const position = graph.op('Unsqueeze', ['iteration', graph.integers(0)]);
  const frequencies = weights.floats('/model/decoder/rotary_emb/Cast_1_output_0');
  const rotate = rotaryEmbedding(graph, frequencies, position, architecture);
  const { table, head } = embeddingOf(weights, vocabulary);

  const row = graph.op('Gather', [
    graph.bytes('embedding', [vocabulary.length, widthOf(architecture)], table.values),
    'token',
  ]);
  let stream = graph.op('DequantizeLinear', [
    row,
    graph.floats('embedding.scale', [], [table.scale]),
    graph.bytes('embedding.zeroPoint', [], Int8Array.of(table.zeroPoint)),
  ]);
  let normalised = layerNorm(graph, stream, 'model.decoder.layers.0.input_layernorm.weight', weights);
  const queries: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const step = addLayer(graph, { stream, normalised }, layer, { cross, heard }, weights, architecture, rotate);
    ({ stream, normalised } = step);
    queries.push(step.query);
  }
  addChoice(graph, graph.linear('head', normalised, head), rows, vocabulary.length);
  addEnd(graph, limits, endToken);
  addQueries(graph, queries, alignmentHeads, architecture);

  const int64 = (name: string, shape: readonly (number | string)[]) =>
    describe({ name, dataType: DATA_TYPE.int64, shape });
  const float = (name: string, shape: readonly (number | string)[]) =>
    describe({ name, dataType: DATA_TYPE.float, shape });
  const bool = (name: string, shape: readonly (number | string)[] = []) =>
    describe({ name, dataType: DATA_TYPE.bool, shape });
  const cache = (when: string, length: string) =>
    Array.from({ length: layers }, (_, layer) =>
      ['key', 'value'].map((part) => float(`${when}.${layer}.${part}`, ['clips', heads, length, headSize])),
    ).flat();
  const clips = ['clips', 1] as const;
  return {
    name: 'token',
    node: graph.nodes,
    initializer: [],
    input: [
      int64('iteration', []),
      bool('condition'),
      int64('token', clips),
      bool('ended', clips),
      ...cache('past', 'before'),
    ],
    output: [
      bool('goes_on'),
      int64('token_out', clips),
      bool('ended_out', clips),
      ...cache('present', 'after'),
      int64('token_scanned', clips),
      float('log_probability', clips),
      float('queries_scanned', ['clips', alignmentHeads.length * headSize]),
    ],
  };
}

interface State {
  /** [clips, 1, width] */
  readonly stream: string;
  readonly normalised: string;
}

function addLayer(
  graph: GraphBuilder,
  { stream, normalised }: State,
  layer: number,
  { cross, heard: frames }: { readonly cross: readonly CrossAttention[]; readonly heard: string },
  weights: Weights,
  architecture: Architecture,
  rotate: Rotate,
): State & { readonly query: string } {
  const { layers } = architecture;
  const name = `decoder.${layer}`;
  const path = `/model/decoder/layers.${layer}`;
  const tensors = `model.decoder.layers.${layer}`;
  const self = selfProjections(graph, `${name}.qkv`, normalised, `${path}/self_attn`, weights, architecture, rotate);
  const [attended = ''] = graph.node(
    'MultiHeadAttention',
    [...self, '', '', '', `past.${layer}.key`, `past.${layer}.value`],
    [`self.${layer}`, `present.${layer}.key`, `present.${layer}.value`],
    { ...attentionOf(architecture), unidirectional: 1 },
    MICROSOFT,
  );
  const own = graph.linear(`${name}.out`, attended, weights.linear(`${path}/self_attn/dense`));
  const afterSelf = addAndNorm(graph, stream, own, `${tensors}.post_attention_layernorm.weight`, weights);

  const query = graph.linear(
    `${name}.query`,
    afterSelf.normalised,
    queryLayer(weights, `${path}/encoder_attn/q_proj`, architecture),
  );
  const { key = '', value = '' } = cross[layer] ?? {};
  const heard = graph.fused('MultiHeadAttention', [query, key, value, '', frames], attentionOf(architecture));
  const other = graph.linear(`${name}.heard`, heard, weights.linear(`${path}/encoder_attn/dense`));
  const afterCross = addAndNorm(graph, afterSelf.sum, other, `${tensors}.final_layernorm.weight`, weights);

  const up = weights.linear(`${path}/mlp/up_proj`, `${tensors}.mlp.up_proj.bias`);
  const [content = '', gate = ''] = graph.split(
    graph.linear(`${name}.fc1`, afterCross.normalised, up),
    2,
    up.columns / 2,
  );
  const gated = graph.op('Mul', [graph.fused('QuickGelu', [gate], { alpha: { float: 1 } }), content]);
  const down = graph.linear(
    `${name}.fc2`,
    gated,
    weights.linear(`${path}/mlp/down_proj`, `${tensors}.mlp.down_proj.bias`),
  );
  const isLast = layer === layers - 1;
  const norm = isLast ? 'model.decoder.norm.weight' : `model.decoder.layers.${layer + 1}.input_layernorm.weight`;
  const after = addAndNorm(graph, afterCross.sum, down, norm, weights);
  return { stream: after.sum, normalised: after.normalised, query };
}

/** The embedding's rows of the vocabulary, as a table for what was written and as the layer that scores what comes next. */
function embeddingOf(
  weights: Weights,
  vocabulary: readonly number[],
): { table: { values: Int8Array; scale: number; zeroPoint: number }; head: QuantisedLinear } {
  const whole = weights.tensor(`${EMBEDDING}_quantized`);
  const width = whole.dims[1] ?? 0;
  const all = signedBytesOf(whole);
  const [scale = 0] = weights.floats(`${EMBEDDING}_scale`);
  const [zeroPoint = 0] = signedBytesOf(weights.tensor(`${EMBEDDING}_zero_point`));
  const columns = vocabulary.length;
  const values = new Int8Array(columns * width);
  const transposed = new Int8Array(columns * width);
  for (const [token, id] of vocabulary.entries()) {
    const row = all.subarray(id * width, (id + 1) * width);
    values.set(row, token * width);
    for (const [i, value] of row.entries()) transposed[i * columns + token] = value;
  }
  const head = {
    rows: width,
    columns,
    weights: transposed,
    scales: new Float32Array(columns).fill(scale),
    zeroPoints: new Int8Array(columns).fill(zeroPoint),
  };
  return { table: { values, scale, zeroPoint }, head };
}
