// What a command found, for a person: in the terminal, or as Markdown (--md).

import { type Report, renderReport, tableBlock } from './blocks.ts';
import { renderMarkdown } from './markdown.ts';
import { type Column, renderTable } from './table.ts';
import { print, terminalOf } from './terminal.ts';

export function printReport(report: Report, md: boolean | undefined): void {
  print(md ? renderMarkdown(report) : renderReport(report, terminalOf()));
}

/** @param title of the Markdown; in a terminal the table stands alone */
export function printRows<Row>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  md?: boolean,
): void {
  if (md) print(renderMarkdown({ title, headline: '', blocks: [tableBlock(undefined, rows, columns)] }));
  else print(renderTable(rows, columns, terminalOf()));
}
