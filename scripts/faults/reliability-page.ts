// The table of docs/reliability.md that is made from a run. In: what the rows of this run came to. Out: their lines replaced,
// those of other rows as they were.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROWS } from '../../test/faults/index.ts';
import type { Outcome, Row } from '../../test/faults/support/row.ts';
import { withPart } from '../page-part.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');
const BEGIN = '<!-- made by `npm run faults` -->';
const HEAD = '| # | fault | promised | lost | twice | what else |\n| --- | --- | ---: | ---: | ---: | --- |';

export function writeFigures(outcomes: ReadonlyMap<Row, Outcome>): void {
  writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), outcomes));
}

export function withFigures(page: string, outcomes: ReadonlyMap<Row, Outcome>): string {
  return withPart(page, BEGIN, (part) => {
    const before = new Map(part.split('\n').map((line) => [/^\| (\S+) \|/.exec(line)?.[1], line] as const));
    const lines = ROWS.map((row) => {
      const outcome = outcomes.get(row);
      return outcome ? lineOf(row, outcome) : before.get(row.row);
    });
    return [HEAD, ...lines.filter((line) => line !== undefined)].join('\n');
  });
}

function lineOf({ row, fault }: Row, { promised, lost, duplicates, figure }: Outcome): string {
  const count = new Intl.NumberFormat('en').format(promised);
  return `| ${row} | ${fault} | ${count} | ${lost} | ${duplicates} | ${figure} |`;
}
