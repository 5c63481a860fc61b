// What was received of a trace lately, so that what comes in another request finds it: rows that wait for the outcome of
// their request, outcomes whose rows are still to come, and how its spans hang together. What belongs together is decided
// by ancestors; by time only which request a row is of, where its ancestors did not come and no other request fits.
// Bounded, in memory, by service and trace; a receiver that starts anew, or a trace spread over several receivers, loses
// the outcome on a row, or makes a row of a failure beside that of its exception; never a row less.

import type { PartRef, RequestFacts, RowRef } from '../../record/fact.ts';
import { CLOCK_SLACK_MILLIS } from '../../record/occurrence.ts';
import type { SpanSignal } from '../signals.ts';
import { joinWhole, type Places, partsOf, type Teller, type Telling } from './retellings.ts';
import { type Climb, type Interval, keyOf, SpanLinks } from './span-links.ts';
import { UndoLog } from './undo.ts';

const MAX_TRACES = 20_000;
const MAX_ROWS = 32;
const MAX_OUTCOMES = 8;

export interface RememberedRow extends Interval {
  row: PartRef;
  /** An exception, a failure of which no exception is known, or only a warning. */
  about: 'exception' | 'failure' | 'warning';
  /** It waits for the outcome of its request. */
  isOpen: boolean;
  /** What it tells of a failure that other rows may tell of, too. */
  telling?: Telling | undefined;
}

export interface Outcome extends Interval {
  facts: RequestFacts;
}

interface KnownRow extends RememberedRow {
  /** Towards its request. */
  climb: Climb;
  /** The request whose outcome it has by time: what its ancestors say goes over that, when they come. */
  guess: string | undefined;
}

interface KnownOutcome {
  outcome: Outcome;
  isKept: boolean;
}

interface Trace {
  rows: KnownRow[];
  outcomes: KnownOutcome[];
}

export class TraceMemory {
  readonly undo = new UndoLog();
  readonly #traces = new Map<string, Trace>();
  readonly #links: SpanLinks;
  readonly #maxTraces: number;

  constructor(maxTraces = MAX_TRACES, maxSpans?: number) {
    this.#maxTraces = maxTraces;
    this.#links = new SpanLinks(maxSpans);
  }

  /**
   * Spans came: to be told of all of a request before anything is asked about one of them.
   *
   * @returns outcomes that came before, with rows that are now seen to be theirs
   */
  learn(service: string, spans: Iterable<SpanSignal>): { facts: RequestFacts; rows: RowRef[] }[] {
    const touched = new Map<string, Trace>();
    this.#links.note(service, spans, (key, isNew) => {
      const trace = this.#traces.get(key);
      if (trace === undefined) return;
      touched.set(key, trace);
      // Forgotten among many others: the rows are still known.
      if (isNew) for (const row of trace.rows) if (row.about !== 'warning') this.#links.fail(key, row.span);
    });
    const found = new Map<Outcome, RowRef[]>();
    for (const [key, trace] of touched) {
      for (const row of trace.rows) {
        const outcome = row.isOpen ? outcomeOn(trace, this.#links.requestOf(key, row.climb)) : undefined;
        if (outcome === undefined) continue;
        if (row.guess !== outcome.span) found.set(outcome, [...(found.get(outcome) ?? []), row.row]);
        this.#settle(row);
      }
    }
    return [...found].map(([{ facts }, rows]) => ({ facts, rows }));
  }

  remember(service: string, traceId: string, row: RememberedRow): void {
    const key = keyOf(service, traceId);
    const trace = this.#of(key);
    if (row.about !== 'warning') this.undo.add(this.#links.fail(key, row.span));
    const climb = { at: row.span, steps: 0 };
    // What has an outcome by its time waits for a better one.
    const isUnsure = !row.isOpen && row.span !== '' && this.#links.requestOf(key, climb) === undefined;
    const guess = isUnsure ? this.#requestByTime(key, row, climb) : undefined;
    const isOpen = row.isOpen || guess !== undefined;
    if (trace.rows.length >= MAX_ROWS || (!isOpen && row.about === 'warning' && !row.telling)) return;
    const known: KnownRow = { ...row, isOpen, guess, climb };
    trace.rows.push(known);
    this.undo.add(() => {
      trace.rows = trace.rows.filter((one) => one !== known);
    });
  }

  /** A request ended. @returns rows made inside it that wait for its outcome */
  ended(service: string, traceId: string, outcome: Outcome, isKept: boolean): RowRef[] {
    const key = keyOf(service, traceId);
    const known = this.#traces.get(key);
    if (known === undefined && !isKept) return [];
    this.#links.noteRequest(key, outcome);
    const trace = known ?? this.#of(key);
    this.#keep(trace, outcome, isKept);
    const rows: RowRef[] = [];
    for (const row of trace.rows) {
      if (!row.isOpen) continue;
      const request = this.#links.requestOf(key, row.climb);
      if (request !== undefined && row.span !== '') {
        if (request !== outcome.span) continue;
        if (row.guess !== request) rows.push(row.row);
        this.#settle(row);
      } else if (row.guess === undefined && this.#requestByTime(key, row, row.climb) === outcome.span) {
        rows.push(row.row);
        this.#settle(row, outcome.span);
      }
    }
    return rows;
  }

  outcomeOf(service: string, traceId: string, when: Interval): Outcome | undefined {
    const key = keyOf(service, traceId);
    const trace = this.#traces.get(key);
    if (trace === undefined || trace.outcomes.length === 0) return undefined;
    const climb = { at: when.span, steps: 0 };
    const request = when.span === '' ? undefined : this.#links.requestOf(key, climb);
    return outcomeOn(trace, request ?? this.#requestByTime(key, when, climb));
  }

  /** An exception or a failure on `span` or inside it has a row already. */
  hasFailureIn(service: string, traceId: string, span: string): boolean {
    return this.#links.hasFailed(keyOf(service, traceId), span);
  }

  /** Rows that only said that `span` or something around it failed: an exception on it tells why. They are forgotten here. */
  takeFailuresAround(service: string, traceId: string, span: string): PartRef[] {
    const key = keyOf(service, traceId);
    const trace = this.#traces.get(key);
    const failures = trace?.rows.filter(({ about }) => about === 'failure') ?? [];
    if (span === '' || failures.length === 0) return [];
    const path = new Set([span, ...this.#links.above(key, span)]);
    return this.#take(
      trace!,
      failures.filter((row) => path.has(row.span)),
    );
  }

  /** Rows of failures inside, which this one tells of with more. They are forgotten here. */
  takeParts(service: string, traceId: string, whole: Teller): PartRef[] {
    const key = keyOf(service, traceId);
    const trace = this.#traces.get(key);
    return trace === undefined ? [] : this.#take(trace, partsOf(trace.rows, whole, this.#places(key)));
  }

  /** A row that came before tells of it, too: it is none of its own, but what is around it failed. */
  isPart(service: string, traceId: string, part: Teller): boolean {
    const key = keyOf(service, traceId);
    const leave = joinWhole(this.#traces.get(key)?.rows ?? [], part, this.#places(key));
    if (leave === undefined) return false;
    this.undo.add(leave);
    this.undo.add(this.#links.fail(key, part.span));
    return true;
  }

  #take(trace: Trace, taken: readonly KnownRow[]): PartRef[] {
    if (taken.length > 0) {
      trace.rows = trace.rows.filter((row) => !taken.includes(row));
      this.undo.add(() => trace.rows.push(...taken));
    }
    return taken.map(({ row }) => row);
  }

  #places(key: string): Places {
    const isAround = (outer: string, inner: string) => outer === inner || this.#links.above(key, inner).includes(outer);
    const requestOf = (span: string) => this.#links.requestOf(key, { at: span, steps: 0 });
    return {
      isAround,
      isOnLine: (a, b) => isAround(a, b) || isAround(b, a),
      isSameRequest(a, b) {
        const request = requestOf(a);
        return Boolean(request) && request === requestOf(b);
      },
    };
  }

  /** Ids of ancestors above `span`, nearest first, as far as they came. */
  pathAbove(service: string, traceId: string, span: string): string[] {
    return this.#links.above(keyOf(service, traceId), span);
  }

  /** Id of the nearest server span on or above `span`, where that is known. */
  requestOf(service: string, traceId: string, span: string): string | undefined {
    return this.#links.requestOf(keyOf(service, traceId), { at: span, steps: 0 }) || undefined;
  }

  /** Of a query: the span around it is a layer of the same, if it is one of a query, too. */
  noteQuery(service: string, { traceId, parentSpanId }: SpanSignal, isSlow: boolean): void {
    if (parentSpanId !== '') this.#links.noteQuery(keyOf(service, traceId), parentSpanId, isSlow);
  }

  queryIn(service: string, { traceId, spanId }: SpanSignal) {
    return this.#links.queryIn(keyOf(service, traceId), spanId);
  }

  #requestByTime(key: string, when: Interval, { at }: Climb): string | undefined {
    return this.#links.onlyRequestAround(key, at, (request) => isWithin(when, request));
  }

  /** @param guess where only its time says so: without a span it waits for nothing better */
  #settle(row: KnownRow, guess?: string): void {
    const before = { isOpen: row.isOpen, guess: row.guess };
    row.isOpen = guess !== undefined && row.span !== '';
    row.guess = guess;
    this.undo.add(() => Object.assign(row, before));
  }

  /** One that rows will be asked about is not kept out by those that only happened to be beside it. */
  #keep(trace: Trace, outcome: Outcome, isKept: boolean): void {
    const { outcomes } = trace;
    const rest = outcomes.length < MAX_OUTCOMES ? outcomes : withoutOne(outcomes, (one) => isKept && !one.isKept);
    if (rest.length >= MAX_OUTCOMES) return;
    trace.outcomes = [...rest, { outcome, isKept }];
    this.undo.add(() => {
      trace.outcomes = trace.outcomes.filter((one) => one.outcome !== outcome);
    });
  }

  #of(key: string): Trace {
    const known = this.#traces.get(key);
    if (known !== undefined) return known;
    if (this.#traces.size >= this.#maxTraces) this.#traces.delete(this.#traces.keys().next().value!);
    const trace: Trace = { rows: [], outcomes: [] };
    this.#traces.set(key, trace);
    return trace;
  }
}

function outcomeOn({ outcomes }: Trace, span: string | undefined): Outcome | undefined {
  return outcomes.find(({ outcome }) => outcome.span === span)?.outcome;
}

function withoutOne<Item>(items: Item[], isOne: (item: Item) => boolean): Item[] {
  const at = items.findIndex(isOne);
  return at < 0 ? items : items.toSpliced(at, 1);
}

function isWithin(inner: Interval, outer: Interval): boolean {
  return inner.from + CLOCK_SLACK_MILLIS >= outer.from && inner.to - CLOCK_SLACK_MILLIS <= outer.to;
}
