/** The part of `node:assert/strict` that tests inside a browser need. */

function assert(condition: unknown, message?: string): asserts condition {
  if (condition !== true && !condition) throw new Error(message ?? 'It is not so.');
}

/** A value as text, including maps, sets and bytes. The keys of objects are sorted. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Map) return { map: [...(inner as Map<unknown, unknown>)].sort() };
    if (inner instanceof Set) return { set: [...(inner as Set<unknown>)].sort() };
    if (inner instanceof Uint8Array) return { bytes: [...inner] };
    if (inner === undefined) return '(undefined)';
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export default Object.assign(assert, {
  ok: assert,
  equal: (actual: unknown, expected: unknown, message = '') => {
    assert(Object.is(actual, expected), `${message} ${textOf(actual)} is not ${textOf(expected)}`);
  },
  deepEqual: (actual: unknown, expected: unknown, message = '') => {
    assert(textOf(actual) === textOf(expected), `${message} ${textOf(actual)} is not ${textOf(expected)}`);
  },
});
