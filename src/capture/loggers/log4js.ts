// log4js' events in, log records out. Taken on their way to the appenders, behind the logger's level and behind its look at
// the stack (`useCallStack` counts frames, and would print one of ours).

import type { LineLogger } from '../../otel/lines.ts';
import { plainTags } from '../../record/limits.ts';
import { isObject, peek } from '../../record/thrown.ts';
import { replaceMethod } from '../alike.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { unheard } from './console.ts';
import { DEBUG, ERROR, emit, errorAmong, FATAL, INFO, inWords, type Tap, TRACE, WARN } from './emit.ts';
import { severityNamed } from './levels.ts';
import { loaded } from './on-load.ts';

interface LoggingEvent {
  categoryName: string;
  /** `value` in steps of 10,000: DEBUG, INFO, WARN, ERROR, FATAL. */
  level: { level: number; levelStr: string };
  data: unknown[];
  context: Record<string, unknown>;
}

type Send = (this: unknown, event: LoggingEvent) => unknown;

export const LOG4JS_MODULES = ['log4js'];

let tap: Tap | undefined;

/** @returns how to undo it */
export function hookLog4js(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  return () => {
    tap = undefined;
  };
}

const patched = new WeakSet<object>();

/** The part of it that every event goes through is not exported; it is loaded with the rest. */
export function patchLog4js(): void {
  for (const exports of loaded('log4js')) patchClustering(exports);
}

function patchClustering(exports: unknown): void {
  const original = peek(exports, 'send') as Send | undefined;
  if (!isObject(exports) || typeof peek(exports, 'onlyOnMaster') !== 'function' || patched.has(exports)) return;
  if (typeof original !== 'function') return;
  patched.add(exports);
  replaceMethod(exports, 'send', function (this: unknown, event: LoggingEvent) {
    const to = tap;
    if (to === undefined) return original.call(this, event);
    // Its appender `console` prints by console.log.
    const result = unheard(() => original.call(this, event));
    onEvent(to, event);
    return result;
  } as Send);
}

function onEvent(to: Tap, { categoryName, level, data, context }: LoggingEvent): void {
  try {
    const severity = severityNamed(level.levelStr) ?? severityOfValue(level.level);
    if (severity < to.lowest) {
      leaveWords(severity, data[0]);
      return;
    }
    const thrown = errorAmong(data);
    emit(to.logger, {
      severity,
      thrown,
      ...inWords(data, thrown),
      name: categoryName === 'default' ? undefined : categoryName,
      attributes: plainTags(context),
    });
  } catch {
    // log4js' caller must not see our mistakes.
  }
}

/** Of a level of the application's own; MARK, which is above all others, is written always and says nothing of trouble. */
function severityOfValue(value: number): number {
  if (value > 100_000) return INFO;
  if (value >= 50_000) return FATAL;
  if (value >= 40_000) return ERROR;
  if (value >= 30_000) return WARN;
  return value >= 20_000 ? INFO : value >= 10_000 ? DEBUG : TRACE;
}
