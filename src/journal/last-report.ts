// ledger.json: the last report of a process that its segments may never get, as their disk is full. In: a report's JSON, written
// over bytes that were there from the beginning, which takes no room (where the file system writes in place). Out: the fact.

import { constants } from 'node:fs';
import { join } from 'node:path';
import type { LedgerFact } from '../record/fact.ts';
import type { JournalFiles } from './files.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { readSmall } from './layout.ts';

const REPORT_FILE = 'ledger.json';
/** More than a report with every reason. A longer one is cut, and is none by its checksum. */
const REPORT_BYTES = 512;
const NEWLINE = 0x0a;

export function reserveReport(journalDir: string, files: JournalFiles): void {
  files.writeFileSync(join(journalDir, REPORT_FILE), ' '.repeat(REPORT_BYTES), { mode: 0o600 });
}

/** @throws where even that cannot be written */
export function writeReport(journalDir: string, json: string, files: JournalFiles): void {
  const fd = files.openSync(join(journalDir, REPORT_FILE), constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    files.writeSync(fd, encodeFrame(json, 0, 0).padEnd(REPORT_BYTES).slice(0, REPORT_BYTES), 0);
  } finally {
    files.closeSync(fd);
  }
}

export function readReport(journalDir: string): LedgerFact | undefined {
  const text = readSmall(join(journalDir, REPORT_FILE));
  const frame = text && decodeFrame(text.subarray(0, Math.max(0, text.indexOf(NEWLINE))));
  return frame && JSON.parse(frame.json);
}
