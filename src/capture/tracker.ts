// One exception, one occurrence. In: errors and log records as their carriers bring them (span, log record, crash hook,
// console). Out: facts in the journal, an ERROR before the call returns, and the counters of the ledger. Which carriers speak
// of the same occurrence is known-occurrences.ts's, what one tells is carrier.ts's.

import { whereThrown } from '../otel/context-keys.ts';
import { type Carried, type RequestState, stateOfContext } from '../otel/request-state.ts';
import type { ErrorFact, LedgerFact, RowRef } from '../record/fact.ts';
import { isAtLeast } from '../record/level.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { isCopyOfError, isObject, originOf } from '../record/thrown.ts';
import type { UserIdOptions } from '../record/user-id.ts';
import { leaveCrumb } from './breadcrumbs.ts';
import { type Carrier, CarrierFacts } from './carrier.ts';
import { cleanName } from './clean-name.ts';
import type { CountBucket } from './count-bucket.ts';
import { errorFact, messageOf, stackOf } from './error-fact.ts';
import { howCarried, isInRequest, KnownOccurrences } from './known-occurrences.ts';
import { keyOfFact, keyOfRecord, keyOfThrown, type StormKey } from './storm-key.ts';
import { StormValve } from './storm-valve.ts';
import type { FactWriter } from './writer.ts';

export interface TrackerOptions extends UserIdOptions {
  /** Full records of one kind a minute, before the storm valve only counts; 0 or nothing: no valve. */
  stormRows?: number | undefined;
  /** For tests. */
  now?: () => number;
}

export class OccurrenceTracker {
  readonly #writer: FactWriter;
  readonly #scrubber: Scrubber;
  readonly #facts: CarrierFacts;
  readonly #valve: StormValve | undefined;
  readonly #known = new KnownOccurrences(() => {
    this.#merged++;
  });
  readonly #dropped: Record<string, number> = {};
  #accepted = 0;
  #merged = 0;
  #ledgerSeq = 0;

  constructor(writer: FactWriter, scrubber: Scrubber, options: TrackerOptions) {
    this.#writer = writer;
    this.#scrubber = scrubber;
    this.#facts = new CarrierFacts(scrubber, options);
    if (!options.stormRows) return;
    this.#valve = new StormValve(
      options.stormRows,
      (fact) => writer.append({ ...fact, n: this.#accepted, m: this.#merged }),
      (type) => cleanName(type, scrubber),
      options.now,
    );
  }

  /** Something thrown, or an Error handed to a logger. */
  thrown(value: unknown, carrier: Carrier): void {
    this.#account(() => {
      const context = whereThrown(value, carrier.context);
      this.#thrown(value, context === carrier.context ? carrier : { ...carrier, context });
    });
  }

  /** An exception of which only text is left: attributes of an event or of a log record. */
  described(error: ErrorFact, carrier: Carrier): void {
    this.#account(() => this.#withoutObject(error, carrier));
  }

  /** A log record without an error, or a warning of our own. @returns its row; nothing when it was only counted */
  plain(carrier: Carrier): RowRef | undefined {
    let row: RowRef | undefined;
    this.#account(() => {
      const bucket = this.#take(() => keyOfRecord(carrier));
      if (bucket === undefined) row = this.#store(undefined, carrier, undefined);
      else this.#count(bucket, carrier, undefined);
    });
    return row;
  }

  /**
   * Counters so far; facts carry them as well, so that they are known up to the last one of a process that is killed. What
   * was only counted is written first.
   */
  ledger(): LedgerFact {
    this.#valve?.flush();
    return {
      k: 'ledger',
      t: Date.now(),
      seq: ++this.#ledgerSeq,
      accepted: this.#accepted,
      merged: this.#merged,
      dropped: { ...this.#dropped },
    };
  }

  /** Something of ours failed before a record could be accepted: the host never hears of it, the ledger does. */
  failed(reason: string): void {
    this.#accepted++;
    this.#drop(reason);
  }

  /** Whatever fails inside, each call is accounted for once: as a fact, as merged, or as dropped. */
  #account(work: () => void): void {
    this.#accepted++;
    const merged = this.#merged;
    try {
      work();
    } catch {
      if (this.#merged === merged) this.#drop('internal_error');
    }
  }

  #drop(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  }

  #thrown(given: unknown, carrier: Carrier): void {
    // A client may tell of an error in an object of its own (Knex's instrumentation does).
    if (!isObject(given) || (carrier.provisional && isCopyOfError(given))) {
      this.#withoutObject(errorFact(given, this.#scrubber), carrier);
      return;
    }
    const value = originOf(given);
    const seen =
      this.#known.byObject(value) ??
      (isCopyOfError(value) ? this.#known.byStack(stackOf(value, this.#scrubber), carrier) : undefined);
    if (seen !== undefined && !this.#rises(seen, carrier)) {
      this.#again(seen, carrier);
      return;
    }
    const bucket = this.#take(() => keyOfThrown(value, carrier) ?? keyOfFact(this.#factOf(value, carrier), carrier));
    if (bucket !== undefined) {
      this.#count(bucket, carrier, value);
      return;
    }
    const error = this.#factOf(value, carrier);
    const earlier = this.#known.byStack(error.stack, carrier, value);
    if (earlier !== undefined) {
      this.#again(earlier, carrier);
      return;
    }
    this.#store(error, carrier, value);
  }

  #factOf(value: object, carrier: Carrier): ErrorFact {
    return carrier.error ?? errorFact(value, this.#scrubber);
  }

  /** A row gets further tags. */
  amend(row: RowRef, tags: Record<string, unknown>): void {
    this.#writer.append({ k: 'amend', rows: [row], tags: this.#facts.tags(tags) });
  }

  /** The request failed itself, of errors that looked like its client's fault. */
  raiseUndecided(request: RequestState): void {
    const rows: RowRef[] = [];
    for (const carried of request.undecided ?? []) {
      if (isAtLeast(carried.level, 'ERROR')) continue;
      carried.level = 'ERROR';
      if (carried.row !== undefined) rows.push(carried.row);
      else carried.counted?.in.raise('ERROR');
    }
    if (rows.length > 0) this.#writer.append({ k: 'amend', rows, level: 'ERROR' });
  }

  hashUser(userId: string | undefined): string | undefined {
    return this.#facts.hashUser(userId);
  }

  session(sessionId: string | undefined): string | undefined {
    return this.#facts.session(sessionId);
  }

  #withoutObject(error: ErrorFact, carrier: Carrier): void {
    const earlier = this.#known.byStack(error.stack, carrier) ?? this.#known.byText(error, carrier);
    if (earlier !== undefined && !this.#rises(earlier, carrier)) {
      this.#again(earlier, carrier);
      return;
    }
    const bucket = this.#take(() => keyOfFact(error, carrier));
    if (bucket === undefined) this.#store(error, carrier, undefined);
    else this.#count(bucket, carrier, undefined, error);
  }

  #take(key: () => StormKey): CountBucket | undefined {
    return this.#valve?.take(key());
  }

  /** An occurrence beyond what a storm stores. It is known again like any other. */
  #count(bucket: CountBucket, carrier: Carrier, value: object | undefined, error?: ErrorFact): void {
    const state = carrier.state ?? stateOfContext(carrier.context);
    // As stored ones are known by: scrubbed and cut. Carriers are told by their texts within a request only, and what a
    // storm elsewhere costs is not spent on scrubbing.
    const texts =
      value === undefined
        ? error
        : state && { message: messageOf(value, this.#scrubber), stack: stackOf(value, this.#scrubber) };
    const earlier = value && this.#known.byStack(texts?.stack, carrier, value);
    if (earlier !== undefined) {
      this.#again(earlier, carrier);
      return;
    }
    bucket.like ??= this.#facts.counted(carrier, value === undefined ? error : this.#factOf(value, carrier));
    const route = this.#facts.route(carrier.context, state);
    if (value !== undefined || error !== undefined) {
      const carried: Carried = {
        counted: { in: bucket, round: bucket.round, route },
        time: Date.now(),
        ...howCarried(value, carrier),
        message: texts?.message ?? '',
        stack: texts?.stack,
      };
      this.#known.absorb(carried, value, () => [texts?.message ?? messageOf(value!, this.#scrubber)], state);
      this.#known.remember(carried, value, state, carrier);
      if (carrier.undecided) state?.request.leaveUndecided(carried);
    }
    this.#valve!.count(bucket, route);
  }

  /**
   * A carrier that makes more of an occurrence that was only counted: a crash is worth a row, and what was below WARNING
   * made no issue. Taken back where that count is not written yet, it is captured anew.
   */
  #rises(seen: Carried, { level }: Carrier): boolean {
    const { counted } = seen;
    if (counted === undefined || level === seen.level || !isAtLeast(level, seen.level)) return false;
    if (level !== 'CRITICAL' && (isAtLeast(seen.level, 'WARNING') || !isAtLeast(level, 'WARNING'))) return false;
    if (counted.in.takeBack(counted.round, counted.route)) this.#merged++;
    // Not to be found any more in place of the one to come.
    Object.assign(seen, { counted: undefined, stack: undefined, mergeable: false, byObject: true });
    return true;
  }

  /** A further carrier of a known occurrence: it adds what it knows, and no row. */
  #again(seen: Carried, carrier: Carrier): void {
    this.#merged++;
    // The status of a call says no more than this: no row at its end. Not for what is around it, which may be another request.
    if (carrier.provisional && carrier.state !== undefined) carrier.state.failed = true;
    if (carrier.undecided) (carrier.state ?? stateOfContext(carrier.context))?.request.leaveUndecided(seen);
    const requestId = this.#known.adopt(seen, carrier)?.requestId;
    const raised = seen.level !== carrier.level && isAtLeast(carrier.level, seen.level);
    const tags = this.#facts.tags(carrier.tags, carrier.body === seen.message ? undefined : carrier.body);
    // A logger's name says more than that of the instrumentation whose span came first; the first logger's stays.
    const module = seen.mergeable && !carrier.bySpan ? this.#facts.named(carrier).module : undefined;
    if (raised) seen.level = carrier.level;
    if (seen.row === undefined) {
      if (raised) seen.counted?.in.raise(carrier.level);
      return;
    }
    if (module !== undefined) seen.mergeable = false;
    if (!raised && tags === undefined && module === undefined && requestId === undefined) return;
    const fact = {
      k: 'amend' as const,
      rows: [seen.row],
      requestId,
      level: raised ? carrier.level : undefined,
      module,
      tags,
    };
    if (carrier.level === 'CRITICAL') this.#writer.appendNow(fact);
    else this.#writer.append(fact);
  }

  #store(error: ErrorFact | undefined, carrier: Carrier, value: object | undefined): RowRef {
    const state = carrier.state ?? stateOfContext(carrier.context);
    const inRequest = isInRequest(state, carrier);
    const fact = this.#facts.log(carrier, state, error);
    const row: RowRef = { id: fact.id, t: fact.t };
    // A record of the logger's led to what comes after it; a span's own leaves its crumb when it ends.
    if (state !== undefined && !carrier.bySpan)
      leaveCrumb(state.request, { t: row.t, what: fact.message, level: carrier.level });
    const known = inRequest && state.request.addRow(row);
    if (known || carrier.provisional) fact.hold = true;
    if (error !== undefined) {
      const carried: Carried = {
        row,
        time: row.t,
        ...howCarried(value, carrier),
        message: error.message,
        stack: error.stack,
      };
      const absorbs = this.#known.absorb(carried, value, () => messagesOf(error), state);
      if (absorbs.length > 0) fact.absorbs = absorbs;
      this.#known.remember(carried, value, state, carrier);
      if (carrier.undecided) state?.request.leaveUndecided(carried);
    }
    fact.n = this.#accepted;
    if (this.#merged > 0) fact.m = this.#merged;
    if (isAtLeast(carrier.level, 'ERROR')) this.#writer.appendNow(fact);
    else this.#writer.append(fact);
    return row;
  }
}

function messagesOf(error: ErrorFact): string[] {
  return [error.message, ...(error.cause ? messagesOf(error.cause) : []), ...(error.errors ?? []).flatMap(messagesOf)];
}
