// Rows as a table: cells escaped, columns aligned, as wide as the terminal and no wider. Piped, nothing is cut.

import { escapeLine } from './escape.ts';
import type { Terminal } from './terminal.ts';
import { cutTo, displayWidth, padTo } from './width.ts';

export interface Column<Row> {
  title: string;
  value: (row: Row) => string | number | null | undefined;
  align?: 'left' | 'right';
  /** May be cut down to so many columns; absent: never cut, unless nothing else is left. */
  min?: number;
  /** Left out where the terminal is too narrow: the highest first. Others follow only where that is not enough. */
  drop?: number;
  style?: (row: Row) => Parameters<Terminal['style']>[0] | undefined;
}

const GAP = '  ';

export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], terminal: Terminal): string {
  const cells = new Map(
    columns.map((column) => [column, rows.map((row) => escapeLine(String(column.value(row) ?? '')))]),
  );
  // A column of nothing tells nothing.
  let shown = columns.filter((column) => rows.length === 0 || cells.get(column)!.some((cell) => cell !== ''));
  const natural = (column: Column<Row>) =>
    Math.max(displayWidth(column.title), ...cells.get(column)!.map((cell) => displayWidth(cell)));
  let widths = new Map(shown.map((column) => [column, natural(column)]));
  if (terminal.width !== undefined) {
    shown = leaveOut(dropColumns(shown, widths, terminal.width), widths, terminal.width);
    for (const least of [({ min }: Column<Row>) => min, floor, () => 1])
      widths = fit(shown, widths, least, terminal.width);
  }

  const last = shown.length - 1;
  const line = (text: (column: Column<Row>) => string, row?: Row) =>
    shown
      .map((column, at) => {
        const cut = cutTo(text(column), widths.get(column)!);
        const padded = at === last && column.align !== 'right' ? cut : padTo(cut, widths.get(column)!, column.align);
        const style = row === undefined ? 'dim' : column.style?.(row);
        return style === undefined ? padded : terminal.style(style, padded);
      })
      .join(GAP)
      .trimEnd();
  return [
    line((column) => column.title),
    ...rows.map((row, at) => line((column) => cells.get(column)![at]!, row)),
  ].join('\n');
}

function total<Row>(columns: readonly Column<Row>[], width: (column: Column<Row>) => number): number {
  return columns.reduce((sum, column) => sum + width(column), GAP.length * Math.max(0, columns.length - 1));
}

function dropColumns<Row>(columns: Column<Row>[], widths: Map<Column<Row>, number>, width: number): Column<Row>[] {
  const atLeast = (column: Column<Row>) => Math.min(column.min ?? Number.POSITIVE_INFINITY, widths.get(column)!);
  let shown = columns;
  const droppable = columns.filter(({ drop }) => drop !== undefined).sort((a, b) => b.drop! - a.drop!);
  for (const column of droppable) {
    if (total(shown, atLeast) <= width) break;
    shown = shown.filter((other) => other !== column);
  }
  return shown;
}

/** Where even that is too wide, what cannot be cut goes, then the rest; from the right, and never the first. */
function leaveOut<Row>(columns: Column<Row>[], widths: Map<Column<Row>, number>, width: number): Column<Row>[] {
  const atLeast = (column: Column<Row>) => Math.min(floor(column) ?? Number.POSITIVE_INFINITY, widths.get(column)!);
  let shown = columns;
  while (shown.length > 1 && total(shown, atLeast) > width) {
    const uncut = shown.findLast((column, at) => at > 0 && column.min === undefined);
    shown = shown.filter((column) => column !== (uncut ?? shown.at(-1)));
  }
  return shown;
}

/** Where `min` leaves no room; less tells nothing. */
function floor<Row>({ min }: Column<Row>): number | undefined {
  return min === undefined ? undefined : Math.min(min, 6);
}

/** Takes from the widest column that may be cut, until all fit or are as wide as they are at `least`. */
function fit<Row>(
  columns: Column<Row>[],
  widths: Map<Column<Row>, number>,
  least: (column: Column<Row>) => number | undefined,
  width: number,
): Map<Column<Row>, number> {
  const fitted = new Map(widths);
  for (let over = total(columns, (column) => fitted.get(column)!) - width; over > 0; over--) {
    const room = (column: Column<Row>) => fitted.get(column)! - (least(column) ?? fitted.get(column)!);
    const widest = columns.filter((column) => room(column) > 0).sort((a, b) => fitted.get(b)! - fitted.get(a)!)[0];
    if (widest === undefined) break;
    fitted.set(widest, fitted.get(widest)! - 1);
  }
  return fitted;
}
