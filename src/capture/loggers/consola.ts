// consola's records in, log records out. Taken where consola hands one to its reporters: what its level or its throttle
// holds back does not come by.

import type { LineLogger } from '../../otel/lines.ts';
import { isObject, peek } from '../../record/thrown.ts';
import { replaceMethod } from '../alike.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { unheard } from './console.ts';
import { DEBUG, ERROR, emit, errorAmong, FATAL, INFO, inWords, type Tap, WARN } from './emit.ts';

interface LogObject {
  /** 0 error and fatal, 1 warn, 2 and 3 info, 4 debug. */
  level: number;
  type: string;
  tag: string;
  args: unknown[];
}

type Log = (this: unknown, record: LogObject) => unknown;

export const CONSOLA_MODULES = ['consola'];

let tap: Tap | undefined;

/** @returns how to undo it */
export function hookConsola(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  return () => {
    tap = undefined;
  };
}

const patched = new WeakSet<object>();

/** @param exports the instance that the package makes itself, as its default export or with it */
export function patchConsola(exports: unknown): void {
  const instance = peek(exports, 'consola') ?? exports;
  const prototype = isObject(instance) ? Object.getPrototypeOf(instance) : undefined;
  const original = peek(prototype, '_log') as Log | undefined;
  if (typeof original !== 'function' || patched.has(prototype)) return;
  patched.add(prototype);
  replaceMethod(prototype, '_log', function (this: unknown, record: LogObject) {
    const to = tap;
    if (to === undefined) return original.call(this, record);
    const result = unheard(() => original.call(this, record));
    onRecord(to, record);
    return result;
  } as Log);
}

function onRecord(to: Tap, { level, type, tag, args }: LogObject): void {
  try {
    const severity = severityOf(level, type);
    if (severity < to.lowest) {
      leaveWords(severity, args[0]);
      return;
    }
    const thrown = errorAmong(args);
    emit(to.logger, { severity, thrown, ...inWords(args, thrown), name: tag === '' ? undefined : tag });
  } catch {
    // consola's caller must not see our mistakes.
  }
}

function severityOf(level: number, type: string): number {
  if (level <= 0) return type === 'fatal' ? FATAL : ERROR;
  if (level <= 1) return WARN;
  return level <= 3 ? INFO : DEBUG;
}
