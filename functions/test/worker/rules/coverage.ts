/** Which parts of the Firestore rules the tests have evaluated, by the counts of the emulator. */
import * as z from 'zod';

interface Expression {
  readonly sourcePosition: { readonly line: number; readonly currentOffset: number; readonly endOffset: number };
  /** Its values; absent if it was never evaluated. */
  readonly values?: readonly { readonly value: Readonly<Record<string, unknown>> }[] | undefined;
  readonly children?: readonly Expression[] | undefined;
}

const expression: z.ZodType<Expression> = z.object({
  sourcePosition: z.object({ line: z.number(), currentOffset: z.number(), endOffset: z.number() }),
  values: z.array(z.object({ value: z.record(z.string(), z.unknown()) })).optional(),
  get children() {
    return z.array(expression).optional();
  },
});
const coverage = z.object({
  rules: z.object({ files: z.tuple([z.object({ content: z.string() })]) }),
  report: z.array(expression).min(1),
});

/**
 * What no test has evaluated since the rules of this project were loaded: `line: expression, what is missing`. Every expression must
 * have been evaluated, and each condition must have been both true and false.
 */
export async function untested(projectId: string): Promise<string[]> {
  const host = process.env['FIRESTORE_EMULATOR_HOST'] ?? '';
  const response = await fetch(`http://${host}/emulator/v1/projects/${projectId}:ruleCoverage`);
  if (!response.ok) throw new Error(`The emulator gave no coverage: ${String(response.status)}.`);
  const { rules, report } = coverage.parse(await response.json());
  const [{ content }] = rules.files;
  return allOf(report).flatMap(({ sourcePosition: { line, currentOffset, endOffset }, values = [] }) => {
    const outcomes = values.flatMap(({ value }) => ('undefined' in value ? [] : [value]));
    const missing = gaps(outcomes, values.length);
    return missing.map(
      (gap) => `${String(line)}: ${oneLine(content.slice(currentOffset, endOffset + 1))}, never ${gap}`,
    );
  });
}

function gaps(outcomes: readonly Readonly<Record<string, unknown>>[], evaluations: number): string[] {
  if (evaluations === 0) return ['evaluated'];
  if (!outcomes.every((value) => 'boolValue' in value)) return [];
  return [true, false].filter((each) => !outcomes.some(({ boolValue }) => boolValue === each)).map(String);
}

/** Each expression once, with its parts. A condition in a function is counted over all its calls. */
function allOf(expressions: readonly Expression[]): Expression[] {
  return expressions.flatMap((each) => [each, ...allOf(each.children ?? [])]);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
