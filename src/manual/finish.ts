// Runs something that may return a value or a promise, and says exactly once how it ended. What it returns or throws
// passes through unchanged: the same value, the same promise semantics.

import { peek } from '../record/thrown.ts';

export interface Failure {
  thrown: unknown;
}

export function finish<T>(work: () => T, ended: (failure: Failure | undefined) => void): T {
  let result: T;
  try {
    result = work();
  } catch (thrown) {
    ended({ thrown });
    throw thrown;
  }
  if (!isThenable(result)) {
    ended(undefined);
    return result;
  }
  return result.then(
    (value: unknown) => {
      ended(undefined);
      return value;
    },
    (thrown: unknown) => {
      ended({ thrown });
      throw thrown;
    },
  ) as T;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === 'object' && typeof peek(value, 'then') === 'function';
}
