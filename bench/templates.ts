// How well does messageTemplate tell message kinds apart? Grouping accuracy (GA: the share of lines whose group of equal
// templates is exactly a labelled group) and pairwise precision and recall over the LogHub-2k sets, one configuration for
// all. `node bench/templates.ts [--verbose] FOLDER`, where FOLDER holds `*_structured.csv` (any depth) or `*.csv`; the sets
// are not part of the project. Exits 1 below the bars (mean GA 0.80, mean precision 0.99).

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageTemplate } from '../src/fingerprint.ts';
import { table } from './statistics.ts';

interface Line {
  content: string;
  event: string;
}

export interface TemplateScore {
  ga: number;
  precision: number;
  recall: number;
}

/** Rows of a CSV file with quoted fields (RFC 4180); the first row names the columns. */
export function readLines(csv: string): Line[] {
  const rows: string[][] = [[]];
  let field = '';
  let quoted = false;
  for (let i = 0; i <= csv.length; i++) {
    const char = csv[i];
    if (quoted && char === '"' && csv[i + 1] === '"') field += csv[++i];
    else if (char === '"') quoted = !quoted;
    else if (char === undefined || (!quoted && (char === ',' || char === '\n'))) {
      rows.at(-1)!.push(field.replace(/\r$/, ''));
      field = '';
      if (char === '\n') rows.push([]);
    } else field += char;
  }
  const [head, ...body] = rows;
  const [content, event] = [head!.indexOf('Content'), head!.indexOf('EventId')];
  return body.filter((row) => row.length > 1).map((row) => ({ content: row[content]!, event: row[event]! }));
}

export function scoreTemplates(lines: readonly Line[], keys: readonly string[]): TemplateScore {
  const cells = new Map<string, Map<string, number>>();
  const events = new Map<string, number>();
  const groups = new Map<string, number>();
  lines.forEach(({ event }, i) => {
    const key = keys[i]!;
    const row = cells.get(key) ?? new Map<string, number>();
    cells.set(key, row.set(event, (row.get(event) ?? 0) + 1));
    events.set(event, (events.get(event) ?? 0) + 1);
    groups.set(key, (groups.get(key) ?? 0) + 1);
  });
  const pairs = (count: number) => (count * (count - 1)) / 2;
  const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + pairs(count), 0);
  let right = 0;
  let both = 0;
  for (const [key, row] of cells) {
    both += sum(row.values());
    const [[event, count]] = [...row] as [[string, number]];
    if (row.size === 1 && events.get(event) === count && groups.get(key) === count) right += count;
  }
  const [together, wanted] = [sum(groups.values()), sum(events.values())];
  return {
    ga: right / lines.length,
    precision: together === 0 ? 1 : both / together,
    recall: wanted === 0 ? 1 : both / wanted,
  };
}

/** The labelled groups that came out otherwise, largest first, with the templates they got. */
function report(lines: readonly Line[], keys: readonly string[]): void {
  const byEvent = new Map<string, Map<string, number>>();
  const eventsOf = new Map<string, Set<string>>();
  lines.forEach(({ event }, i) => {
    const row = byEvent.get(event) ?? new Map<string, number>();
    byEvent.set(event, row.set(keys[i]!, (row.get(keys[i]!) ?? 0) + 1));
    eventsOf.set(keys[i]!, (eventsOf.get(keys[i]!) ?? new Set()).add(event));
  });
  const size = (row: Map<string, number>) => [...row.values()].reduce((all, count) => all + count, 0);
  const wrong = [...byEvent].filter(([, row]) => row.size > 1 || eventsOf.get([...row.keys()][0]!)!.size > 1);
  for (const [event, row] of wrong.sort((a, b) => size(b[1]) - size(a[1])).slice(0, 12)) {
    console.log(`  ${event}: ${size(row)} lines, ${row.size} templates`);
    for (const [key, count] of [...row].sort((a, b) => b[1] - a[1]).slice(0, 4))
      console.log(`    ${count} × ${key.slice(0, 150)}${eventsOf.get(key)!.size > 1 ? '   MERGED' : ''}`);
  }
}

function main(): void {
  const folder = process.argv.slice(2).find((word) => !word.startsWith('--'));
  if (folder === undefined) {
    console.log(
      'Skipped: name a folder that holds the LogHub-2k sets (*_structured.csv): node bench/templates.ts FOLDER',
    );
    return;
  }
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'));
  const labelled = files.filter((name) => name.includes('_structured'));
  const scores = (labelled.length > 0 ? labelled : files).sort().map((name) => {
    const lines = readLines(readFileSync(join(folder, name), 'utf8'));
    const keys = lines.map(({ content }) => messageTemplate(content));
    if (process.argv.includes('--verbose')) {
      console.log(name);
      report(lines, keys);
    }
    return { name: basename(name).replace(/(?:_2k.*)?\.csv$/, ''), ...scoreTemplates(lines, keys) };
  });
  if (scores.length === 0) throw new Error(`No .csv file in ${folder}.`);
  const mean = (field: keyof TemplateScore) => scores.reduce((all, each) => all + each[field], 0) / scores.length;
  const [ga, precision, recall] = [mean('ga'), mean('precision'), mean('recall')];
  console.log(
    table(
      ['set', 'GA', 'precision', 'recall'],
      [...scores, { name: `mean of ${scores.length}`, ga, precision, recall }].map((each) => [
        each.name,
        each.ga.toFixed(3),
        each.precision.toFixed(3),
        each.recall.toFixed(3),
      ]),
    ),
  );
  if (ga < 0.8 || precision < 0.99) process.exitCode = 1;
}

if (import.meta.main ?? process.argv[1]?.endsWith('templates.ts')) main();
