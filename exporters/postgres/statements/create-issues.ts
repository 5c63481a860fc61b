// Issues for fingerprints that have none; how races are decided is told in the function, migration 0014.

import { type Columns, encodeRow, toJson } from '../encode.ts';
import type { IssueGroup } from '../issue-groups.ts';
import type { Statement, Target } from './statement.ts';

export const KEY_COLUMNS: Columns = { service: 'key', fingerprint: 'key', version: 'int' };

const COLUMNS: Columns = { ...KEY_COLUMNS, type: 'text', title: 'text', culprit: 'text' };
const PREVIOUS: Columns = { fingerprint: 'key', version: 'int' };

export function createIssues(target: Target, keys: readonly IssueGroup[]): Statement {
  const rows = keys.map((key) => ({
    ...encodeRow(key, COLUMNS),
    previous: key.previous?.map((previous) => encodeRow(previous, PREVIOUS)),
  }));
  return { text: `select ${target.schema}.create_issues($1::json)`, values: [toJson(rows)] };
}
