// Catches the Error object on its way into a span: the event that recordException leaves behind has lost its class, its
// cause chain and its identity.

import type { Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { stateOf } from '../otel/request-state.ts';
import { replaceMethod } from './alike.ts';

// Registered globally: an ESM and a CommonJS copy of this file must not both wrap.
const WRAPPED = Symbol.for('rowtrace.record-exception');

type Prototype = Pick<Span, 'recordException'> & { [WRAPPED]?: true };

/**
 * Wraps recordException once on the prototype that spans share; each span's state says who is to hear of it. A wrapper on
 * each span would cost an own property and a closure a span instead.
 */
export function wrapRecordException(span: Span): void {
  const prototype = Object.getPrototypeOf(span) as Prototype;
  if (prototype[WRAPPED]) return;
  Object.defineProperty(prototype, WRAPPED, { value: true });
  const original = prototype.recordException;
  const recordException: typeof original = function (this: Span & ReadableSpan, exception, time) {
    const state = stateOf(this);
    state?.onException(this, exception);
    original.call(this, exception, time);
    state?.addEvent(this.events[this.events.length - 1]);
  };
  replaceMethod(prototype, 'recordException', recordException as (...values: never[]) => unknown);
}
