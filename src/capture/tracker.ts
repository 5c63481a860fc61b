// One exception, one occurrence. In: errors and log records as their carriers bring them (span, log record, crash hook,
// console). Out: facts in the journal, an ERROR before the call returns. In process the Error object is the identity; a
// carrier without the object is matched by stack or text within its request.

import { createHmac } from 'node:crypto';
import { type Context, trace } from '@opentelemetry/api';
import { carriedOf } from '../otel/context-keys.ts';
import { type Carried, remember, requestFacts, type SpanState, stateOfContext } from '../otel/request-state.ts';
import type { ErrorFact, LedgerFact, LogFact, RowRef } from '../record/fact.ts';
import { isAtLeast, type Level } from '../record/level.ts';
import { clampTime, cut, LIMITS } from '../record/limits.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { isObject } from '../record/thrown.ts';
import { uuidv7 } from '../util/uuid.ts';
import { type Identity, readableSpan, readIdentity, spanTags } from './attributes.ts';
import { chainOf, clean, errorFact } from './error-fact.ts';
import type { FactWriter } from './writer.ts';

export interface TrackerOptions {
  userId: 'plain' | 'hash' | 'off';
  userIdKey?: string | undefined;
}

/** What the carrier of an occurrence knows beside the error itself. */
export interface Carrier {
  context: Context;
  level: Level;
  /** Span the occurrence belongs to, where it is not the active one of `context`. */
  state?: SpanState | undefined;
  /** The programmer's own words (body of a log record). */
  body?: string | undefined;
  template?: string | undefined;
  module?: string | undefined;
  fn?: string | undefined;
  fingerprint?: string | undefined;
  /** Unix milliseconds; default now. */
  time?: number | undefined;
  tags?: Record<string, unknown> | undefined;
  identity?: Identity | undefined;
  /** Stack of a record that is about no error. */
  stack?: string | undefined;
  /** Status of the request and its latency, where they are known already. */
  status?: number | undefined;
  latency?: number | undefined;
  /** A client call failed: the same failure is likely to come again as the application's own error. */
  provisional?: boolean | undefined;
  /** A span carried it, in nobody's own words. */
  bySpan?: boolean | undefined;
}

/** A failed call and the error that reports it follow within moments; delivery holds rows as long (facts: 5 s). */
const MERGE_WINDOW_MILLIS = 5000;

export class OccurrenceTracker {
  readonly #writer: FactWriter;
  readonly #scrubber: Scrubber;
  readonly #options: TrackerOptions;
  readonly #seen = new WeakMap<object, Carried>();
  readonly #recent: Carried[] = [];
  readonly #dropped: Record<string, number> = {};
  #accepted = 0;
  #merged = 0;
  #ledgerSeq = 0;
  #ledgerAt = -1;

  constructor(writer: FactWriter, scrubber: Scrubber, options: TrackerOptions) {
    this.#writer = writer;
    this.#scrubber = scrubber;
    this.#options = options;
  }

  /** Something thrown, or an Error handed to a logger. */
  thrown(value: unknown, carrier: Carrier): void {
    this.#accepted++;
    if (!isObject(value)) {
      this.#withoutObject(errorFact(value, this.#scrubber), carrier);
      return;
    }
    const seen = this.#seen.get(value);
    if (seen !== undefined) {
      this.#again(seen, carrier);
      return;
    }
    const error = errorFact(value, this.#scrubber);
    const earlier = this.#byStack(error, carrier, value);
    if (earlier !== undefined) {
      this.#seen.set(value, earlier);
      this.#again(earlier, carrier);
      return;
    }
    this.#store(error, carrier, value);
  }

  /** An exception of which only text is left: attributes of an event or of a log record. */
  described(error: ErrorFact, carrier: Carrier): void {
    this.#accepted++;
    this.#withoutObject(error, carrier);
  }

  /** A log record without an error, or a warning of our own. */
  plain(carrier: Carrier): void {
    this.#accepted++;
    this.#store(undefined, carrier, undefined);
  }

  /** Counters so far, or nothing when nothing changed since the last call. */
  ledger(): LedgerFact | undefined {
    if (this.#ledgerAt === this.#accepted) return undefined;
    this.#ledgerAt = this.#accepted;
    return {
      k: 'ledger',
      t: Date.now(),
      seq: ++this.#ledgerSeq,
      accepted: this.#accepted,
      merged: this.#merged,
      dropped: { ...this.#dropped },
    };
  }

  /** Something of ours failed while it captured: the host never hears of it, the ledger does. */
  failed(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  }

  hashUser(userId: string | undefined): string | undefined {
    if (userId === undefined || this.#options.userId === 'off') return undefined;
    if (this.#options.userId === 'plain') return cut(userId, LIMITS.id);
    return createHmac('sha256', this.#options.userIdKey!).update(userId).digest('hex').slice(0, 32);
  }

  #withoutObject(error: ErrorFact, carrier: Carrier): void {
    const earlier = this.#byStack(error, carrier) ?? this.#byText(error, carrier);
    if (earlier === undefined) this.#store(error, carrier, undefined);
    else this.#again(earlier, carrier);
  }

  /** A further carrier of a known occurrence: it adds what it knows, and no row. */
  #again(seen: Carried, carrier: Carrier): void {
    this.#merged++;
    const raised = seen.level !== carrier.level && isAtLeast(carrier.level, seen.level);
    const tags = this.#tags(carrier.tags, carrier.body === seen.message ? undefined : carrier.body);
    // A logger's name says more than that of the instrumentation whose span came first; the first logger's stays.
    const module = seen.mergeable && !carrier.bySpan ? carrier.module : undefined;
    if (raised) seen.level = carrier.level;
    if (module !== undefined) seen.mergeable = false;
    if (!raised && tags === undefined && module === undefined) return;
    const fact = {
      k: 'amend' as const,
      rows: [seen.row],
      level: raised ? carrier.level : undefined,
      module,
      tags,
    };
    if (carrier.level === 'CRITICAL') this.#writer.appendNow(fact);
    else this.#writer.append(fact);
  }

  #store(error: ErrorFact | undefined, carrier: Carrier, value: object | undefined): void {
    const state = carrier.state ?? stateOfContext(carrier.context);
    // A client span that is its own root ends at once: what it tells is matched outside of any request.
    const inRequest = state !== undefined && !state.request.ended && !(carrier.provisional && !state.parent);
    const time = clampTime(carrier.time ?? Date.now());
    const row: RowRef = { id: uuidv7(time.t), t: time.t };
    const message = carrier.body ?? error?.message ?? '';
    const span = carrier.state === undefined ? readableSpan(carrier.context) : undefined;
    const spanContext = trace.getSpanContext(carrier.context);
    const request = requestFacts(carrier.context, state);
    const carried = carriedOf(carrier.context);
    const identity: Identity = { userId: request.userId, sessionId: request.sessionId };
    if (span !== undefined) readIdentity(span.attributes, identity);
    if (carried?.userId !== undefined) identity.userId = carried.userId;
    if (carried?.sessionId !== undefined) identity.sessionId = carried.sessionId;
    Object.assign(identity, carrier.identity);
    const fact: LogFact = {
      k: 'log',
      id: row.id,
      t: row.t,
      tRaw: time.tRaw,
      level: carrier.level,
      message: carrier.body === undefined ? message : clean(message, this.#scrubber),
      template: carrier.template,
      error,
      fingerprint: carrier.fingerprint,
      ...request,
      userId: this.hashUser(identity.userId),
      sessionId: identity.sessionId,
      status: carrier.status ?? state?.request.outcome?.status,
      latency: carrier.latency ?? state?.request.outcome?.latency,
      traceId: spanContext?.traceId,
      spanId: spanContext?.spanId,
      fn: carrier.fn,
      module: carrier.module,
      stack: carrier.stack,
      tags: this.#tags({ ...spanTags(span, state), ...carried?.tags, ...carrier.tags }),
    };
    const known = inRequest && state.request.addRow(row);
    if (known || carrier.provisional) fact.hold = true;
    if (error !== undefined) {
      this.#absorb(error, row, value, state);
      const carried: Carried = {
        row,
        level: carrier.level,
        thrown: value && new WeakRef(value),
        message: error.message,
        stack: error.stack,
        mergeable: carrier.bySpan === true,
      };
      if (value !== undefined) this.#seen.set(value, carried);
      if (inRequest) state.request.remember(carried);
      else remember(this.#recent, carried);
      state?.markFailed();
    }
    if (isAtLeast(carrier.level, 'ERROR')) this.#writer.appendNow(fact);
    else this.#writer.append(fact);
  }

  /** Earlier rows that this error contains or restates: a failed call inside, a cause already recorded by a span. */
  #absorb(error: ErrorFact, row: RowRef, value: object | undefined, state: SpanState | undefined): void {
    if (value === undefined) return;
    const chain = [value, ...chainOf(value)];
    const messages = new Set(messagesOf(error));
    for (const list of [state?.request.carried, this.#recent]) {
      if (list === undefined) continue;
      for (let at = list.length - 1; at >= 0; at--) {
        const earlier = list[at]!;
        if (!earlier.mergeable || row.t - earlier.row.t > MERGE_WINDOW_MILLIS) continue;
        const inner = earlier.thrown?.deref();
        const same = earlier.thrown
          ? inner !== undefined && chain.includes(inner)
          : !earlier.stack && messages.has(earlier.message);
        if (!same) continue;
        list.splice(at, 1);
        this.#merged++;
        this.#writer.append({ k: 'merge', row: earlier.row, into: row.id });
        // Later carriers of the inner error speak of the row that holds it now.
        earlier.row = row;
      }
    }
  }

  /**
   * The same stack text in the same request. Two Error objects with one stack are two throws (a retry loop); only where
   * one of the carriers had no object can they be the same.
   */
  #byStack(error: ErrorFact, carrier: Carrier, value?: object): Carried | undefined {
    const { stack } = error;
    if (stack === undefined) return undefined;
    if (value !== undefined)
      return this.#find(
        carrier,
        (earlier) => earlier.thrown === undefined && earlier.stack?.startsWith(stack) === true,
      );
    // Some serializers append the stacks of the causes to the stack.
    return this.#find(carrier, (earlier) => earlier.stack !== undefined && stack.startsWith(earlier.stack));
  }

  /** Thrown strings and the like have no identity and no stack: on one chain of spans the same text is the same throw. */
  #byText(error: ErrorFact, carrier: Carrier): Carried | undefined {
    if (error.stack !== undefined || !carrier.bySpan) return undefined;
    return this.#find(carrier, (earlier) => earlier.stack === undefined && earlier.message === error.message);
  }

  #find(carrier: Carrier, matches: (earlier: Carried) => boolean): Carried | undefined {
    const state = carrier.state ?? stateOfContext(carrier.context);
    return state?.request.carried.find(matches);
  }

  #tags(tags: Record<string, unknown> | undefined, body?: string): Record<string, unknown> | undefined {
    const all = body === undefined ? tags : { ...tags, 'log.body': body };
    if (all === undefined) return undefined;
    for (const key in all) if (all[key] !== undefined) return this.#scrubber.tags(all);
    return undefined;
  }
}

function messagesOf(error: ErrorFact): string[] {
  return [error.message, ...(error.cause ? messagesOf(error.cause) : []), ...(error.errors ?? []).flatMap(messagesOf)];
}
