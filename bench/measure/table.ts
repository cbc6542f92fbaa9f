/** Lays rows out in columns: the first left-aligned, the others right-aligned. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  const [heading, ...body] = rows;
  if (heading === undefined) return '';
  return [line(heading), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

/** A ratio that was reached, beside its goal where it has one. */
export interface Goal {
  readonly label: string;
  readonly reached: number;
  readonly goal: number | undefined;
}

/** Shows goals as `label  reached  goal  met | missed`. */
export function goalTable(goals: readonly Goal[]): string {
  return table([
    ['ratio', 'reached', 'goal', ''],
    ...goals.map(({ label, reached, goal }) => [
      label,
      reached.toFixed(3),
      goal === undefined ? '' : `<= ${goal}`,
      goal === undefined ? '' : reached <= goal ? 'met' : 'missed',
    ]),
  ]);
}
