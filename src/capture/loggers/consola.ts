// consola's records in, log records out. Taken where consola hands one to its reporters: what its level or its throttle
// holds back does not come by.

import { isObject, peek } from '../../record/thrown.ts';
import { DEBUG, ERROR, FATAL, INFO, inArguments, WARN } from './emit.ts';
import { MethodTap, type Told } from './method-tap.ts';

interface LogObject {
  /** 0 error and fatal, 1 warn, 2 and 3 info, 4 debug. */
  level: number;
  type: string;
  tag: string;
  args: unknown[];
}

const tap = new MethodTap();

export const hookConsola = tap.hook;

/** @param exports the instance that the package makes itself, as its default export or with it */
export function patchConsola(exports: unknown): void {
  const instance = peek(exports, 'consola') ?? exports;
  if (isObject(instance)) tap.watch(Object.getPrototypeOf(instance), '_log', tell);
}

function tell(_self: unknown, [{ level, type, tag, args }]: [LogObject]): Told {
  return {
    severity: severityOf(level, type),
    words: args[0],
    describe: () => ({ ...inArguments(args), name: tag === '' ? undefined : tag }),
  };
}

function severityOf(level: number, type: string): number {
  if (level <= 0) return type === 'fatal' ? FATAL : ERROR;
  if (level <= 1) return WARN;
  return level <= 3 ? INFO : DEBUG;
}
