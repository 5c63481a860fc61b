// Wraps functions of all four kinds (plain, promise-returning, generator, async generator), keeping `this`, arguments,
// name and length; and lets the wrapping be used as a decorator, standard (TC39) and legacy (TypeScript) alike.

import { follow, isThenable } from './finish.ts';

// biome-ignore lint/suspicious/noExplicitAny: a function of any shape, given back in the same shape.
export type AnyFunction = (...values: any[]) => any;

export interface Around {
  /** Before the body runs. */
  enter?(values: unknown[]): unknown;
  /** The body threw. What this returns is the result, unless it throws; `token` is what `enter` returned. */
  failed(thrown: unknown, token: unknown): unknown;
  /** The body ended well. */
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
      return around.failed(thrown, token);
    }
    // Most results are plain values: for those nothing is made.
    if (!isThenable(result)) {
      around.done?.(token);
      return result;
    }
    return follow(result, { done: () => around.done?.(token), failed: (thrown) => around.failed(thrown, token) });
  };
}

function generator(original: AnyFunction, around: Around): AnyFunction {
  return function* (this: unknown, ...values: unknown[]): Generator {
    const token = around.enter?.(values);
    try {
      const result: unknown = yield* original.apply(this, values);
      around.done?.(token);
      return result;
    } catch (thrown) {
      return around.failed(thrown, token);
    }
  };
}

function asyncGenerator(original: AnyFunction, around: Around): AnyFunction {
  return async function* (this: unknown, ...values: unknown[]): AsyncGenerator {
    const token = around.enter?.(values);
    try {
      const result: unknown = yield* original.apply(this, values);
      around.done?.(token);
      return result;
    } catch (thrown) {
      return around.failed(thrown, token);
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

/** Standard decorators are called with (method, context), legacy ones with (target, key, descriptor). */
export function decorator(wrapMethod: (method: AnyFunction, name: string) => AnyFunction): MethodDecorator {
  return ((...given: unknown[]) => {
    if (given.length === 2) {
      const [method, context] = given as [AnyFunction, ClassMethodDecoratorContext];
      return wrapMethod(method, String(context.name));
    }
    const [, key, descriptor] = given as [object, string | symbol, TypedPropertyDescriptor<AnyFunction>];
    return { ...descriptor, value: wrapMethod(descriptor.value!, String(key)) };
  }) as MethodDecorator;
}
