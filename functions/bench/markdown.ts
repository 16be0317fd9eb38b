/** Tables and charts of the documents that the bench makes. */
export type Cell = string | number;

export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, i) => (row[i] ?? '').padEnd(width)).join(' | ')} |`;
  const [first = [], ...rest] = all;
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)].join('\n');
}

export function chart(title: string, points: readonly (readonly [label: string, value: number])[]): string {
  return [
    '```mermaid',
    'xychart-beta horizontal',
    `  title "${title}"`,
    `  x-axis [${points.map(([label]) => `"${label}"`).join(', ')}]`,
    `  bar [${points.map(([, value]) => value).join(', ')}]`,
    '```',
  ].join('\n');
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** A ratio with two decimals; counts stay whole. */
export function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
