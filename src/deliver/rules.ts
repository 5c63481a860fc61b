// The pure rules that delivery applies, as one argument: src/record in production, anything in tests.

import { amendFact } from '../record/apply-amendment.ts';
import type { AmendFact, CallFact, HistogramFact, LedgerFact, LogFact, ResourceFact } from '../record/fact.ts';
import type { FingerprintRule } from '../record/fingerprint/index.ts';
import type {
  AmendmentRow,
  ErrorLogRow,
  HistogramRow,
  HttpCallRow,
  LedgerRow,
  PromotedColumns,
} from '../record/row.ts';
import { toAmendmentRows, toErrorLogRow, toHistogramRow, toHttpCallRow, toLedgerRow } from '../record/to-rows.ts';

/** Each throws on a malformed fact, which then becomes a dead letter. */
export interface RowRules {
  log(fact: LogFact, resource: ResourceFact): ErrorLogRow;
  amendments(fact: AmendFact): AmendmentRow[];
  histogram(fact: HistogramFact, resource: ResourceFact): HistogramRow;
  call(fact: CallFact, resource: ResourceFact): HttpCallRow;
  ledger(fact: LedgerFact, resource: ResourceFact): LedgerRow;
  amend(held: LogFact, amendment: AmendFact): LogFact;
}

/** `fingerprintRules`: the operator's, which win over the algorithm. */
export function recordRules(columns: PromotedColumns, fingerprintRules: readonly FingerprintRule[] = []): RowRules {
  return {
    log: (fact, resource) => toErrorLogRow(fact, resource, { columns, fingerprintRules }),
    amendments: toAmendmentRows,
    histogram: toHistogramRow,
    call: (fact, resource) => toHttpCallRow(fact, resource, { columns }),
    ledger: toLedgerRow,
    amend: amendFact,
  };
}
