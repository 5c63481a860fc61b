// Loggers in, OpenTelemetry log records out: console, pino, winston, bunyan, log4js, consola, Nest's. Each hook hands the Error
// object along in the context, so that the log record and the span that saw the same Error make one row.

import type { LineLogger } from '../otel/lines.ts';
import { BUNYAN_MODULES, hookBunyan, patchBunyan } from './loggers/bunyan.ts';
import { CONSOLA_MODULES, hookConsola, patchConsola } from './loggers/consola.ts';
import { hookLog4js, LOG4JS_MODULES, patchLog4js } from './loggers/log4js.ts';
import { hookNestLogger, NEST_MODULES, patchNestLogger } from './loggers/nest.ts';
import { onLoad } from './loggers/on-load.ts';
import { hookPino, PINO_MODULES, patchPino } from './loggers/pino.ts';
import { patchQuickFormat } from './loggers/pino-format.ts';
import { hookWinston, patchWinston, WINSTON_MODULES } from './loggers/winston.ts';

export { type ConsoleMode, hookConsole, isConsoleFrozen } from './loggers/console.ts';
export { hookPino } from './loggers/pino.ts';

/** Loggers that are hooked, by their names as instrumentations: the package of each. */
export const LOGGERS = {
  pino: 'pino',
  winston: 'winston',
  bunyan: 'bunyan',
  log4js: 'log4js',
  consola: 'consola',
  'nestjs-common': '@nestjs/common',
} as const;
/** An ESM application must import these through the loader hook. */
export const LOGGER_MODULES = [
  ...PINO_MODULES,
  ...WINSTON_MODULES,
  ...BUNYAN_MODULES,
  ...LOG4JS_MODULES,
  ...CONSOLA_MODULES,
  ...NEST_MODULES,
];

/**
 * @param lowest lowest OpenTelemetry severity number that is of interest
 * @param disabled names of loggers to leave alone
 * @returns how to undo it
 */
export function hookLoggers(
  getLogger: (name: string) => LineLogger,
  lowest: number,
  disabled: readonly string[] = [],
): () => void {
  const hooks = {
    pino: hookPino,
    winston: hookWinston,
    bunyan: hookBunyan,
    log4js: hookLog4js,
    consola: hookConsola,
    'nestjs-common': hookNestLogger,
  };
  const undo = Object.entries(hooks)
    .filter(([name]) => !disabled.includes(name))
    .map(([name, hook]) => hook(getLogger(name), lowest));
  // A patched logger without a hook behind it does what it did before.
  undo.push(
    onLoad({
      pino: patchPino,
      'quick-format-unescaped': patchQuickFormat,
      winston: patchWinston,
      bunyan: patchBunyan,
      log4js: patchLog4js,
      consola: patchConsola,
      '@nestjs/common': patchNestLogger,
    }),
  );
  return () => {
    for (const one of undo) one();
  };
}
