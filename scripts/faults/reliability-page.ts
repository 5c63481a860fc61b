// The table of docs/reliability.md that is made from a run. In: what the rows of this run came to. Out: their lines replaced,
// those of other rows as they were.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROWS } from '../../test/faults/index.ts';
import type { Outcome, Row } from '../../test/faults/support/row.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');
const BEGIN = '<!-- made by `npm run faults` -->';
const END = '<!-- end -->';
const HEAD = '| # | fault | promised | lost | twice | what else |\n| --- | --- | ---: | ---: | ---: | --- |';

export function writeFigures(outcomes: ReadonlyMap<Row, Outcome>): void {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(BEGIN) + BEGIN.length;
  const to = page.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error(`${PAGE} lacks the lines ${BEGIN} and ${END}`);
  const before = new Map(
    page
      .slice(from, to)
      .split('\n')
      .map((line) => [/^\| (\S+) \|/.exec(line)?.[1], line] as const),
  );
  const lines = ROWS.map((row) => {
    const outcome = outcomes.get(row);
    return outcome ? lineOf(row, outcome) : before.get(row.row);
  }).filter((line) => line !== undefined);
  writeFileSync(PAGE, `${page.slice(0, from)}\n\n${HEAD}\n${lines.join('\n')}\n\n${page.slice(to)}`);
}

function lineOf({ row, fault }: Row, { promised, lost, duplicates, figure }: Outcome): string {
  const count = new Intl.NumberFormat('en').format(promised);
  return `| ${row} | ${fault} | ${count} | ${lost} | ${duplicates} | ${figure} |`;
}
