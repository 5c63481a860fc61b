// captureErrors for a block, handleErrors for a function or method: what is thrown is reported, then thrown on or replaced.

import { type CaptureErrorOptions, captureError } from './capture-error.ts';
import { copied } from './emit.ts';
import { followOnce, isThenable } from './finish.ts';
import { type AnyFunction, decorator, type MethodDecorator, wrap } from './wrap.ts';

export interface CaptureErrorsOptions extends Omit<CaptureErrorOptions, 'module'> {
  /** Named on the rows. */
  component?: string | undefined;
}

/**
 * Runs a block; what it throws (or rejects with) is reported and thrown on. With `rethrow: false` it is swallowed, and
 * the result is undefined.
 *
 * ```ts
 * await captureErrors({ component: 'import', rethrow: false }, () => importFile(path));
 * ```
 */
export function captureErrors<T>(options: CaptureErrorsOptions & { rethrow?: true | undefined }, work: () => T): T;
export function captureErrors<T>(
  options: CaptureErrorsOptions & { rethrow: false },
  work: () => T,
): T extends PromiseLike<infer V> ? Promise<V | undefined> : T | undefined;
export function captureErrors<T>(work: () => T): T;
export function captureErrors(
  options: (CaptureErrorsOptions & { rethrow?: boolean }) | (() => unknown),
  work = options as () => unknown,
): unknown {
  const { component, rethrow = true, ...rest } = copied(options as CaptureErrorsOptions & { rethrow?: boolean });
  const report = (thrown: unknown): void => captureError(thrown, { ...rest, module: component ?? 'app' });
  const failed = (thrown: unknown, again: boolean): void => {
    if (!again) report(thrown);
    if (rethrow) throw thrown;
  };
  let result: unknown;
  try {
    result = work();
  } catch (thrown) {
    return failed(thrown, false);
  }
  return isThenable(result) ? followOnce(result, { done: () => {}, failed }) : result;
}

/** What a function comes to: the value itself, of a promise, or returned by a generator. */
export type Outcome<F extends AnyFunction> =
  ReturnType<F> extends Generator<unknown, infer R> | AsyncGenerator<unknown, infer R> ? R : Awaited<ReturnType<F>>;

/** The function with an undefined outcome beside its own. */
export type Forgiving<F extends AnyFunction> = (
  this: ThisParameterType<F>,
  ...values: Parameters<F>
) => ReturnType<F> extends Generator<infer Y, infer R, infer N>
  ? Generator<Y, R | undefined, N>
  : ReturnType<F> extends AsyncGenerator<infer Y, infer R, infer N>
    ? AsyncGenerator<Y, R | undefined, N>
    : ReturnType<F> extends PromiseLike<infer V>
      ? Promise<V | undefined>
      : ReturnType<F> | undefined;

export interface HandleErrorsOptions<Result = unknown> extends CaptureErrorOptions {
  /** Returned (or, for a function, what it returns is) instead of throwing on. */
  fallback?: Result | ((thrown: unknown) => Result | PromiseLike<Result>);
  /** Default: true without a fallback, false with one. */
  rethrow?: boolean | undefined;
}

/**
 * A function that reports what it throws. Given options only, a decorator of methods (standard and legacy).
 *
 * ```ts
 * const price = handleErrors(loadPrice, { fallback: 0 });
 * class Clinic { @handleErrors({ module: 'clinic' }) async open() { … } }
 * ```
 */
export function handleErrors<F extends AnyFunction>(
  work: F,
  options: CaptureErrorOptions & { rethrow: false; fallback?: undefined },
): Forgiving<F>;
export function handleErrors<F extends AnyFunction>(work: F, options?: HandleErrorsOptions<Outcome<F>>): F;
export function handleErrors(options?: HandleErrorsOptions): MethodDecorator;
export function handleErrors(
  given?: AnyFunction | HandleErrorsOptions,
  options?: HandleErrorsOptions,
): AnyFunction | MethodDecorator {
  if (typeof given === 'function') return handling(given, given.name, options);
  return decorator((method, name) => handling(method, name, given));
}

function handling(work: AnyFunction, name: string, options?: HandleErrorsOptions): AnyFunction {
  const given = copied(options);
  const { fallback, rethrow = !('fallback' in given), ...rest } = given;
  return wrap(work, {
    failed(thrown, _token, again) {
      if (!again) captureError(thrown, { functionName: name || undefined, ...rest });
      if (rethrow) throw thrown;
      return typeof fallback === 'function' ? fallback(thrown) : fallback;
    },
  });
}
