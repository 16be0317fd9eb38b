/** Moonshine's decoder as a loop within the graph: it runs until the end token, and no tensor leaves the graph on the way. */
import { addAndNorm, attentionScale, layerNorm, rotaryEmbedding, selfProjections, widthOf } from './attention.ts';
import type { Architecture, Rotate } from './attention.ts';
import type { CrossAttention } from './encoder.ts';
import { GraphBuilder, MICROSOFT } from './graphBuilder.ts';
import type { QuantisedLinear } from './graphBuilder.ts';
import { DATA_TYPE, describe, signedBytesOf } from './onnx.ts';
import type { Graph } from './onnx.ts';
import type { Weights } from './weights.ts';

/** A head of the cross-attention: while a token is written, it looks at the audio of it. */
export interface Head {
  readonly layer: number;
  readonly head: number;
}

export interface DecoderOptions {
  readonly architecture: Architecture;
  /** Heads whose attention is given out, averaged, for the times of words. */
  readonly alignmentHeads: readonly Head[];
  /** Ids that the decoder may write, in order: its tokens are positions in this list. */
  readonly vocabulary: readonly number[];
  readonly startToken: number;
  readonly endToken: number;
}

/** The output of the loop, one row a token, the end token included. */
export interface Decoded {
  /** int64 [tokens] */
  readonly tokens: string;
  /** float32 [tokens]: natural logarithm of each one's probability. */
  readonly logProbabilities: string;
  /** float32 [tokens, time]: where in the audio the alignment heads look while the token is written. */
  readonly attention: string;
}

const EMBEDDING = 'model.decoder.embed_tokens.weight_merged_0';

/**
 * @param maxTokens int64 scalar.
 * @param weights of the published decoder.
 */
export function addDecoder(
  graph: GraphBuilder,
  maxTokens: string,
  cross: readonly CrossAttention[],
  weights: Weights,
  options: DecoderOptions,
): Decoded {
  const { heads, headSize, layers } = options.architecture;
  const keys = alignmentKeys(graph, cross, options.alignmentHeads);
  const body = loopBody(cross, keys, weights, options);
  const nothing = graph.floats('nothing', [1, heads, 0, headSize], []);
  const start = graph.reshape(graph.integers(options.startToken), 1, 1);
  const state = new Array<string>(2 * layers).fill(nothing);
  const carried = Array.from({ length: 1 + state.length }, (_, i) => `carried_${i}`);
  const outputs = ['tokens', 'log_probabilities', 'attention'];
  graph.node('Loop', [maxTokens, '', start, ...state], [...carried, ...outputs], { body: { graph: body } });
  return { tokens: 'tokens', logProbabilities: 'log_probabilities', attention: 'attention' };
}

/** Of the alignment heads alone, taken once: [heads, time, head size]. */
function alignmentKeys(graph: GraphBuilder, cross: readonly CrossAttention[], heads: readonly Head[]): string {
  const keys = heads.map(({ layer, head }) =>
    graph.op('Gather', [cross[layer]?.key ?? '', graph.integer(head)], { axis: 1 }),
  );
  return graph.op('Concat', keys, { axis: 0 });
}

/** One token: from the token before it, [1, 1], and the keys and values of all before. */
function loopBody(
  cross: readonly CrossAttention[],
  alignmentKeysName: string,
  weights: Weights,
  { architecture, alignmentHeads, vocabulary, endToken }: DecoderOptions,
): Graph {
  const graph = new GraphBuilder('token.');
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
    const step = addLayer(graph, { stream, normalised }, layer, cross, weights, architecture, rotate);
    ({ stream, normalised } = step);
    queries.push(step.query);
  }
  const logits = graph.linear('head', normalised, head);
  const token = graph.node('ArgMax', [logits], ['token_out'], { axis: -1, keepdims: 0 })[0] ?? '';
  addScores(graph, logits, token, endToken);
  addAttention(graph, queries, alignmentKeysName, alignmentHeads, architecture);

  const int64 = (name: string, shape: readonly (number | string)[]) =>
    describe({ name, dataType: DATA_TYPE.int64, shape });
  const float = (name: string, shape: readonly (number | string)[]) =>
    describe({ name, dataType: DATA_TYPE.float, shape });
  const bool = (name: string) => describe({ name, dataType: DATA_TYPE.bool, shape: [] });
  const cache = (when: string, length: string) =>
    Array.from({ length: layers }, (_, layer) =>
      ['key', 'value'].map((part) => float(`${when}.${layer}.${part}`, [1, heads, length, headSize])),
    ).flat();
  return {
    name: 'token',
    node: graph.nodes,
    initializer: graph.constants,
    input: [int64('iteration', []), bool('condition'), int64('token', [1, 1]), ...cache('past', 'before')],
    output: [
      bool('goes_on'),
      int64('token_out', [1, 1]),
      ...cache('present', 'after'),
      int64('token_scanned', []),
      float('log_probability', []),
      float('attention_scanned', ['time']),
    ],
  };
}

interface State {
  /** [1, 1, width] */
  readonly stream: string;
  readonly normalised: string;
}

function addLayer(
  graph: GraphBuilder,
  { stream, normalised }: State,
  layer: number,
  cross: readonly CrossAttention[],
  weights: Weights,
  architecture: Architecture,
  rotate: Rotate,
): State & { readonly query: string } {
  const { heads, layers } = architecture;
  const name = `decoder.${layer}`;
  const path = `/model/decoder/layers.${layer}`;
  const tensors = `model.decoder.layers.${layer}`;
  const scale = { float: attentionScale(architecture) };
  const self = selfProjections(graph, `${name}.qkv`, normalised, `${path}/self_attn`, weights, architecture, rotate);
  const [attended = ''] = graph.node(
    'MultiHeadAttention',
    [...self, '', '', '', `past.${layer}.key`, `past.${layer}.value`],
    [`self.${layer}`, `present.${layer}.key`, `present.${layer}.value`],
    { num_heads: heads, scale, unidirectional: 1 },
    MICROSOFT,
  );
  const own = graph.linear(`${name}.out`, attended, weights.linear(`${path}/self_attn/dense`));
  const afterSelf = addAndNorm(graph, stream, own, `${tensors}.post_attention_layernorm.weight`, weights);

  const query = graph.linear(`${name}.query`, afterSelf.normalised, weights.linear(`${path}/encoder_attn/q_proj`));
  const { key = '', value = '' } = cross[layer] ?? {};
  const heard = graph.fused('MultiHeadAttention', [query, key, value], { num_heads: heads, scale });
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

/** Whether to go on, and how sure the token is. */
function addScores(graph: GraphBuilder, logits: string, token: string, endToken: number): void {
  graph.node('Squeeze', [token], ['token_scanned']);
  graph.node('Not', [graph.op('Equal', ['token_scanned', graph.integer(endToken)])], ['goes_on']);
  const best = graph.op('ReduceMax', [logits], { keepdims: 0 });
  graph.node('Sub', [best, graph.op('ReduceLogSumExp', [logits], { keepdims: 0 })], ['log_probability']);
}

/** The mean of the alignment heads: softmax of their queries with their keys. */
function addAttention(
  graph: GraphBuilder,
  queries: readonly string[],
  keys: string,
  alignmentHeads: readonly Head[],
  architecture: Architecture,
): void {
  const { headSize } = architecture;
  const parts = alignmentHeads.map(({ layer, head }) => {
    const bounds = [head * headSize, (head + 1) * headSize, 2].map((value) => graph.integers(value));
    return graph.op('Slice', [queries[layer] ?? '', ...bounds]);
  });
  const stacked = graph.reshape(graph.op('Concat', parts, { axis: 0 }), alignmentHeads.length, headSize, 1);
  const scaled = graph.op('Mul', [stacked, graph.floats('attention.scale', [], [attentionScale(architecture)])]);
  const scores = graph.op('Softmax', [graph.op('MatMul', [keys, scaled])], { axis: 1 });
  graph.node('ReduceMean', [scores], ['attention_scanned'], { axes: [0, 2], keepdims: 0 });
}
