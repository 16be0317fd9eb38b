/** Values that have broken parsers before, as arbitraries. */
import fc from 'fast-check';

const ODD_STRINGS = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '__x__',
  'a/b',
  'a\u0000b',
  '\ud800',
  '\u202e',
  'é'.repeat(200),
  'x'.repeat(5000),
  "'; DROP TABLE users; --",
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '1e999',
  '-0',
];
const ODD_NUMBERS = [-0, 1e308, -1e308, 2 ** 53, 2 ** 53 + 1, -1, 0.1, 1e-320, 253_402_300_800];

export const oddString = fc.oneof(fc.constantFrom(...ODD_STRINGS), fc.string({ unit: 'binary', maxLength: 60 }));
export const oddNumber = fc.oneof(fc.constantFrom(...ODD_NUMBERS), fc.double(), fc.maxSafeInteger());

/** Hostile JSON: with the keys of prototypes, lengths that are no numbers, and types of Protocol Buffers. */
export const oddJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    oddString,
    oddNumber,
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 8 }),
    fc
      .array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom('length', 'valueOf', 'toString', '__proto__', '@type', 'value', 'data', 'then', 'toJSON'),
            fc.string({ maxLength: 8 }),
          ),
          tie('value'),
        ),
        { maxLength: 6 },
      )
      .map((entries): unknown =>
        JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${asJson(value)}`).join()}}`),
      ),
  ),
})).value;

export function asJson(value: unknown): string {
  return (JSON.stringify(value) as string | undefined) ?? 'null';
}
