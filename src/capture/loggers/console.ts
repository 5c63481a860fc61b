// console.error and console.warn in, log records out. What is printed stays as it is.

import { types } from 'node:util';
import { context } from '@opentelemetry/api';
import type { LineLogger } from '../../otel/lines.ts';
import { stateOfContext } from '../../otel/request-state.ts';
import { faultOfClient, isErrorLike, peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { isRouterAnswer } from '../frameworks/react-router.ts';
import { isAnsweredByFramework, isLeftToFramework, unhandledOfStack } from '../frameworks/seam.ts';
import { isCopyOfText } from '../frameworks/sveltekit.ts';
import { ERROR, emit, inWords, WARN } from './emit.ts';
import { printedStack } from './printed-stack.ts';

const severities = { error: ERROR, warn: WARN };

export type ConsoleMode = 'errors' | 'all' | 'off';

/** Nobody can wrap it: --frozen-intrinsics. */
export function isConsoleFrozen(): boolean {
  return Object.isFrozen(console);
}

/**
 * Express prints each error that nobody handles, bad JSON and missing files of any bot among them: its answer says what they
 * are. What an error handler prints is the application's to judge; an answer of another service that went on as an error has a
 * status, too. `expose` is how http-errors marks what is meant for the client.
 */
function isForTheClient(thrown: Error | undefined): boolean {
  const status = faultOfClient(thrown);
  if (status === undefined) return false;
  // Of a call that this request made.
  if (stateOfContext(context.active())?.request.refusals?.has(status)) return false;
  return isAnsweredByFramework(thrown) || (peek(thrown, 'expose') === true && isLeftToFramework(thrown));
}

/** An Error behind a proxy has no stack to be read; console prints it as the Error it is. */
function isThrown(value: unknown): value is Error {
  return isErrorLike(value) || (types.isProxy(value) && value instanceof Error);
}

/** What Nitro and h3 1 print before an error that they answer: no words of the programmer's, and a URL among them. */
const NITRO = /^\[request error\] (?:\[\w+\] ?)*\[[A-Z]+\] \S+\s*$|^\[h3\] \[(?:unhandled|fatal)\]$/;

function isOfNitro(values: readonly unknown[]): boolean {
  const words = values.slice(0, -1);
  return words.every((word) => typeof word === 'string') && NITRO.test(words.join(' '));
}

/** What is printed now is a record already. */
let busy = false;

/** For a logger that prints by console what its own hook tells. */
export function unheard<T>(print: () => T): T {
  const before = busy;
  busy = true;
  try {
    return print();
  } finally {
    busy = before;
  }
}

/**
 * Wraps console.error and console.warn.
 *
 * @param isReplaced once, by the runtime that loads the application: what it puts there is wrapped in turn
 * @returns how to undo it
 */
export function hookConsole(logger: LineLogger, mode: ConsoleMode, isReplaced = false): () => void {
  if (mode === 'off' || isConsoleFrozen()) return () => {};
  const undo = (['error', 'warn'] as const).map((method) => {
    const wrap = (print: typeof console.error) =>
      alike(function (this: unknown, ...values: unknown[]): void {
        print.apply(this, values);
        // What a processor prints while it handles our record must not come back to it.
        if (busy) return;
        busy = true;
        try {
          const given = values.find(isThrown);
          if (given !== undefined && isRouterAnswer(given)) return;
          const [first] = values;
          const printed = given === undefined && typeof first === 'string' ? unhandledOfStack(first) : undefined;
          const thrown = given ?? printed;
          const severity = isForTheClient(thrown) ? WARN : severities[method];
          const stack = thrown === undefined ? printedStack(values) : undefined;
          if (stack !== undefined && isCopyOfText(stack.attributes['exception.message'])) return;
          if (stack !== undefined) emit(logger, { severity, attributes: stack.attributes, ...inWords(stack.words) });
          else if (thrown !== undefined || mode !== 'errors')
            emit(logger, {
              severity,
              thrown,
              ...(printed === undefined && !isOfNitro(values) ? inWords(values, thrown) : {}),
            });
        } catch {
          // console must not throw because of us.
        } finally {
          busy = false;
        }
      }, print);
    let original = console[method];
    let wrapped = wrap(original);
    const property = (value: unknown) => ({ value, writable: true, enumerable: true, configurable: true });
    if (isReplaced)
      Object.defineProperty(console, method, {
        get: () => wrapped,
        set(given) {
          original = given;
          wrapped = wrap(given);
          Object.defineProperty(console, method, property(wrapped));
        },
        enumerable: true,
        configurable: true,
      });
    else console[method] = wrapped;
    return () => {
      if (console[method] === wrapped) Object.defineProperty(console, method, property(original));
    };
  });
  return () => {
    for (const one of undo) one();
  };
}
