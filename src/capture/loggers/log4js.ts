// log4js' events in, log records out. Taken on their way to the appenders, behind the logger's level and behind its look at
// the stack (`useCallStack` counts frames, and would print one of ours).

import { plainTags } from '../../record/limits.ts';
import { isObject, peek } from '../../record/thrown.ts';
import { DEBUG, ERROR, FATAL, INFO, inArguments, TRACE, WARN } from './emit.ts';
import { severityNamed } from './levels.ts';
import { MethodTap, type Told } from './method-tap.ts';
import { loaded } from './on-load.ts';

interface LoggingEvent {
  categoryName: string;
  /** `value` in steps of 10,000: DEBUG, INFO, WARN, ERROR, FATAL. */
  level: { level: number; levelStr: string };
  data: unknown[];
  context: Record<string, unknown>;
}

const tap = new MethodTap();

export const hookLog4js = tap.hook;

/** The part of it that every event goes through is not exported; it is loaded with the rest. */
export function patchLog4js(): void {
  for (const exports of loaded('log4js'))
    if (isObject(exports) && typeof peek(exports, 'onlyOnMaster') === 'function') tap.watch(exports, 'send', tell);
}

function tell(_self: unknown, [{ categoryName, level, data, context }]: [LoggingEvent]): Told {
  return {
    severity: severityNamed(level.levelStr) ?? severityOfValue(level.level),
    words: data[0],
    describe: () => {
      const said = inArguments(data);
      const name = categoryName === 'default' ? undefined : categoryName;
      return { ...said, name, attributes: { ...plainTags(context), ...said.attributes } };
    },
  };
}

/** Of a level of the application's own; MARK, which is above all others, is written always and says nothing of trouble. */
function severityOfValue(value: number): number {
  if (value > 100_000) return INFO;
  if (value >= 50_000) return FATAL;
  if (value >= 40_000) return ERROR;
  if (value >= 30_000) return WARN;
  return value >= 20_000 ? INFO : value >= 10_000 ? DEBUG : TRACE;
}
