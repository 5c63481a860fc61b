// What rides in an OpenTelemetry context beside the span. Keys are made once a process, whichever copy of this file (ESM
// or CommonJS) comes first.

import { type Context, context, createContextKey } from '@opentelemetry/api';
import { isObject } from '../record/thrown.ts';

function sharedKey(name: string): symbol {
  const symbol = Symbol.for(name);
  const globals = globalThis as unknown as Record<symbol, symbol | undefined>;
  globals[symbol] ??= createContextKey(name);
  return globals[symbol];
}

/** Under this key our logger hooks and helpers hand over the value thrown: the SDK keeps only its text. */
const THROWN = sharedKey('rowtrace.thrown');
const CARRIED = sharedKey('rowtrace.carried');

export function withThrown(context: Context, value: unknown): Context {
  return new ThrownContext(context, { value });
}

/** One value over another context; the API's own copies all of them, for a context that lives as long as one call. */
class ThrownContext implements Context {
  readonly #below: Context;
  readonly #thrown: { value: unknown };

  constructor(below: Context, thrown: { value: unknown }) {
    this.#below = below;
    this.#thrown = thrown;
  }

  getValue(key: symbol): unknown {
    return key === THROWN ? this.#thrown : this.#below.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    const below = this.#below.setValue(key, value);
    return key === THROWN ? below : new ThrownContext(below, this.#thrown);
  }

  deleteValue(key: symbol): Context {
    const below = this.#below.deleteValue(key);
    return key === THROWN ? below : new ThrownContext(below, this.#thrown);
  }
}

export function thrownOf(context: Context): { value: unknown } | undefined {
  return context.getValue(THROWN) as { value: unknown } | undefined;
}

/** False where no context manager is registered: what runs in a context does not find it again. */
export function keepsContext(): boolean {
  const marked = withThrown(context.active(), keepsContext);
  return context.with(marked, () => thrownOf(context.active())?.value === keepsContext);
}

/** What every row made inside carries; see withContext. */
export interface CarriedContext {
  userId?: string;
  sessionId?: string;
  tags?: Readonly<Record<string, unknown>>;
  /** Itself and those around it, outermost first. Names, not contexts: a loop may go on inside its own for ever. */
  within?: readonly symbol[];
}

/** As many of those around a context are known, the nearest. */
const MOST_WITHIN = 16;

/** Inner values win over outer ones, tag by tag. */
export function withCarried(context: Context, given: CarriedContext): Context {
  const outer = carriedOf(context);
  const within = [...(outer?.within ?? []).slice(1 - MOST_WITHIN), Symbol()];
  return context.setValue(CARRIED, { ...outer, ...given, tags: { ...outer?.tags, ...given.tags }, within });
}

export function carriedOf(context: Context): CarriedContext | undefined {
  return context.getValue(CARRIED) as CarriedContext | undefined;
}

/** By what was thrown: the innermost context that it left. */
const left = sharedMap('rowtrace.left');

function sharedMap(name: string): WeakMap<object, CarriedContext> {
  const symbol = Symbol.for(name);
  const globals = globalThis as unknown as Record<symbol, WeakMap<object, CarriedContext> | undefined>;
  globals[symbol] ??= new WeakMap();
  return globals[symbol];
}

/** Something thrown leaves `context`; whoever catches it further out captures it with what it carries. */
export function noteLeft(thrown: unknown, context: Context): void {
  const carried = carriedOf(context);
  if (!isObject(thrown) || carried === undefined) return;
  // It left one inside of this. (An Error that is made once and thrown again and again leaves others each time.)
  if (left.get(thrown)?.within?.includes(carried.within!.at(-1)!)) return;
  left.set(thrown, carried);
}

/** The context to capture a value in: with what the innermost context that it left carries. */
export function whereThrown(thrown: unknown, context: Context): Context {
  const carried = isObject(thrown) ? left.get(thrown) : undefined;
  return carried === undefined || carried === carriedOf(context) ? context : withCarried(context, carried);
}
