// Wraps functions of all four kinds (plain, promise-returning, generator, async generator), keeping `this`, arguments,
// name and length; and lets the wrapping be used as a decorator, standard (TC39) and legacy (TypeScript) alike.

import { followOnce, isThenable } from './finish.ts';

// biome-ignore lint/suspicious/noExplicitAny: a function of any shape, given back in the same shape.
export type AnyFunction = (...values: any[]) => any;

export interface Around {
  /** Before the body runs. */
  enter?(values: unknown[]): unknown;
  /**
   * The body threw. What this returns is the result, unless it throws; `token` is what `enter` returned. `again`: a promise
   * that is asked for more than once has told so before.
   */
  failed(thrown: unknown, token: unknown, again: boolean): unknown;
  /** The body ended well; a generator that its caller leaves early does. */
  done?(token: unknown): void;
}

export function wrap<F extends AnyFunction>(original: F, around: Around): F {
  const kind = Object.prototype.toString.call(original);
  const wrapped =
    kind === '[object GeneratorFunction]'
      ? generator(original, around)
      : kind === '[object AsyncGeneratorFunction]'
        ? asyncGenerator(original, around)
        : plain(original, around);
  for (const key of ['name', 'length'] as const)
    Object.defineProperty(wrapped, key, { value: original[key], configurable: true });
  return wrapped as F;
}

function plain(original: AnyFunction, around: Around): AnyFunction {
  return function (this: unknown, ...values: unknown[]): unknown {
    const token = around.enter?.(values);
    let result: unknown;
    try {
      result = original.apply(this, values);
    } catch (thrown) {
      return around.failed(thrown, token, false);
    }
    // Most results are plain values: for those nothing is made.
    if (!isThenable(result)) {
      around.done?.(token);
      return result;
    }
    return followOnce(result, {
      done: () => around.done?.(token),
      failed: (thrown, again) => around.failed(thrown, token, again),
    });
  };
}

function generator(original: AnyFunction, around: Around): AnyFunction {
  return function* (this: unknown, ...values: unknown[]): Generator {
    const token = around.enter?.(values);
    let failed = false;
    try {
      return yield* original.apply(this, values);
    } catch (thrown) {
      failed = true;
      return around.failed(thrown, token, false);
    } finally {
      if (!failed) around.done?.(token);
    }
  };
}

function asyncGenerator(original: AnyFunction, around: Around): AnyFunction {
  return async function* (this: unknown, ...values: unknown[]): AsyncGenerator {
    const token = around.enter?.(values);
    let failed = false;
    try {
      return yield* original.apply(this, values);
    } catch (thrown) {
      failed = true;
      return around.failed(thrown, token, false);
    } finally {
      if (!failed) around.done?.(token);
    }
  };
}

export interface MethodDecorator {
  <F extends AnyFunction>(method: F, context: ClassMethodDecoratorContext): F;
  <F extends AnyFunction>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>;
}

/**
 * Standard decorators are called with (method, context), legacy ones with (target, key, descriptor). What is no method
 * (plain JavaScript decorates fields and classes, too) stays as it is.
 */
export function decorator(wrapMethod: (method: AnyFunction, name: string) => AnyFunction): MethodDecorator {
  return ((...given: unknown[]) => {
    if (typeof given[1] === 'object') {
      const [method, { kind, name }] = given as [unknown, DecoratorContext];
      return typeof method === 'function' && kind !== 'class'
        ? wrapMethod(method as AnyFunction, String(name))
        : undefined;
    }
    const [, key, descriptor] = given as [object, string | symbol, TypedPropertyDescriptor<AnyFunction> | undefined];
    if (typeof descriptor?.value !== 'function') return descriptor;
    return { ...descriptor, value: wrapMethod(descriptor.value, String(key)) };
  }) as MethodDecorator;
}
