// Who wrote a journal, and in which version. In: first lines of segments. Out: the resource of the facts behind them. All
// segments of a journal have one writer, so any first line speaks for all of them.

import { basename, join } from 'node:path';
import { FACT_VERSION, type ResourceFact } from '../record/fact.ts';
import { decodeFrame } from './frame.ts';
import { describeJournal, namesIn, readSmall, segmentName } from './layout.ts';
import { segmentsOf } from './shipped.ts';

/**
 * Whether a segment is of another version, by its first two lines. A first line whose checksum is right says so itself. Else
 * it may be damaged, or framed in a way of another version: then a second line that is a frame of ours speaks against it.
 */
export function isOfUnknownVersion(first: Buffer | undefined, second: Buffer | undefined): boolean {
  const frame = first && decodeFrame(first);
  const header = parse(frame?.json ?? first?.toString('utf8') ?? '');
  if (header?.k !== 'resource' || header.v === FACT_VERSION) return false;
  return frame !== undefined || (second !== undefined && decodeFrame(second) === undefined);
}

/** The first line that can be read of any segment. */
export function findResource(journalDir: string): ResourceFact | undefined {
  for (const segment of segmentsOf(namesIn(journalDir))) {
    const resource = readResource(join(journalDir, segmentName(segment)));
    if (resource) return resource;
  }
  return undefined;
}

/** What owner.json tells, where no segment does. */
export function unknownResource(journalDir: string): ResourceFact {
  const owner = describeJournal(journalDir, basename(journalDir))?.owner;
  return {
    k: 'resource',
    v: FACT_VERSION,
    process: owner?.process ?? basename(journalDir),
    service: owner?.service ?? 'unknown',
    environment: 'unknown',
    host: owner?.hostname ?? 'unknown',
    pid: owner?.pid ?? 0,
  };
}

/** Not with a LineReader: its buffer is in use while lines are being parsed. */
function readResource(path: string): ResourceFact | undefined {
  const head = readSmall(path);
  const end = head?.indexOf(0x0a) ?? -1;
  const frame = end > 0 ? decodeFrame(head!.subarray(0, end)) : undefined;
  const header = frame && parse(frame.json);
  return header?.k === 'resource' && header.v === FACT_VERSION ? (header as ResourceFact) : undefined;
}

function parse(json: string): Partial<ResourceFact> | undefined {
  try {
    return JSON.parse(json) ?? undefined;
  } catch {
    return undefined;
  }
}
