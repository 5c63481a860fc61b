// What every file here returns: the text and the values of one statement.

export type { Statement } from '../../../src/store/db.ts';

/** Where a sink writes: names checked and quoted, and the promoted columns that the tables really have. */
export interface Target {
  /** Quoted schema name. */
  schema: string;
  promoted: { error_logs: PromotedTypes; http_calls: PromotedTypes };
}

type PromotedTypes = Readonly<Record<string, string>>;
