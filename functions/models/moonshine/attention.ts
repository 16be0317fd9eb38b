/** What encoder and decoder of Moonshine share: sizes, rotary positions, self-attention's projections. */
import { MICROSOFT } from './graphBuilder.ts';
import type { GraphBuilder, QuantisedLinear } from './graphBuilder.ts';
import type { AttributeValue } from './onnx.ts';
import type { Weights } from './weights.ts';
import { joinColumns } from './weights.ts';

export interface Architecture {
  readonly layers: number;
  readonly heads: number;
  /** Floats of each head. */
  readonly headSize: number;
}

/** Positions that the graph knows: 98 s of audio, or as many tokens. */
const MAX_POSITIONS = 4096;

const NORM_EPSILON = { float: 1e-5 };

export function widthOf({ heads, headSize }: Architecture): number {
  return heads * headSize;
}

/**
 * A query's projection with the factor of attention scores in it. Attention itself has no factor then: with one, onnxruntime
 * multiplies a single query in a way that is several times slower.
 */
export function queryLayer(weights: Weights, path: string, { headSize }: Architecture): QuantisedLinear {
  const layer = weights.linear(path);
  return { ...layer, scales: layer.scales.map((scale) => scale / Math.sqrt(headSize)) };
}

/** Attributes of an attention whose queries are scaled. */
export function attentionOf({ heads }: Architecture): { readonly num_heads: number; readonly scale: AttributeValue } {
  return { num_heads: heads, scale: { float: 1 } };
}

export function layerNorm(graph: GraphBuilder, input: string, name: string, weights: Weights): string {
  const scale = weights.floats(name);
  return graph.op('LayerNormalization', [input, graph.floats(name, [scale.length], scale)], {
    axis: -1,
    epsilon: NORM_EPSILON,
  });
}

/** Adds `residual` to `input`; returns the sum, and the sum normalised. */
export function addAndNorm(
  graph: GraphBuilder,
  input: string,
  residual: string,
  name: string,
  weights: Weights,
): { sum: string; normalised: string } {
  const scale = weights.floats(name);
  const [normalised = '', , , sum = ''] = graph.node(
    'SkipLayerNormalization',
    [input, residual, graph.floats(name, [scale.length], scale)],
    4,
    { epsilon: NORM_EPSILON },
    MICROSOFT,
  );
  return { sum, normalised };
}

/** Rotates pairs of a projection by their position. */
export type Rotate = (projection: string) => string;

/** @param frequencies radians a position, one a pair of floats. @param positions int64: of the first position, or of each. */
export function rotaryEmbedding(
  graph: GraphBuilder,
  frequencies: Float32Array,
  positions: string,
  { heads }: Architecture,
): Rotate {
  const dims = [MAX_POSITIONS, frequencies.length];
  const table = (name: string, of: (angle: number) => number): string => {
    const values = Float32Array.from({ length: MAX_POSITIONS * frequencies.length }, (_, i) => {
      const position = Math.floor(i / frequencies.length);
      return of(position * (frequencies[i % frequencies.length] ?? 0));
    });
    return graph.floats(name, dims, values);
  };
  const cosines = table('rotary.cosines', Math.cos);
  const sines = table('rotary.sines', Math.sin);
  return (projection) =>
    graph.fused('RotaryEmbedding', [projection, positions, cosines, sines], {
      interleaved: 1,
      num_heads: heads,
      rotary_embedding_dim: 2 * frequencies.length,
    });
}

/** Queries, keys and values of self-attention, one multiplication; the first two are rotated. */
export function selfProjections(
  graph: GraphBuilder,
  name: string,
  input: string,
  path: string,
  weights: Weights,
  architecture: Architecture,
  rotate: Rotate,
): readonly [query: string, key: string, value: string] {
  const keyAndValue = ['k_proj', 'v_proj'].map((part) => weights.linear(`${path}/${part}`));
  const layers = [queryLayer(weights, `${path}/q_proj`, architecture), ...keyAndValue];
  const joined = graph.linear(name, input, joinColumns(layers));
  const [query = '', key = '', value = ''] = graph.split(joined, 3, widthOf(architecture));
  return [rotate(query), rotate(key), value];
}
