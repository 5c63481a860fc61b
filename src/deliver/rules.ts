// The rules that delivery applies, as one argument: source maps and src/record in production, anything in tests.

import { amendFact } from '../record/apply-amendment.ts';
import type {
  AmendFact,
  CallFact,
  CountFact,
  HistogramFact,
  LedgerFact,
  LogFact,
  ResourceFact,
} from '../record/fact.ts';
import type { FingerprintRule } from '../record/fingerprint/index.ts';
import type {
  AbsorbedRow,
  AmendmentRow,
  ErrorCountRow,
  ErrorLogRow,
  HistogramRow,
  HttpCallRow,
  LedgerRow,
  PromotedColumns,
} from '../record/row.ts';
import { stackText } from '../record/stack-text.ts';
import { toErrorCountRow } from '../record/to-count-row.ts';
import {
  toAbsorbedRows,
  toAmendmentRows,
  toErrorLogRow,
  toHistogramRow,
  toHttpCallRow,
  toLedgerRow,
} from '../record/to-rows.ts';
import { createSourceMapper, type SourceMapper } from '../source-maps/source-mapper.ts';

/** Each throws on a malformed fact, which then becomes a dead letter. */
export interface RowRules {
  log(fact: LogFact, resource: ResourceFact): ErrorLogRow;
  count(fact: CountFact, resource: ResourceFact): ErrorCountRow;
  absorbed(fact: LogFact, resource: ResourceFact): AbsorbedRow[];
  amendments(fact: AmendFact): AmendmentRow[];
  histogram(fact: HistogramFact, resource: ResourceFact): HistogramRow;
  call(fact: CallFact, resource: ResourceFact): HttpCallRow;
  ledger(fact: LedgerFact, resource: ResourceFact): LedgerRow;
  amend(held: LogFact, amendment: AmendFact): LogFact;
}

/** `fingerprintRules`: the operator's, which win over the algorithm. */
export function recordRules(
  columns: PromotedColumns,
  fingerprintRules: readonly FingerprintRule[] = [],
  mapper: SourceMapper = createSourceMapper(),
): RowRules {
  const log = (given: LogFact, resource: ResourceFact): ErrorLogRow => {
    // Before the row is made, so that fingerprint, culprit and text are those of the original source.
    const { fact, context, unmapped } = mapper.map(given, resource);
    const row = toErrorLogRow(fact, resource, { columns, fingerprintRules });
    if (fact !== given) row.raw_stack_trace = stackText(given.error!);
    if (context !== undefined) row.source_context = context;
    if (unmapped !== undefined) row.unmapped_frames = unmapped;
    return row;
  };
  return {
    log,
    count: (fact, resource) => toErrorCountRow(fact, (one) => log(one, resource)),
    absorbed: toAbsorbedRows,
    amendments: toAmendmentRows,
    histogram: toHistogramRow,
    call: (fact, resource) => toHttpCallRow(fact, resource, { columns }),
    ledger: toLedgerRow,
    amend: amendFact,
  };
}
