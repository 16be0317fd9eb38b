import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  attribute,
  bytes,
  DATA_TYPE,
  describe as describeValue,
  floats,
  floatsOf,
  readModel,
  signedBytesOf,
  writeModel,
} from '../../../models/moonshine/onnx.ts';
import { joinColumns } from '../../../models/moonshine/weights.ts';

describe('an ONNX file', () => {
  it('is read as it was written', () => {
    const graph = {
      name: 'graph',
      node: [
        {
          opType: 'Loop',
          domain: '',
          name: 'loop',
          input: ['a', ''],
          output: ['b'],
          attribute: [attribute('axis', -1), attribute('perm', [0, 2, 1]), attribute('epsilon', { float: 0.5 })],
        },
      ],
      initializer: [floats('a', [2], [1.5, -2]), bytes('c', [3], Int8Array.of(-128, 0, 127))],
      input: [describeValue({ name: 'a', dataType: DATA_TYPE.float, shape: [1, 'time'] })],
      output: [],
    };
    const read = readModel(writeModel(graph, { '': 17 }));
    assert.deepEqual(read.node[0]!.input, ['a', '']);
    assert.deepEqual(read.node[0]!.attribute, graph.node[0]!.attribute);
    assert.deepEqual([...floatsOf(read.initializer[0]!)], [1.5, -2]);
    assert.deepEqual([...signedBytesOf(read.initializer[1]!)], [-128, 0, 127]);
  });

  it('is the same, byte for byte, however often it is written', () => {
    const graph = { name: 'g', node: [], initializer: [floats('a', [1], [1])], input: [], output: [] };
    assert.deepEqual(writeModel(graph, { '': 17 }), writeModel(graph, { '': 17 }));
  });

  it('is refused if it has no graph', () => {
    assert.throws(() => readModel(new Uint8Array(0)), /no ONNX graph/);
  });

  it('keeps the difference of unsigned weights and their zero point when both become signed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (weight, zeroPoint) => {
        const [signed = 0] = signedBytesOf(bytes('w', [1], Uint8Array.of(weight)));
        const [signedZero = 0] = signedBytesOf(bytes('z', [1], Uint8Array.of(zeroPoint)));
        assert.equal(signed - signedZero, weight - zeroPoint);
      }),
    );
  });
});

describe('linear layers that are joined', () => {
  it('have their columns side by side', () => {
    const layer = (columns: number, first: number) => ({
      rows: 2,
      columns,
      weights: Int8Array.from({ length: 2 * columns }, (_, i) => first + i),
      scales: new Float32Array(columns).fill(first),
      zeroPoints: new Int8Array(columns).fill(first),
    });
    const joined = joinColumns([layer(2, 0), layer(1, 10)]);
    assert.deepEqual([...joined.weights], [0, 1, 10, 2, 3, 11]);
    assert.deepEqual([...joined.scales], [0, 0, 10]);
    assert.deepEqual([...joined.zeroPoints], [0, 0, 10]);
  });
});
