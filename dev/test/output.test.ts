import assert from 'node:assert/strict';
import { OrderedOutput } from '../output.ts';

describe('Output of several programs', () => {
  it('comes in the order in which they began, the first of them as it is written', () => {
    let shown = '';
    const output = new OrderedOutput((text) => (shown += text));
    const [a, b, c] = [output.open(), output.open(), output.open()];
    b.write('b1 ');
    a.write('a1 ');
    assert.equal(shown, 'a1 ');
    b.end();
    c.write('c1 ');
    a.write('a2 ');
    assert.equal(shown, 'a1 a2 ');
    a.end();
    assert.equal(shown, 'a1 a2 b1 c1 ');
    c.write('c2');
    assert.equal(shown, 'a1 a2 b1 c1 c2');
    c.end();
    output.open().write(' d1');
    assert.equal(shown, 'a1 a2 b1 c1 c2 d1');
  });
});
