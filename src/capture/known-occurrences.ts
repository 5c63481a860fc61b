// The occurrences that are known already: by the Error object wherever it turns up again, by stack or text within a
// request, by what an outer error contains or restates. In: carriers. Out: the earlier occurrence they speak of, if any.

import { SpanKind } from '@opentelemetry/api';
import { type Carried, type RequestState, remember, type SpanState, stateOfContext } from '../otel/request-state.ts';
import type { ErrorFact, RowRef } from '../record/fact.ts';
import { restates } from '../record/retold.ts';
import { isCopyOfError, peek } from '../record/thrown.ts';
import { Marks } from '../util/marks.ts';
import type { Carrier } from './carrier.ts';
import { chainOf } from './error-fact.ts';

/** A failed call and the error that reports it follow within moments; delivery holds rows as long (facts: 5 s). */
const MERGE_WINDOW_MILLIS = 5000;
const MOST_OF_ROOTS = 32;

export class KnownOccurrences {
  readonly #onTakenBack: () => void;
  readonly #seen = new Marks<Carried>();
  /** Errors inside of one that is known, not seen themselves: the one that holds them. */
  readonly #inside = new Marks<Carried>();
  readonly #recent: Carried[] = [];
  /** Of roots that are no requests (a job, a script): who started them may print the stack once they have ended. */
  readonly #ofRoots: Carried[] = [];

  /** @param onTakenBack an occurrence that was counted is part of another one */
  constructor(onTakenBack: () => void) {
    this.#onTakenBack = onTakenBack;
  }

  /** The same object, or part of one that was captured just now: a handler logs `error.cause`, or each of `error.errors`. */
  byObject(value: object): Carried | undefined {
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    // For moments: a rejection that is kept, and wrapped by whoever meets it, fails others later by itself.
    const outer = this.#inside.get(value);
    return outer !== undefined && Date.now() - outer.time <= MERGE_WINDOW_MILLIS ? outer : undefined;
  }

  #see(value: object, carried: Carried): void {
    this.#seen.set(value, carried);
    for (const inner of chainOf(value)) this.#inside.set(inner, carried);
  }

  remember(carried: Carried, value: object | undefined, state: SpanState | undefined, carrier: Carrier): void {
    if (value !== undefined) {
      this.#see(value, carried);
      // A WeakRef keeps its value to the end of the turn: of a million errors in one loop all of them.
      if (carried.mergeable) carried.thrown = new WeakRef(value);
    }
    if (isInRequest(state, carrier)) {
      state.request.remember(carried);
      if (!isServed(state)) {
        carried.detached = true;
        if (this.#ofRoots.push(carried) > MOST_OF_ROOTS) this.#ofRoots.shift();
      }
    } else {
      carried.alone = true;
      remember(this.#recent, carried);
    }
    state?.markFailed();
  }

  /**
   * An error logged out of a lost context, or recorded on a span that was made a root, and then passed on (`next(err)`) is what
   * its request failed of. Of the first
   * request only, and soon: a rejection that is kept and thrown again fails others, which have to be seen.
   */
  adopt(carried: Carried, carrier: Carrier): RequestState | undefined {
    const state = carrier.state ?? stateOfContext(carrier.context);
    if (!carried.alone && !carried.detached) return undefined;
    if (!isInRequest(state, carrier) || Date.now() - carried.time > MERGE_WINDOW_MILLIS) return undefined;
    if (!carried.alone && !isServed(state)) return undefined;
    carried.alone = carried.detached = false;
    if (carried.row !== undefined) state.request.addRow(carried.row);
    state.markFailed();
    return state.request;
  }

  /** Earlier ones that this error contains or restates: a failed call inside, a cause already recorded by a span. */
  absorb(
    carried: Carried,
    value: object | undefined,
    messages: () => readonly string[],
    state: SpanState | undefined,
  ): RowRef[] {
    const absorbed: RowRef[] = [];
    if (value === undefined && carried.stack === undefined) return absorbed;
    let chain: object[] | undefined;
    let isRetold = false;
    for (const list of [state?.request.carried, this.#recent]) {
      if (list === undefined) continue;
      for (let at = list.length - 1; at >= 0; at--) {
        const earlier = list[at]!;
        if (!earlier.mergeable || carried.time - earlier.time > MERGE_WINDOW_MILLIS) continue;
        chain ??= value === undefined ? [] : [value, ...chainOf(value)];
        const inner = earlier.thrown?.deref();
        const holds = inner !== undefined && chain.includes(inner);
        // The last one: those before it are attempts that failed before.
        const retells: boolean =
          !holds && !isRetold && inner !== undefined && chain.some((outer) => isRetelling(outer, inner));
        const same = earlier.byObject
          ? holds || retells
          : earlier.stack
            ? isTold(earlier) && isSame(carried.stack, earlier.stack)
            : messages().some((message) => restates(message, earlier.message));
        if (!same || !this.#giveUp(earlier, carried)) continue;
        isRetold ||= retells;
        list.splice(at, 1);
        // Counted as merged by whoever stores this one: only then is the earlier one given up.
        if (earlier.row !== undefined) absorbed.push(earlier.row);
        // Later carriers of the inner error speak of the one that holds it now.
        earlier.row = carried.row;
        earlier.counted = carried.counted;
      }
    }
    return absorbed;
  }

  /** False: it stays an occurrence of its own, since a count cannot be had back once written, and takes back no row. */
  #giveUp({ row, counted }: Carried, into: Carried): boolean {
    if (row !== undefined) return into.row !== undefined;
    if (!counted?.in.takeBack(counted.round, counted.route)) return false;
    this.#onTakenBack();
    return true;
  }

  /**
   * The same stack text in the same request. Two Error objects with one stack are two throws (a retry loop); only where
   * one of the carriers had no object can they be the same.
   */
  byStack(stack: string | undefined, carrier: Carrier, value?: object): Carried | undefined {
    if (stack === undefined) return undefined;
    // Another layer of that call says the same; a logger that has the text of the error says more.
    const beginsIt = (earlier: Carried) => (carrier.bySpan || !isTold(earlier)) && isBeginning(earlier.stack, stack);
    if (value === undefined) return this.#find(carrier, beginsIt) ?? this.#findAlone(carrier, true, beginsIt);
    const goesOn = (earlier: Carried) => !isTold(earlier) && isBeginning(stack, earlier.stack);
    const found =
      this.#find(carrier, (earlier) => !earlier.byObject && goesOn(earlier)) ?? this.#findAlone(carrier, false, goesOn);
    if (found !== undefined) this.#see(value, found);
    return found;
  }

  /** Thrown strings and the like have no identity and no stack: on one chain of spans the same text is the same throw. */
  byText(error: ErrorFact, carrier: Carrier): Carried | undefined {
    if (error.stack !== undefined || !carrier.bySpan) return undefined;
    return this.#find(carrier, (earlier) => earlier.stack === undefined && earlier.message === error.message);
  }

  #find(carrier: Carrier, matches: (earlier: Carried) => boolean): Carried | undefined {
    const state = carrier.state ?? stateOfContext(carrier.context);
    return state?.request.carried.find(matches);
  }

  /** Outside of requests: a text and an object, one right after the other. Two texts may be two of the same kind. */
  #findAlone(carrier: Carrier, byObject: boolean, matches: (earlier: Carried) => boolean): Carried | undefined {
    if ((carrier.state ?? stateOfContext(carrier.context)) !== undefined) return undefined;
    const since = Date.now() - MERGE_WINDOW_MILLIS;
    const found = (one: Carried) => one.byObject === byObject && one.time >= since && matches(one);
    return this.#recent.findLast(found) ?? (byObject ? this.#ofRoots.findLast(found) : undefined);
  }
}

/** What decides which later carriers are of the same occurrence. */
export function howCarried(value: object | undefined, { level, bySpan, provisional }: Carrier) {
  return {
    level,
    byObject: value !== undefined && !isCopyOfError(value),
    mergeable: bySpan === true,
    ofClient: provisional === true && value === undefined,
  };
}

/** The error itself takes the place of what its client made of it, as long as that can be had back. */
function isTold({ ofClient, time }: Carried): boolean {
  return ofClient === true && Date.now() - time <= MERGE_WINDOW_MILLIS;
}

/**
 * node-fetch keeps of an error its code and its words, behind its own ("request to … failed, reason: connect ECONNREFUSED
 * 127.0.0.1:80"); so do applications that throw one of their own without a cause.
 */
function isRetelling(outer: object, inner: object): boolean {
  const code = peek(inner, 'code');
  if (code === undefined || peek(outer, 'code') !== code) return false;
  const [said, told] = [peek(outer, 'message'), peek(inner, 'message')];
  return typeof said === 'string' && said.endsWith(`: ${told}`);
}

/**
 * Some serializers append the stacks of the causes to the stack. Without frames it is words only, which other errors may
 * begin with, and empty where somebody removed it.
 */
function isBeginning(stack: string | undefined, whole: string | undefined): boolean {
  if (!stack || !whole?.startsWith(stack)) return false;
  return whole.length === stack.length || (whole[stack.length] === '\n' && stack.includes('\n    at '));
}

/** Either may have the stacks of the causes behind it. */
function isSame(stack: string | undefined, other: string): boolean {
  return isBeginning(stack, other) || isBeginning(other, stack);
}

function isServed({ request }: SpanState): boolean {
  return request.span.kind === SpanKind.SERVER;
}

/** A client span that is its own root ends at once: what it tells is matched outside of any request. */
export function isInRequest(state: SpanState | undefined, carrier: Carrier): state is SpanState {
  return state !== undefined && !state.request.ended && !(carrier.provisional && !state.parent);
}
