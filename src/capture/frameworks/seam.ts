// What a hook into a framework has to say, and where it goes: the route of the request, and errors that the framework
// catches. No spans: the request's own is there already. A hook that is switched off stays in place and does nothing.

import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import { withThrown } from '../../otel/context-keys.ts';
import { logsApi } from '../../otel/lines.ts';
import { isClientFault, isObject, peek } from '../../record/thrown.ts';
import { Marks } from '../../util/marks.ts';
import { isHangUp } from './hang-up.ts';

const WARN = 13;
const ERROR = 17;

/** The status that an error says to be answered with: below 500 that is an answer, and nothing failed. */
export function isAnswer(status: unknown): boolean {
  return typeof status === 'number' && status < 500;
}

const seams = new Map<string, Seam>();
/** Errors that came out of handlers. */
const left = new Marks<true>();
/** Those that no error handler took. */
const unhandled = new Marks<true>();

/** Whether a framework has to deal with it: what is printed of it then are no words of the programmer's. */
export function isLeftToFramework(error: unknown): boolean {
  return isObject(error) && left.has(error);
}

/** Whether the framework answers it by itself: whatever is printed of it from now on, the framework prints. */
export function isAnsweredByFramework(error: unknown): boolean {
  return isObject(error) && unhandled.has(error);
}

/** The latest of them, weakly: for one that is printed as a text. */
const latest: WeakRef<object>[] = [];
const MOST_LATEST = 16;

/** Told before the framework answers. */
export function noteUnhandled(error: unknown): void {
  if (!isObject(error) || unhandled.has(error)) return;
  unhandled.set(error, true);
  if (latest.push(new WeakRef(error)) > MOST_LATEST) latest.shift();
}

/** The error whose stack `text` is: Express 4 prints it so. */
export function unhandledOfStack(text: string): Error | undefined {
  return latest.map((one) => one.deref()).findLast((error) => peek(error, 'stack') === text) as Error | undefined;
}

/** One a framework: what was patched for it in this process stays so, and is switched on again by the next start. */
export function seamOf(framework: string): Seam {
  let seam = seams.get(framework);
  if (seam === undefined) {
    seam = new Seam(framework);
    seams.set(framework, seam);
  }
  return seam;
}

export class Seam {
  readonly framework: string;
  active = true;
  /** Where an error was last seen: further out it has nothing new to tell. */
  readonly #seen = new Marks<Span>();
  readonly #origins = new Marks<object>();

  constructor(framework: string) {
    this.framework = framework;
  }

  /**
   * The pattern that matched, as soon as it is known: log records made after this carry it. Never throws.
   *
   * @param owner context of the request that matched; none where it is not the server's
   */
  route(pattern: unknown, owner: Context | undefined): void {
    if (!this.active || owner === undefined) return;
    if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) return;
    const rpc = getRPCMetadata(owner);
    // Read at the end of the request, for the span and for its histogram.
    if (rpc?.type === RPCType.HTTP) rpc.route = String(pattern);
  }

  /** A framework made `mapped` of an error, and went on with that. */
  standsFor(mapped: object, origin: object): void {
    if (mapped !== origin) this.#origins.set(mapped, origin);
  }

  /**
   * An error on its way to whoever answers for it; the object is its identity, so it may come by often. Never throws.
   *
   * @param asked somebody asks, though there is no span of a request
   */
  thrown(told: unknown, active = context.active(), asked = false): void {
    if (!this.active || told === undefined || told === null) return;
    const error = (isObject(told) && this.#origins.get(told)) || told;
    try {
      if (isHangUp(error, active)) return;
      const span: Span | undefined = getRPCMetadata(active)?.span ?? trace.getSpan(active);
      if (span?.isRecording()) {
        if (isObject(error)) {
          if (this.#seen.get(error) === span) return;
          this.#seen.set(error, span);
          left.set(error, true);
        }
        span.recordException(error as Error);
      }
      // The answer is out, or there is no request: a log record needs no span.
      else this.#emit(error, active, asked || span !== undefined);
    } catch {
      // The application's own error handling goes on as if we were not there.
    }
  }

  #emit(error: unknown, active: Context, isRequest: boolean): void {
    logsApi()
      .getLogger(this.framework)
      .emit({
        // Without a request there is no client that could be at fault.
        severityNumber: isRequest && isClientFault(error) ? WARN : ERROR,
        body: String(peek(error, 'message') ?? error),
        context: withThrown(active, error),
      });
  }

  /**
   * `handler` as before, and what it throws or rejects with comes by here. Own properties, name and length stay.
   *
   * @param isFailure whether what is thrown tells of one; default: all does
   */
  watch<T>(handler: T, isFailure: (thrown: unknown) => boolean = () => true): T {
    // Koa 2 asks a generator function for what it is; a proxy cannot answer that.
    if (typeof handler !== 'function' || peek(peek(handler, 'constructor'), 'name') === 'GeneratorFunction')
      return handler;
    return new Proxy(handler as T & ((...values: unknown[]) => unknown), {
      apply: (target, self, values) => {
        try {
          const result = Reflect.apply(target, self, values);
          if (!isPromise(result)) return result;
          // Not beside the caller's own handling: the rejection would count as handled, whether the caller does or not.
          return result.then(undefined, (error: unknown) => {
            if (isFailure(error)) this.thrown(error);
            throw error;
          });
        } catch (error) {
          if (isFailure(error)) this.thrown(error);
          throw error;
        }
      },
    });
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
