/** Moonshine's encoder: audio to one vector for each 24 ms, and from those the keys and values that the decoder attends to. */
import { attentionScale, layerNorm, rotaryEmbedding, selfProjections } from './attention.ts';
import type { Architecture, Rotate } from './attention.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { signedBytesOf } from './onnx.ts';
import type { Weights } from './weights.ts';
import { joinColumns } from './weights.ts';

/** Keys and values of one layer of the decoder's cross-attention, each [1, heads, time, head size]. */
export interface CrossAttention {
  readonly key: string;
  readonly value: string;
}

/**
 * @param audio float32 [1, samples at 16 kHz].
 * @param encoder its published graph. @param decoder the decoder's branch for the first token, which makes keys and values.
 */
export function addEncoder(
  graph: GraphBuilder,
  audio: string,
  encoder: Weights,
  decoder: Weights,
  architecture: Architecture,
): readonly CrossAttention[] {
  const frequencies = encoder.floats('/rotary_emb/Cast_1_output_0');
  const rotate = rotaryEmbedding(graph, frequencies, graph.integers(0), architecture);
  let stream = addConvolutions(graph, audio, encoder);
  for (let layer = 0; layer < architecture.layers; layer++) {
    stream = addLayer(graph, stream, layer, encoder, architecture, rotate);
  }
  const encoded = layerNorm(graph, stream, 'layer_norm.weight', encoder);
  return addCrossAttention(graph, encoded, decoder, architecture);
}

/** Three convolutions over time; returns [1, time, width]. They stay in float: in eight bits they double the errors. */
function addConvolutions(graph: GraphBuilder, audio: string, weights: Weights): string {
  const kernel = (name: string) => {
    const { dims } = weights.tensor(`${name}.weight_quantized`);
    const quantised = signedBytesOf(weights.tensor(`${name}.weight_quantized`));
    const [scale = 0] = weights.floats(`${name}.weight_scale`);
    const [offset = 0] = weights.floats(`${name}.weight_zero_point`);
    const values = Float32Array.from(quantised, (value) => Math.fround(value * scale) + offset);
    return { weight: graph.floats(`${name}.weight`, dims, values), size: dims.at(-1) ?? 0 };
  };
  const convolve = (input: string, name: string, stride: number, bias?: string): string => {
    const { weight, size } = kernel(name);
    const attributes = { strides: [stride], kernel_shape: [size] };
    return graph.op('Conv', bias === undefined ? [input, weight] : [input, weight, bias], attributes);
  };
  const bias = (name: string): string => {
    const values = weights.floats(`${name}.bias`);
    return graph.floats(`${name}.bias`, [values.length], values);
  };

  const samples = graph.op('Unsqueeze', [audio, graph.integers(1)]);
  const first = groupNorm(graph, graph.op('Tanh', [convolve(samples, 'conv1', 64)]), weights);
  const second = graph.fused('Gelu', [convolve(first, 'conv2', 3, bias('conv2'))]);
  const third = graph.fused('Gelu', [convolve(second, 'conv3', 2, bias('conv3'))]);
  return graph.op('Transpose', [third], { perm: [0, 2, 1] });
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
  const attended = graph.fused('MultiHeadAttention', [query, key, value], {
    num_heads: architecture.heads,
    scale: { float: attentionScale(architecture) },
  });
  const projected = graph.linear(`${name}.out`, attended, weights.linear(`${path}/self_attn/dense`));
  const sum = graph.op('Add', [input, projected]);
  // Apart: onnxruntime's fused addition and normalisation is slower over many rows.
  const normalisedSum = layerNorm(graph, sum, `${tensors}.post_attention_layernorm.weight`, weights);
  const wide = graph.linear(`${name}.fc1`, normalisedSum, weights.linear(`${path}/mlp/fc1`, `${tensors}.mlp.fc1.bias`));
  const narrow = weights.linear(`${path}/mlp/fc2`, `${tensors}.mlp.fc2.bias`);
  return graph.op('Add', [sum, graph.linear(`${name}.fc2`, graph.fused('Gelu', [wide]), narrow)]);
}

/** Keys and values of all layers at once: they are the same for every token. */
function addCrossAttention(
  graph: GraphBuilder,
  encoded: string,
  decoder: Weights,
  { layers, heads, headSize }: Architecture,
): readonly CrossAttention[] {
  const projections = Array.from({ length: layers }, (_, layer) =>
    ['k_proj', 'v_proj'].map((part) => decoder.linear(`/model/decoder/layers.${layer}/encoder_attn/${part}`)),
  );
  const joined = graph.linear('cross', encoded, joinColumns(projections.flat()));
  const parts = graph.split(joined, 2 * layers, heads * headSize).map((part) => {
    const divided = graph.reshape(part, 0, 0, heads, headSize);
    return graph.op('Transpose', [divided], { perm: [0, 2, 1, 3] });
  });
  return projections.map((_, layer) => ({ key: parts[2 * layer] ?? '', value: parts[2 * layer + 1] ?? '' }));
}
