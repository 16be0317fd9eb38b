/** Moonshine's encoder: audio to one vector for each 24 ms, and from those the keys and values that the decoder attends to. */
import { attentionOf, layerNorm, rotaryEmbedding, selfProjections } from './attention.ts';
import type { Architecture, Rotate } from './attention.ts';
import { GraphBuilder } from './graphBuilder.ts';
import type { QuantisedLinear } from './graphBuilder.ts';
import { DATA_TYPE, describe, signedBytesOf } from './onnx.ts';
import type { Graph } from './onnx.ts';
import type { Weights } from './weights.ts';
import { joinColumns } from './weights.ts';

/** Keys and values of one layer of the decoder's cross-attention, each [clips, heads, time, head size]. */
export interface CrossAttention {
  readonly key: string;
  readonly value: string;
}

/** What was heard in each clip of a batch, as the decoder attends to it. */
export interface Encoded {
  readonly cross: readonly CrossAttention[];
  /** int64 [clips]: of the time that the longest clip has, how much is this one's. */
  readonly frames: string;
}

/**
 * Clip by clip, each at its own length: in a batch, the longest would decide how all are normalised and quantised.
 * @param audio float32 [clips, samples at 16 kHz]. @param lengths int64 [clips]: how many of the samples are of the clip.
 * @param encoder its published graph. @param decoder the decoder's branch for the first token, which makes keys and values.
 */
export function addEncoder(
  graph: GraphBuilder,
  audio: string,
  lengths: string,
  encoder: Weights,
  decoder: Weights,
  architecture: Architecture,
): Encoded {
  graph.node('Identity', [framesOf(graph, lengths)], ['frames']);
  const frames = 'frames';
  const longest = graph.op('ReduceMax', [frames], { keepdims: 0 });
  const names = Array.from({ length: architecture.layers }, (_, layer) => ({
    key: `cross.${layer}.key`,
    value: `cross.${layer}.value`,
  }));
  const clips = graph.op('Squeeze', [graph.op('Shape', [lengths])]);
  const inner = new GraphBuilder('clip.', graph.constants);
  const body = clipBody(inner, { audio, lengths, longest }, encoder, decoder, architecture);
  graph.node(
    'Loop',
    [clips, ''],
    names.flatMap(({ key, value }) => [key, value]),
    { body: { graph: body } },
  );
  return { cross: names, frames };
}

/** The convolutions, kernel and stride: 24 ms a frame in all. */
const CONVOLUTIONS = [
  [127, 64],
  [7, 3],
  [3, 2],
] as const;

/** int64 [clips]: vectors that the encoder makes of so many samples. */
function framesOf(graph: GraphBuilder, lengths: string): string {
  return CONVOLUTIONS.reduce((length, [kernel, stride]) => {
    const steps = graph.op('Div', [graph.op('Sub', [length, graph.integer(kernel)]), graph.integer(stride)]);
    return graph.op('Add', [steps, graph.integer(1)]);
  }, lengths);
}

/** One clip: keys and values, filled up to the length of the longest. */
function clipBody(
  graph: GraphBuilder,
  { audio, lengths, longest }: Readonly<Record<'audio' | 'lengths' | 'longest', string>>,
  encoder: Weights,
  decoder: Weights,
  architecture: Architecture,
): Graph {
  const { layers, heads, headSize } = architecture;
  const at = (list: string) =>
    graph.op('Gather', [list, graph.op('Unsqueeze', ['number', graph.integers(0)])], { axis: 0 });
  const own = graph.op('Slice', [at(audio), graph.integers(0), at(lengths), graph.integers(1)]);
  const encoded = encode(graph, own, encoder, architecture);
  const cross = addCrossAttention(graph, encoded, decoder, architecture);
  const length = graph.op('Gather', [graph.op('Shape', [encoded]), graph.integer(1)]);
  const missing = graph.op('Unsqueeze', [graph.op('Sub', [longest, length]), graph.integers(0)]);
  const padding = graph.op('Concat', [graph.integers(0, 0, 0, 0), missing, graph.integers(0)], { axis: 0 });
  for (const [i, part] of cross.entries()) graph.node('Pad', [part, padding], [`filled.${i}`]);
  graph.node('Identity', ['condition'], ['goes_on']);
  const bool = (name: string) => describe({ name, dataType: DATA_TYPE.bool, shape: [] });
  return {
    name: 'clip',
    node: graph.nodes,
    initializer: [],
    input: [describe({ name: 'number', dataType: DATA_TYPE.int64, shape: [] }), bool('condition')],
    output: [
      bool('goes_on'),
      ...Array.from({ length: 2 * layers }, (_, i) =>
        describe({ name: `filled.${i}`, dataType: DATA_TYPE.float, shape: [heads, 'time', headSize] }),
      ),
    ],
  };
}

/** [1, time, width] of one clip, [1, samples]. */
function encode(graph: GraphBuilder, audio: string, encoder: Weights, architecture: Architecture): string {
  const frequencies = encoder.floats('/rotary_emb/Cast_1_output_0');
  const rotate = rotaryEmbedding(graph, frequencies, graph.integers(0), architecture);
  let stream = addConvolutions(graph, audio, encoder);
  for (let layer = 0; layer < architecture.layers; layer++) {
    stream = addLayer(graph, stream, layer, encoder, architecture, rotate);
  }
  return layerNorm(graph, stream, 'layer_norm.weight', encoder);
}

/** Three convolutions over time; returns [1, time, width]. */
function addConvolutions(graph: GraphBuilder, audio: string, weights: Weights): string {
  const [first] = CONVOLUTIONS;
  const samples = graph.op('Unsqueeze', [audio, graph.integers(1)]);
  const { values, dims } = kernelOf(weights, 'conv1');
  const attributes = { strides: [first[1]], kernel_shape: [first[0]] };
  const heard = graph.op('Conv', [samples, graph.floats('conv1.weight', dims, values)], attributes);
  const normalised = groupNorm(graph, graph.op('Tanh', [heard]), weights);
  const rows = graph.op('Transpose', [normalised], { perm: [0, 2, 1] });
  return addConvolution(
    graph,
    'conv3',
    addConvolution(graph, 'conv2', rows, weights, CONVOLUTIONS[1]),
    weights,
    CONVOLUTIONS[2],
  );
}

/** Weights of a convolution, [output channels, input channels, positions]. */
function kernelOf(weights: Weights, name: string): { values: Float32Array; dims: readonly number[] } {
  const { dims } = weights.tensor(`${name}.weight_quantized`);
  const quantised = signedBytesOf(weights.tensor(`${name}.weight_quantized`));
  const [scale = 0] = weights.floats(`${name}.weight_scale`);
  const [offset = 0] = weights.floats(`${name}.weight_zero_point`);
  return { values: Float32Array.from(quantised, (value) => Math.fround(value * scale) + offset), dims };
}

/**
 * A convolution as one multiplication in eight bits: each row is all that one output sees, divided by its largest value, so that each is
 * quantised on its own. (Quantised together, loud moments would leave quiet ones a few steps, and words are lost.)
 * @param rows [1, time, channels]
 */
function addConvolution(
  graph: GraphBuilder,
  name: string,
  rows: string,
  weights: Weights,
  [kernel, stride]: readonly [number, number],
): string {
  const length = graph.op('Gather', [graph.op('Shape', [rows]), graph.integer(1)]);
  const steps = graph.op('Div', [graph.op('Sub', [length, graph.integer(kernel)]), graph.integer(stride)]);
  const reach = graph.op('Unsqueeze', [graph.op('Mul', [steps, graph.integer(stride)]), graph.integers(0)]);
  const parts = Array.from({ length: kernel }, (_, i) =>
    graph.op('Slice', [
      rows,
      graph.integers(i),
      graph.op('Add', [reach, graph.integers(i + 1)]),
      graph.integers(1),
      graph.integers(stride),
    ]),
  );
  const seen = graph.op('Concat', parts, { axis: -1 });
  const peak = graph.op('Max', [
    graph.op('ReduceMax', [graph.op('Abs', [seen])], { axes: [-1], keepdims: 1 }),
    graph.floats('least', [], [1e-6]),
  ]);
  const product = graph.op('Mul', [
    graph.linear(name, graph.op('Div', [seen, peak]), quantiseColumns(kernelOf(weights, name))),
    peak,
  ]);
  const bias = weights.floats(`${name}.bias`);
  return graph.fused('Gelu', [graph.op('Add', [product, graph.floats(`${name}.bias`, [bias.length], bias)])]);
}

/** [outputs, inputs, positions] to [positions × inputs, outputs] in signed bytes, each output by its own scale. */
function quantiseColumns({ values, dims }: { values: Float32Array; dims: readonly number[] }): QuantisedLinear {
  const [columns = 0, inputs = 0, positions = 0] = dims;
  const rows = inputs * positions;
  const weights = new Int8Array(rows * columns);
  const scales = Float32Array.from({ length: columns }, (_, column) => {
    const own = values.subarray(column * rows, (column + 1) * rows);
    const scale = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    for (const [i, value] of own.entries()) {
      const row = (i % positions) * inputs + Math.floor(i / positions);
      weights[row * columns + column] = Math.round(value / scale);
    }
    return scale;
  });
  return { rows, columns, weights, scales, zeroPoints: new Int8Array(columns) };
}

/** Normalises all channels together over the whole clip. */
function groupNorm(graph: GraphBuilder, input: string, weights: Weights): string {
  const epsilon =
    weights.node('/groupnorm/InstanceNormalization').attribute.find(({ name }) => name === 'epsilon')?.f ?? 0;
  const unit = [graph.floats('groupnorm.one', [1], [1]), graph.floats('groupnorm.zero', [1], [0])];
  const flat = graph.reshape(input, 0, 1, -1);
  const normalised = graph.op('InstanceNormalization', [flat, ...unit], { epsilon: { float: epsilon } });
  const restored = graph.op('Reshape', [normalised, graph.op('Shape', [input])]);
  const ofChannels = (node: string): string => {
    const { name, dims } = weights.inputOf(node, 1);
    return graph.floats(node, dims, weights.floats(name));
  };
  return graph.op('Add', [graph.op('Mul', [restored, ofChannels('/groupnorm/Mul')]), ofChannels('/groupnorm/Add')]);
}

function addLayer(
  graph: GraphBuilder,
  input: string,
  layer: number,
  weights: Weights,
  architecture: Architecture,
  rotate: Rotate,
): string {
  const name = `encoder.${layer}`;
  const path = `/layers.${layer}`;
  const tensors = `layers.${layer}`;
  const normalised = layerNorm(graph, input, `${tensors}.input_layernorm.weight`, weights);
  const [query, key, value] = selfProjections(
    graph,
    `${name}.qkv`,
    normalised,
    `${path}/self_attn`,
    weights,
    architecture,
    rotate,
  );
  const attended = graph.fused('MultiHeadAttention', [query, key, value], attentionOf(architecture));
  const projected = graph.linear(`${name}.out`, attended, weights.linear(`${path}/self_attn/dense`));
  const sum = graph.op('Add', [input, projected]);
  // Apart: onnxruntime's fused addition and normalisation is slower over many rows.
  const normalisedSum = layerNorm(graph, sum, `${tensors}.post_attention_layernorm.weight`, weights);
  const wide = graph.linear(`${name}.fc1`, normalisedSum, weights.linear(`${path}/mlp/fc1`, `${tensors}.mlp.fc1.bias`));
  const narrow = weights.linear(`${path}/mlp/fc2`, `${tensors}.mlp.fc2.bias`);
  return graph.op('Add', [sum, graph.linear(`${name}.fc2`, graph.fused('Gelu', [wide]), narrow)]);
}

/** Keys and values of all layers in turn, each [heads, time, head size]: they are the same for every token. */
function addCrossAttention(
  graph: GraphBuilder,
  encoded: string,
  decoder: Weights,
  { layers, heads, headSize }: Architecture,
): readonly string[] {
  const projections = Array.from({ length: layers }, (_, layer) =>
    ['k_proj', 'v_proj'].map((part) => decoder.linear(`/model/decoder/layers.${layer}/encoder_attn/${part}`)),
  ).flat();
  const joined = graph.linear('cross', encoded, joinColumns(projections));
  return graph.split(joined, projections.length, heads * headSize).map((part) => {
    const divided = graph.reshape(part, -1, heads, headSize);
    return graph.op('Transpose', [divided], { perm: [1, 0, 2] });
  });
}
