// Runs something that may return a value or a promise, and says exactly once how it ended. What it returns or throws
// passes through unchanged: the same value, the same promise semantics.

import { types } from 'node:util';
import { isObject, peek } from '../record/thrown.ts';

export interface Failure {
  thrown: unknown;
}

/** How something that was returned comes out. */
export interface Outcome {
  done(): void;
  /** What this returns is the result, unless it throws. */
  failed(thrown: unknown): unknown;
  /** Nobody has asked for it in a second, and maybe nobody will. */
  left?(): void;
}

type Then = (fulfilled?: unknown, rejected?: unknown) => unknown;

/** Of one object so many are told: one that lives long (`ready`) may be returned by each of a million calls. */
const MAX_OUTCOMES = 16;
const LEFT_AFTER_MILLIS = 1000;

const watched = new WeakMap<object, number>();

/** @param left in place of `ended`, where the result may run only when it is awaited and nobody did for a second */
export function finish<T>(work: () => T, ended: (failure: Failure | undefined) => void, left?: () => void): T {
  let result: T;
  try {
    result = work();
  } catch (thrown) {
    ended({ thrown });
    throw thrown;
  }
  // Most results are plain values: for those nothing is made.
  if (!isThenable(result)) {
    ended(undefined);
    return result;
  }
  let over = false;
  const once = (failure: Failure | undefined): void => {
    if (over) return;
    over = true;
    ended(failure);
  };
  return follow(result, {
    done: () => once(undefined),
    failed(thrown) {
      once({ thrown });
      throw thrown;
    },
    left() {
      if (over || left === undefined) return;
      over = true;
      left();
    },
  }) as T;
}

/**
 * A promise, with `outcome` told of how it ends. Those with more to them (`got().json()`, a query that runs when it is
 * awaited, a child process) stay the objects they are: their `then` is watched when somebody calls it, and calls nobody else.
 */
export function follow(result: PromiseLike<unknown>, outcome: Outcome): unknown {
  if (isPlainPromise(result)) return result.then(tellDone(outcome), (thrown) => outcome.failed(thrown));
  if (!watch(result, outcome)) outcome.done();
  return result;
}

/** By promise, those we derive of one included: what it failed with, where that was told. */
const failures = new WeakMap<object, Failure>();

/**
 * The same with `outcome` told once, however often the result is asked for. A further failure (a query that ran again) is
 * told, too.
 * @param outcome.failed `again`: it was told. An Error is known again by itself, a text or a number by its promise only,
 * which several functions may return
 */
export function followOnce(
  result: PromiseLike<unknown>,
  outcome: { done(): void; failed(thrown: unknown, again: boolean): unknown },
): unknown {
  let isDone = false;
  let failure: Failure | undefined;
  const followed = follow(result, {
    done() {
      if (!isDone && failure === undefined) outcome.done();
      isDone = true;
    },
    failed(thrown) {
      const known = failure ?? (isObject(thrown) ? undefined : failures.get(result));
      failure = { thrown };
      failures.set(result, failure);
      failures.set(followed as object, failure);
      return outcome.failed(thrown, known !== undefined && Object.is(known.thrown, thrown));
    },
  });
  return followed;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === 'object' && typeof peek(value, 'then') === 'function';
}

/** One without anything of its own: a promise derived from it is as good. */
function isPlainPromise(value: object): value is Promise<unknown> {
  return (
    types.isPromise(value) &&
    Object.getPrototypeOf(value) === Promise.prototype &&
    Object.getOwnPropertyNames(value).length === 0
  );
}

/** @returns false where it cannot be watched: frozen, a proxy that refuses */
function watch(object: PromiseLike<unknown>, outcome: Outcome): boolean {
  try {
    const count = watched.get(object) ?? 0;
    const then = peek(object, 'then') as Then;
    if (count >= MAX_OUTCOMES) return false;
    const timer = outcome.left && setTimeout(() => outcome.left?.(), LEFT_AFTER_MILLIS).unref();
    own(object, 'then', function (this: unknown, fulfilled?: unknown, rejected?: unknown): unknown {
      clearTimeout(timer);
      return then.call(this, onDone(outcome, fulfilled), onFailed(outcome, fulfilled, rejected));
    });
    // `await` asks a promise for its constructor, and calls the `then` only of those of another one.
    if (types.isPromise(object) && peek(object, 'constructor') === Promise) own(object, 'constructor', Watched);
    watched.set(object, count + 1);
    return true;
  } catch {
    return false;
  }
}

/** The constructor that promises which are watched name; what is derived of them are plain ones. */
class Watched<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
}

function own(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, configurable: true, writable: true, enumerable: false });
}

function tellDone(outcome: Outcome): (value: unknown) => unknown {
  return (value) => {
    outcome.done();
    return value;
  };
}

function onDone(outcome: Outcome, fulfilled: unknown): (value: unknown) => unknown {
  return (value) => {
    outcome.done();
    return typeof fulfilled === 'function' ? fulfilled(value) : value;
  };
}

/** What the outcome makes of a failure goes to the handlers that `then` was called with, as if it had come that way. */
function onFailed(outcome: Outcome, fulfilled: unknown, rejected: unknown): (thrown: unknown) => unknown {
  return (thrown) => {
    let value: unknown;
    try {
      value = outcome.failed(thrown);
    } catch (again) {
      if (typeof rejected === 'function') return rejected(again);
      throw again;
    }
    if (isThenable(value)) return Promise.resolve(value).then(fulfilled as never, rejected as never);
    return typeof fulfilled === 'function' ? fulfilled(value) : value;
  };
}
