/** Builds an ONNX graph node by node: each method adds to the graph and returns the names of what it computes. */
import { attribute, bytes, floats, integers } from './onnx.ts';
import type { AttributeValue, Node, Tensor } from './onnx.ts';

/** Operators of onnxruntime itself: https://github.com/microsoft/onnxruntime/blob/v1.30.0/docs/ContribOperators.md */
export const MICROSOFT = 'com.microsoft';

/** A linear layer whose weights are quantised column by column: value = (weight - zeroPoint) * scale. */
export interface QuantisedLinear {
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly weights: Int8Array;
  /** Of each column. */
  readonly scales: Float32Array;
  readonly zeroPoints: Int8Array;
  /** Of each column; absent where the layer has none. */
  readonly bias?: Float32Array;
}

export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly constants: Tensor[];
  readonly #known = new Set<string>();
  readonly #prefix: string;

  /**
   * @param prefix of all names: those of a graph and of one within it must differ.
   * @param constants list that this graph's are added to: for one within another, that of the outer graph, because onnxruntime frees
   * a constant there once it has packed it, and keeps both forms of one in an inner graph.
   */
  constructor(prefix = '', constants: Tensor[] = []) {
    this.#prefix = prefix;
    this.constants = constants;
  }

  /** A node of standard ONNX with one output. */
  op(opType: string, input: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const [output] = this.node(opType, input, 1, attributes);
    if (output === undefined) throw new Error(`${opType} has no output.`);
    return output;
  }

  /** A node of onnxruntime's own with one output. */
  fused(opType: string, input: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const [output] = this.node(opType, input, 1, attributes, MICROSOFT);
    if (output === undefined) throw new Error(`${opType} has no output.`);
    return output;
  }

  /** @param outputs names for them, or how many to name. */
  node(
    opType: string,
    input: readonly string[],
    outputs: number | readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = '',
  ): readonly string[] {
    const name = `${this.#prefix}${opType}_${this.nodes.length}`;
    const output = typeof outputs === 'number' ? Array.from({ length: outputs }, (_, i) => `${name}_${i}`) : outputs;
    const attributeList = Object.entries(attributes).map(([key, value]) => attribute(key, value));
    this.nodes.push({ opType, domain, name, input, output, attribute: attributeList });
    return output;
  }

  floats(name: string, dims: readonly number[], values: ArrayLike<number>): string {
    return this.#constant(name, (fullName) => floats(fullName, dims, values));
  }

  bytes(name: string, dims: readonly number[], values: Int8Array | Uint8Array): string {
    return this.#constant(name, (fullName) => bytes(fullName, dims, values));
  }

  /** A list of whole numbers. */
  integers(...values: number[]): string {
    const name = `integers_${values.join('_')}`;
    return this.#constant(name, (fullName) => integers(fullName, [values.length], values));
  }

  /** One whole number, without a dimension. */
  integer(value: number): string {
    const name = `integer_${value}`;
    return this.#constant(name, (fullName) => integers(fullName, [], [value]));
  }

  /**
   * Multiplies by quantised weights; the input is quantised as it comes, with one scale a call. Weights are signed bytes because
   * processors with VNNI multiply unsigned by signed, and onnxruntime is slower otherwise.
   */
  linear(name: string, input: string, { rows, columns, weights, scales, zeroPoints, bias }: QuantisedLinear): string {
    return this.fused('DynamicQuantizeMatMul', [
      input,
      this.bytes(`${name}.weights`, [rows, columns], weights),
      this.floats(`${name}.scales`, [columns], scales),
      this.bytes(`${name}.zeroPoints`, [columns], zeroPoints),
      ...(bias === undefined ? [] : [this.floats(`${name}.bias`, [columns], bias)]),
    ]);
  }

  /** Divides the last dimension into equal parts. */
  split(input: string, parts: number, size: number): readonly string[] {
    return this.node('Split', [input, this.integers(...new Array<number>(parts).fill(size))], parts, { axis: -1 });
  }

  reshape(input: string, ...shape: number[]): string {
    return this.op('Reshape', [input, this.integers(...shape)]);
  }

  /** Constants of one name are one constant. */
  #constant(name: string, make: (name: string) => Tensor): string {
    const fullName = this.#prefix + name;
    if (!this.#known.has(fullName)) {
      this.#known.add(fullName);
      this.constants.push(make(fullName));
    }
    return fullName;
  }
}
