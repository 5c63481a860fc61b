// What a logger's hook makes of calls, in process: facts as short rows.

import type { LineLogger } from '../../../src/otel/lines.ts';
import type { LogFact } from '../../../src/record/fact.ts';
import { captureBench } from '../../support/capture.ts';

export type Row = [
  level: string,
  message: string,
  template: string | undefined,
  error: string | undefined,
  module: string | undefined,
  tags: object,
];

type Method = (...values: unknown[]) => Log;

/** The methods that the calls of a test use, of whatever logger. */
export interface Log {
  log: Method;
  info: Method;
  warn: Method;
  error: Method;
  fatal: Method;
  emerg: Method;
  child: Method;
}

/** A bench whose `getLogger` is what hooks are given, and the rows since the last look. */
export function loggerBench() {
  const bench = captureBench({ level: 'WARNING' });
  let from = 0;
  return {
    ...bench,
    getLogger: (name: string): LineLogger => bench.loggers.getLogger(name) as unknown as LineLogger,
    rows(): Row[] {
      const facts = bench.facts.slice(from).filter((fact): fact is LogFact => fact.k === 'log');
      from = bench.facts.length;
      return facts.map(({ level, message, template, error, module, tags }) => [
        level,
        message,
        template,
        error && `${error.type}: ${error.message}`,
        module,
        tags ?? {},
      ]);
    },
  };
}
