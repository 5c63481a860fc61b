// What was received of a trace lately, so that what comes in another request finds it: rows that wait for the outcome of
// their request, and outcomes whose rows are still to come. Bounded, in memory, by service and trace; a receiver that
// starts anew, or a trace spread over several receivers, loses the outcome on a row, never a row.

import type { RequestFacts, RowRef } from '../../record/fact.ts';
import { CLOCK_SLACK_MILLIS } from '../../record/occurrence.ts';
import { UndoLog } from './undo.ts';

const MAX_TRACES = 20_000;
const MAX_ROWS = 32;
const MAX_OUTCOMES = 8;

/** When something was, and on which span ('' where none is known). */
export interface Interval {
  span: string;
  from: number;
  to: number;
}

export interface RememberedRow extends Interval {
  row: RowRef;
  /** An exception, a failure of which no exception is known, or only a warning. */
  about: 'exception' | 'failure' | 'warning';
  /** It waits for the outcome of its request. */
  isOpen: boolean;
}

export interface Outcome extends Interval {
  facts: RequestFacts;
}

interface Trace {
  rows: RememberedRow[];
  outcomes: Outcome[];
}

export class TraceMemory {
  readonly undo = new UndoLog();
  readonly #traces = new Map<string, Trace>();
  readonly #maxTraces: number;

  constructor(maxTraces = MAX_TRACES) {
    this.#maxTraces = maxTraces;
  }

  remember(service: string, traceId: string, row: RememberedRow): void {
    const trace = this.#of(service, traceId);
    if (trace.rows.length >= MAX_ROWS) return;
    trace.rows.push(row);
    this.undo.add(() => {
      trace.rows = trace.rows.filter((one) => one !== row);
    });
  }

  /** A request ended. @returns rows made inside it that wait for its outcome */
  ended(service: string, traceId: string, outcome: Outcome, isKept: boolean): RowRef[] {
    const known = this.#traces.get(keyOf(service, traceId));
    if (known === undefined && !isKept) return [];
    const trace = known ?? this.#of(service, traceId);
    if (isKept && trace.outcomes.length < MAX_OUTCOMES) trace.outcomes.push(outcome);
    const waiting = trace.rows.filter((row) => row.isOpen && isWithin(row, outcome));
    for (const row of waiting) row.isOpen = false;
    this.undo.add(() => {
      trace.outcomes = trace.outcomes.filter((one) => one !== outcome);
      for (const row of waiting) row.isOpen = true;
    });
    return waiting.map(({ row }) => row);
  }

  outcomeOf(service: string, traceId: string, when: Interval): Outcome | undefined {
    return this.#traces.get(keyOf(service, traceId))?.outcomes.find((outcome) => isWithin(when, outcome));
  }

  /** An exception or a failure inside `span` has a row already. */
  hasFailureWithin(service: string, traceId: string, span: Interval): boolean {
    const rows = this.#traces.get(keyOf(service, traceId))?.rows ?? [];
    return rows.some((row) => row.about !== 'warning' && isWithin(row, span));
  }

  /** Rows that only said that something around `exception` failed: it tells why. They are forgotten here. */
  takeFailuresAround(service: string, traceId: string, exception: Interval): RowRef[] {
    const trace = this.#traces.get(keyOf(service, traceId));
    const taken = trace?.rows.filter((row) => row.about === 'failure' && isWithin(exception, row)) ?? [];
    if (taken.length > 0) {
      trace!.rows = trace!.rows.filter((row) => !taken.includes(row));
      this.undo.add(() => trace!.rows.push(...taken));
    }
    return taken.map(({ row }) => row);
  }

  #of(service: string, traceId: string): Trace {
    const key = keyOf(service, traceId);
    const known = this.#traces.get(key);
    if (known !== undefined) return known;
    if (this.#traces.size >= this.#maxTraces) this.#traces.delete(this.#traces.keys().next().value!);
    const trace: Trace = { rows: [], outcomes: [] };
    this.#traces.set(key, trace);
    return trace;
  }
}

function keyOf(service: string, traceId: string): string {
  return `${traceId} ${service}`;
}

/** On the same span, whatever its clocks say: a record and its span may be read from two. */
function isWithin(inner: Interval, outer: Interval): boolean {
  if (inner.span !== '' && inner.span === outer.span) return true;
  return inner.from + CLOCK_SLACK_MILLIS >= outer.from && inner.to - CLOCK_SLACK_MILLIS <= outer.to;
}
