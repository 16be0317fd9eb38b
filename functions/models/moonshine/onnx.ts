/** Reads and writes ONNX files: the part of the format (onnx.proto, IR version 8) that the graphs here use. */
import protobuf from 'protobufjs';

/** https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto, without documentation strings, training and quantisation notes. */
const SCHEMA = `
  syntax = "proto2";
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorType { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  message TypeProto { optional TensorType tensor_type = 1; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TensorProto {
    repeated int64 dims = 1; optional int32 data_type = 2; repeated float float_data = 4 [packed = true];
    repeated int32 int32_data = 5 [packed = true]; optional string name = 8; optional bytes raw_data = 9;
  }
  message AttributeProto {
    optional string name = 1; optional float f = 2; optional int64 i = 3; optional GraphProto g = 6;
    repeated int64 ints = 8; optional int32 type = 20;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
    repeated AttributeProto attribute = 5; optional string domain = 7;
  }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message ModelProto { optional int64 ir_version = 1; optional GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8; }
`;

const ModelProto = protobuf.parse(SCHEMA).root.lookupType('ModelProto');

/** `TensorProto.DataType` */
export const DATA_TYPE = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;

/** `AttributeProto.AttributeType` */
const ATTRIBUTE_TYPE = { float: 1, int: 2, graph: 5, ints: 7 } as const;

export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  /** Little-endian, row-major. A file has them here or, mostly where there is only one value, in the list of its type. */
  readonly rawData?: Uint8Array;
  readonly floatData?: readonly number[];
  /** Holds bytes too. */
  readonly int32Data?: readonly number[];
}

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
  readonly g?: Graph;
}

export interface Node {
  readonly opType: string;
  readonly domain: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Attribute[];
}

/** A named input or output: a number is a fixed dimension, a string one that is known when the graph runs. */
export interface Value {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly node: readonly Node[];
  readonly initializer: readonly Tensor[];
  readonly input: readonly unknown[];
  readonly output: readonly unknown[];
}

/** The graph of an ONNX file; its inputs and outputs are left as they are in the file. @throws Error for bytes that are no such file. */
export function readModel(bytes: Uint8Array): Graph {
  const model = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
  const { graph } = model as { graph?: Graph };
  if (graph === undefined) throw new Error('The file holds no ONNX graph.');
  return graph;
}

/** @param domains of operators, with the version of each. */
export function writeModel(graph: Graph, domains: Readonly<Record<string, number>>): Uint8Array {
  const opsetImport = Object.entries(domains).map(([domain, version]) => ({ domain, version }));
  const model = { irVersion: 8, graph, opsetImport };
  const problem = ModelProto.verify(model);
  if (problem !== null) throw new Error(`The graph does not fit the ONNX schema: ${problem}`);
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** As a file has a graph's input or output. */
export function describe({ name, dataType, shape }: Value): unknown {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: dataType, shape: { dim } } } };
}

export type AttributeValue = { readonly float: number } | { readonly graph: Graph } | number | readonly number[];

/** Whole numbers are `int` and `ints`; what is a `float` says so, because JavaScript does not. */
export function attribute(name: string, value: AttributeValue): Attribute {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: value };
  if ('float' in value) return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  if ('graph' in value) return { name, type: ATTRIBUTE_TYPE.graph, g: value.graph };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
}

export function floats(name: string, dims: readonly number[], values: ArrayLike<number>): Tensor {
  return tensor(name, dims, DATA_TYPE.float, Float32Array.from(values));
}

export function integers(name: string, dims: readonly number[], values: readonly number[]): Tensor {
  return tensor(name, dims, DATA_TYPE.int64, BigInt64Array.from(values.map(BigInt)));
}

export function bytes(name: string, dims: readonly number[], values: Int8Array | Uint8Array): Tensor {
  return tensor(name, dims, values instanceof Int8Array ? DATA_TYPE.int8 : DATA_TYPE.uint8, values);
}

function tensor(name: string, dims: readonly number[], dataType: number, values: ArrayBufferView): Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bytesEach = dataType === DATA_TYPE.int64 ? 8 : dataType === DATA_TYPE.float ? 4 : 1;
  if (rawData.length !== size * bytesEach)
    throw new RangeError(`${name} has ${rawData.length} bytes, not ${size} values.`);
  return { name, dims, dataType, rawData };
}

/** @throws TypeError if the tensor is of another type. */
export function floatsOf({ name, dataType, rawData, floatData = [] }: Tensor): Float32Array {
  if (dataType !== DATA_TYPE.float) throw new TypeError(`${name} does not hold floats.`);
  if (rawData === undefined) return Float32Array.from(floatData);
  // A copy, because a float must begin at a multiple of four.
  return new Float32Array(new Uint8Array(rawData).buffer);
}

/**
 * Quantised values as signed bytes: unsigned ones, and their zero point with them, move down by 128, so the difference of the two,
 * which is all that counts, stays the same. @throws TypeError if the tensor holds no bytes.
 */
export function signedBytesOf({ name, dataType, rawData, int32Data = [] }: Tensor): Int8Array {
  const values = rawData ?? int32Data;
  if (dataType === DATA_TYPE.uint8) return Int8Array.from(values, (value) => value - 128);
  if (dataType !== DATA_TYPE.int8) throw new TypeError(`${name} does not hold bytes.`);
  return Int8Array.from(values);
}
