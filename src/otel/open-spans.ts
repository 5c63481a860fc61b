// Spans that have not ended, oldest first: a list through the spans' own states, so that a span costs a few pointers and
// no timer. Bounded; what does not fit is not watched.

import type { Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Operation, RowRef } from '../record/fact.ts';

const MAX_OPEN = 5000;
/** More calls of one span are told apart no further. */
const MAX_CHILDREN = 32;

export interface ChildTime {
  operation: Operation;
  /** Unix milliseconds. */
  from: number;
  to: number;
}

/** `State`: SpanState, which leads here and is told apart only to keep the two files from needing each other. */
export class OpenSpan<State> {
  readonly span: Span & ReadableSpan;
  readonly state: State;
  /** Unix milliseconds. */
  readonly startedAt: number;
  older: OpenSpan<State> | undefined;
  newer: OpenSpan<State> | undefined;
  /** The longest of the child spans that have ended. */
  children: ChildTime[] | undefined;
  childCount = 0;
  /** It was reported while it hung, by this row. */
  reported = false;
  row: RowRef | undefined;

  constructor(span: Span & ReadableSpan, state: State, startedAt: number) {
    this.span = span;
    this.state = state;
    this.startedAt = startedAt;
  }

  childEnded(child: ChildTime): void {
    this.childCount++;
    if (this.children === undefined) this.children = [child];
    else if (this.children.length < MAX_CHILDREN) this.children.push(child);
    else replaceShortest(this.children, child);
  }
}

function replaceShortest(children: ChildTime[], child: ChildTime): void {
  const lengthOf = ({ from, to }: ChildTime) => to - from;
  let shortest = 0;
  for (let at = 1; at < children.length; at++)
    if (lengthOf(children[at]!) < lengthOf(children[shortest]!)) shortest = at;
  if (lengthOf(children[shortest]!) < lengthOf(child)) children[shortest] = child;
}

export class OpenSpans<State> {
  #oldest: OpenSpan<State> | undefined;
  #newest: OpenSpan<State> | undefined;
  #size = 0;

  add(open: OpenSpan<State>): boolean {
    if (this.#size >= MAX_OPEN) return false;
    this.#size++;
    open.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = open;
    else this.#newest.newer = open;
    this.#newest = open;
    return true;
  }

  remove(open: OpenSpan<State>): void {
    this.#size--;
    if (open.older === undefined) this.#oldest = open.newer;
    else open.older.newer = open.newer;
    if (open.newer === undefined) this.#newest = open.older;
    else open.newer.older = open.older;
    open.older = open.newer = undefined;
  }

  get oldest(): OpenSpan<State> | undefined {
    return this.#oldest;
  }
}
