// `rowtrace explain <event-id>`: why did this occurrence get its key? Its fingerprint is computed again from its row.

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions } from '../../options/options.ts';
import { getOccurrence, type Occurrence } from '../../query/occurrence.ts';
import { selectFrames } from '../../record/fingerprint/select-frames.ts';
import type { Frame } from '../../record/fingerprint/types.ts';
import { examples, onReport, parseEventId, type ReportFlags } from '../arguments.ts';
import { type Why, whyGrouped } from '../issue/why.ts';
import { withDatabase } from '../open-database.ts';
import { type Report, tableBlock } from '../output/blocks.ts';
import { wording } from '../output/columns.ts';
import { safeJson } from '../output/escape.ts';
import { levelStyle } from '../output/format.ts';
import { printReport } from '../output/report.ts';
import type { Column } from '../output/table.ts';
import { print } from '../output/terminal.ts';

const MOST_FRAMES = 50;

export function register(program: Command): void {
  const command = program
    .command('explain')
    .description('say why an occurrence got its key: overrides, type, frames that count, masked message')
    .argument('<event-id>', 'id of the occurrence (column event_id)', parseEventId);
  examples(onReport(command), 'rowtrace explain 0190a1b2-c3d4-7000-8000-000000000001');
  command.action(run);
}

async function run(eventId: string, { dir, json, md }: ReportFlags): Promise<void> {
  const options = loadOptions({ dir });
  const row = await withDatabase(options, (db) => getOccurrence(db, options.schema, eventId));
  if (row === undefined) throw new RowtraceError('RT_NOT_FOUND', [`event ${eventId}`]);
  const why = whyGrouped(row, options.fingerprintRules);
  const frames = markFrames(why.key.frames);
  if (json) {
    const { fingerprint, version, template, culprit } = why.key;
    const stored = { fingerprint: row.fingerprint, version: row.fingerprint_version };
    const computed = { fingerprint, version, template, culprit, frames };
    return print(
      safeJson({ event_id: row.event_id, issue: row.issue, stored, computed, same: why.same, why: why.sentences }, 2),
    );
  }
  const report = explainReport(row, why, frames);
  printReport(report, md);
}

interface MarkedFrame extends Frame {
  /** It is in the key. */
  counts: boolean;
}

function markFrames(frames: readonly Frame[]): MarkedFrame[] {
  const { keys } = selectFrames(frames, false);
  return frames.map((frame) => ({ ...frame, counts: frame.key !== undefined && keys.includes(frame.key) }));
}

function explainReport(row: Occurrence, { key, same, sentences }: Why, frames: MarkedFrame[]): Report {
  return {
    title: `Event ${row.event_id}`,
    label: { text: row.level, style: levelStyle(row.level) },
    headline: `${row.error_type ? `${row.error_type}: ` : ''}${wording(row).split('\n')[0]}`,
    blocks: [
      {
        kind: 'facts',
        facts: [
          ['issue', row.issue?.friendly_id ?? 'none: rows below WARNING make no issues'],
          ['stored key', `${row.fingerprint} (v${row.fingerprint_version})`],
          ['computed', same ? 'the same' : `${key.fingerprint} (v${key.version})`],
          ['template', key.template],
          ['culprit', key.culprit],
        ],
      },
      { kind: 'list', title: 'Why', items: sentences },
      tableBlock('Frames', frames.slice(0, MOST_FRAMES), frameColumns()),
    ],
  };
}

function frameColumns(): Column<MarkedFrame>[] {
  return [
    { title: 'COUNTS', value: ({ counts }) => (counts ? 'yes' : '') },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'FUNCTION', value: (frame) => frame.function ?? '<anonymous>', min: 10 },
    { title: 'KEY', value: ({ key }) => key, min: 10, drop: 1 },
    { title: 'FILE', value: ({ file, line }) => (line === undefined ? file : `${file}:${line}`), min: 14 },
  ];
}
