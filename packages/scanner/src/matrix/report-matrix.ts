import { visibleText } from '../report/visible-text.js';
import { COLUMN_TITLES, type Matrix } from './matrix.js';

const MAX_NAME = 40;

/** The matrix as a table for a terminal: a line for each message, a column for each identity. */
export function matrixLines({ columns, rows }: Matrix): readonly string[] {
  const hasLock = rows.some(({ declared }) => declared !== undefined);
  const table = [
    ['event', ...columns.map((who) => COLUMN_TITLES[who]), ...(hasLock ? ['declared'] : [])],
    ...rows.map(({ event, message, declared, reactions }) => [
      short(event ?? message),
      ...columns.map((who) => reactions[who]?.kind ?? ''),
      ...(hasLock ? [short(declared ?? '')] : []),
    ]),
  ];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function short(text: string): string {
  const shown = visibleText(text);
  return shown.length > MAX_NAME ? `${shown.slice(0, MAX_NAME)}…` : shown;
}
