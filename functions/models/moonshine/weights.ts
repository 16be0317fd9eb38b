/** Finds the weights of Moonshine in the graphs that its makers publish. */
import type { QuantisedLinear } from './graphBuilder.ts';
import { floatsOf, signedBytesOf } from './onnx.ts';
import type { Graph, Node, Tensor } from './onnx.ts';

/** Weights of one published graph, by the names that its exporter gave them. */
export class Weights {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #nodes: ReadonlyMap<string, Node>;

  /** @param graph holds the constants. @param nodes uses them: those of `graph`, or of a branch of it. */
  constructor(graph: Graph, nodes: readonly Node[] = graph.node) {
    this.#tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
  }

  /** @throws Error if the graph has no such tensor: it is not the one that this code was written for. */
  tensor(name: string): Tensor {
    // The exporter marks with a suffix what the two branches of the decoder share.
    const found = this.#tensors.get(name) ?? this.#tensors.get(`${name}_merged_0`);
    if (found === undefined) throw new Error(`The published graph has no tensor ${name}.`);
    return found;
  }

  floats(name: string): Float32Array {
    return floatsOf(this.tensor(name));
  }

  node(name: string): Node {
    const found = this.#nodes.get(name);
    if (found === undefined) throw new Error(`The published graph has no node ${name}.`);
    return found;
  }

  /** Input number `index` of a node, which is a constant. */
  inputOf(node: string, index: number): Tensor {
    return this.tensor(this.node(node).input[index] ?? '');
  }

  /** The quantised layer at `path`, such as `/layers.0/mlp/fc1`. @param bias name of its tensor, if it has one. */
  linear(path: string, bias?: string): QuantisedLinear {
    const weights = this.inputOf(`${path}/MatMul_quant`, 1);
    const zeroPoints = signedBytesOf(this.inputOf(`${path}/MatMul_quant`, 3));
    const scales = floatsOf(this.inputOf(`${path}/MatMul_quant_scales_mul`, 1));
    const [rows = 0, columns = 0] = weights.dims;
    // One value may stand for all columns.
    const ofColumn = (values: ArrayLike<number>) => (_: unknown, i: number) => values[values.length === 1 ? 0 : i] ?? 0;
    return {
      rows,
      columns,
      weights: signedBytesOf(weights),
      scales: Float32Array.from({ length: columns }, ofColumn(scales)),
      zeroPoints: Int8Array.from({ length: columns }, ofColumn(zeroPoints)),
      ...(bias === undefined ? {} : { bias: this.floats(bias) }),
    };
  }
}

/** Layers that take the same input, side by side as one. */
export function joinColumns(layers: readonly QuantisedLinear[]): QuantisedLinear {
  const rows = layers[0]?.rows ?? 0;
  const columns = layers.reduce((sum, layer) => sum + layer.columns, 0);
  const joined = {
    rows,
    columns,
    weights: new Int8Array(rows * columns),
    scales: new Float32Array(columns),
    zeroPoints: new Int8Array(columns),
  };
  let at = 0;
  for (const layer of layers) {
    for (let row = 0; row < rows; row++) {
      joined.weights.set(layer.weights.subarray(row * layer.columns, (row + 1) * layer.columns), row * columns + at);
    }
    joined.scales.set(layer.scales, at);
    joined.zeroPoints.set(layer.zeroPoints, at);
    at += layer.columns;
  }
  return joined;
}
