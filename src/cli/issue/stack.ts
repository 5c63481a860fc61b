// The newest stack of an issue as blocks: source lines around the culprit, the stack, its chain in short, what was not
// mapped. Texts and frames in, blocks out.

import type { OccurrenceSource } from '../../query/occurrence-source.ts';
import type { LogEntry } from '../../query/recent-logs.ts';
import { readChain, walkChain } from '../../record/fingerprint/chain.ts';
import type { ErrorNode } from '../../record/fingerprint/types.ts';
import type { SourceContext } from '../../record/row.ts';
import { languageOf } from '../../record/stored-event.ts';
import type { Block } from '../output/blocks.ts';

const MOST_LINKS = 16;

export function stackBlocks(row: LogEntry, source: OccurrenceSource): Block[] {
  const { stack_trace } = row;
  if (stack_trace === null) return [];
  const chain = chainOf(row);
  const { source_context: context, unmapped_frames: unmapped } = source;
  return [
    { kind: 'text', title: 'Causes', text: chain.cause || chain.errors.length > 0 ? chainLines(chain).join('\n') : '' },
    { kind: 'text', title: 'Source', text: context ? sourceLines(context) : '' },
    { kind: 'text', title: source.raw_stack_trace ? 'Newest stack, mapped' : 'Newest stack', text: stack_trace },
    {
      kind: 'list',
      title: 'Not mapped',
      items: (unmapped ?? []).map(({ file, reason }) => `${file}: ${reason}`),
    },
  ];
}

/** Files of the service's own frames, top first: of the outermost error that has any. */
export function ownFiles(row: LogEntry): string[] {
  for (const { frames } of walkChain(chainOf(row))) {
    const files = frames.flatMap(({ kind, file }) => (kind === 'app' ? [file] : []));
    if (files.length > 0) return [...new Set(files)];
  }
  return [];
}

function chainOf(row: LogEntry): ErrorNode {
  const { error_type, error_message, stack_trace } = row;
  const input = { type: error_type ?? '', message: error_message ?? '', stack: stack_trace ?? '' };
  return readChain(input, languageOf(row));
}

/** Outermost first, one line an error. */
function chainLines(node: ErrorNode, lead = '', lines: string[] = []): string[] {
  if (lines.length >= MOST_LINKS) return lines;
  const code = node.code === undefined || node.type === node.code ? '' : ` [${node.code}]`;
  const message = node.message.split('\n')[0]!;
  lines.push(`${lead}${node.type || 'Error'}${code}${message === '' ? '' : `: ${message}`}`);
  if (node.cause) chainLines(node.cause, `${lead.replace(/\S.*/, '')}  caused by `, lines);
  for (const member of node.errors) chainLines(member, `${lead.replace(/\S.*/, '')}  one of `, lines);
  return lines;
}

/** As an editor shows it, the line at fault marked. */
function sourceLines({ file, line, column, function: name, first, lines }: SourceContext): string {
  const width = String(first + lines.length - 1).length;
  const shown = lines.map((text, at) => {
    const mark = first + at === line ? '>' : ' ';
    return `${mark} ${String(first + at).padStart(width)} | ${text}`.trimEnd();
  });
  const place = `${file}:${line}${column === undefined ? '' : `:${column}`}${name === undefined ? '' : ` in ${name}`}`;
  return [place, ...shown].join('\n');
}
