// Values of promoted columns: those that the table has go to their columns, all others to tags, so that a row never
// fails for a column that is not there (yet).

import type { PromotedValue } from '../../../src/record/row.ts';
import { isIndexable } from '../encode.ts';

interface RowWithPromoted {
  tags: Record<string, unknown>;
  promoted: Record<string, PromotedValue>;
}

export function placePromoted(row: RowWithPromoted, columns: Readonly<Record<string, string>>): object {
  const entries = Object.entries(row.promoted);
  if (entries.length === 0) return row;
  const placed: Record<string, PromotedValue> = {};
  let tags = row.tags;
  for (const [name, value] of entries) {
    if (Object.hasOwn(columns, name) && isIndexable(value)) placed[name] = value;
    else tags = { ...tags, [name]: value };
  }
  return { ...row, ...placed, tags };
}
