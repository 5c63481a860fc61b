// A report as blocks: written once, shown in a terminal or as Markdown. Texts may come from anywhere; whoever renders them
// makes them harmless.

import { escapeLine, escapeLines } from './escape.ts';
import { type Column, renderTable } from './table.ts';
import { PLAIN, type Style, type Terminal } from './terminal.ts';

export type Block = { title?: string } & (
  | { kind: 'facts'; facts: readonly Fact[] }
  /** Sentences, one a line. */
  | { kind: 'list'; items: readonly string[] }
  /** Stacks, source, JSON: line breaks stay. */
  | { kind: 'text'; text: string }
  | { kind: 'table'; render(terminal: Terminal): string }
);

/** The name is ours, the value may come from anywhere; without a value the fact is left out. */
export type Fact = readonly [name: string, value: string | null | undefined];

export interface Report {
  /** Short and ours: "Issue API-12". */
  title: string;
  /** Worst level, shown in its colour. */
  label?: { text: string; style: Style | undefined };
  /** May come from anywhere. */
  headline: string;
  blocks: readonly Block[];
}

export function tableBlock<Row>(
  title: string | undefined,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Block {
  const render = (terminal: Terminal) => (rows.length === 0 ? '' : renderTable(rows, columns, terminal));
  return { kind: 'table', ...(title === undefined ? {} : { title }), render };
}

export function renderReport({ title, label, headline, blocks }: Report, terminal: Terminal): string {
  const labelled = label === undefined ? [] : [label.style ? terminal.style(label.style, label.text) : label.text];
  const first = [terminal.style('bold', title), ...labelled, escapeLine(headline)].filter(Boolean).join('  ');
  return [first, ...blocks.filter(hasContent).map((block) => renderBlock(block, terminal))].join('\n\n');
}

export function hasContent(block: Block): boolean {
  if (block.kind === 'facts') return block.facts.some(([, value]) => value);
  if (block.kind === 'list') return block.items.length > 0;
  return block.kind === 'table' ? block.render(PLAIN) !== '' : block.text !== '';
}

function renderBlock(block: Block, terminal: Terminal): string {
  const body = bodyOf(block, terminal);
  return block.title === undefined ? body : `${terminal.style('bold', block.title)}\n${body}`;
}

function bodyOf(block: Block, terminal: Terminal): string {
  if (block.kind === 'table') return block.render(terminal);
  if (block.kind === 'text') return escapeLines(block.text.trimEnd()).replace(/^/gm, '  ');
  if (block.kind === 'list') return block.items.map((item) => `  ${escapeLine(item)}`).join('\n');
  const shown = block.facts.filter(([, value]) => value);
  const width = Math.max(11, ...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => `  ${terminal.style('dim', name.padEnd(width))}  ${escapeLine(value!)}`)
    .join('\n');
}
