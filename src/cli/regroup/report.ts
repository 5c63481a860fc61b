// A plan of regrouping in words.

import type { IssueName } from '../../query/keyed-occurrences.ts';
import { type Block, type Report, tableBlock } from '../output/blocks.ts';
import { count, shortTime } from '../output/format.ts';
import type { Join, Part, Plan, PlannedKey } from './plan.ts';

export interface Regrouping {
  plan: Plan;
  names: ReadonlyMap<number, IssueName>;
  since: Date;
  /** There are more occurrences than were looked at. */
  cut: boolean;
  rules: number;
}

const MOST_ROWS = 50;

export function regroupReport({ plan, names, since, cut, rules }: Regrouping): Report {
  const { joins, parts, renamed } = plan;
  const name = (issue: number) => names.get(issue)?.friendly_id ?? String(issue);
  const counted = (items: { issue: number; count: number }[]) =>
    items.map((item) => `${name(item.issue)} (${count(item.count)})`).join(', ');
  const joinBlock: Block = tableBlock('Would join', joins.slice(0, MOST_ROWS), [
    { title: 'ISSUES', value: ({ issues }: Join) => counted(issues), min: 20 },
    { title: 'KEY', value: ({ key }: Join) => key.fingerprint.slice(0, 12) },
    { title: 'BECAUSE', value: ({ key }: Join) => reason(key), min: 20 },
  ]);
  const rows = parts.slice(0, MOST_ROWS).flatMap(({ issue, into }) => into.map((part, at) => ({ issue, at, ...part })));
  const partBlock: Block = tableBlock('Would part', rows, [
    { title: 'ISSUE', value: ({ issue, at }) => (at === 0 ? name(issue) : '') },
    { title: 'COUNT', value: (row) => count(row.count), align: 'right' },
    { title: 'KEY', value: ({ key }) => key.fingerprint.slice(0, 12) },
    { title: 'BECAUSE', value: ({ key }: Part['into'][number]) => reason(key), min: 20 },
  ]);
  return {
    title: 'Regroup, dry run',
    headline: '',
    blocks: [
      {
        kind: 'facts',
        facts: [
          [
            'looked at',
            `${count(plan.occurrences)} occurrences since ${shortTime(since)}${cut ? ' (the newest; there are more)' : ''}`,
          ],
          ['with', rules === 0 ? 'no rules' : `${rules} rule${rules > 1 ? 's' : ''}`],
          ['another key', `${count(plan.moved)} of them`],
          [
            'would join',
            `${issuesText(joins.reduce((sum, { issues }) => sum + issues.length, 0))} into ${joins.length}`,
          ],
          ['would part', issuesText(new Set(parts.map(({ issue }) => issue)).size)],
          ['new key only', renamed.length > 0 ? `${issuesText(renamed.length)}, otherwise as before` : null],
          [
            'unclear',
            plan.unknown > 0
              ? `${count(plan.unknown)} occurrences whose key cannot be computed again; taken to keep it`
              : null,
          ],
        ],
      },
      joinBlock,
      partBlock,
      { kind: 'list', items: ['Nothing was changed: rules of the configuration count for new events.'] },
    ],
  };
}

function reason({ because, type, template }: PlannedKey): string {
  return /^(Rule|The client)/.test(because) ? because.replace(/;.*/, '') : `${type ? `${type}: ` : ''}${template}`;
}

function issuesText(n: number): string {
  return `${count(n)} issue${n === 1 ? '' : 's'}`;
}
