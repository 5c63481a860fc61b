// Loggers in, OpenTelemetry log records out: console, pino, winston, bunyan. Each hook hands the Error object along in the
// context, so that the log record and the span that saw the same Error make one row.

import type { LineLogger } from '../otel/lines.ts';
import { BUNYAN_MODULES, hookBunyan, patchBunyan } from './loggers/bunyan.ts';
import { onLoad } from './loggers/on-load.ts';
import { hookPino, PINO_MODULES, patchPino } from './loggers/pino.ts';
import { patchQuickFormat } from './loggers/pino-format.ts';
import { hookWinston, patchWinston, WINSTON_MODULES } from './loggers/winston.ts';

export { type ConsoleMode, hookConsole, isConsoleFrozen } from './loggers/console.ts';
export { hookPino } from './loggers/pino.ts';

/** Packages of loggers that are hooked; an ESM application must import them through the loader hook. */
export const LOGGERS = ['pino', 'winston', 'bunyan'] as const;
export const LOGGER_MODULES = [...PINO_MODULES, ...WINSTON_MODULES, ...BUNYAN_MODULES];

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
  const hooks = { pino: hookPino, winston: hookWinston, bunyan: hookBunyan };
  const undo = LOGGERS.filter((name) => !disabled.includes(name)).map((name) => hooks[name](getLogger(name), lowest));
  // A patched logger without a hook behind it does what it did before.
  undo.push(
    onLoad({
      pino: patchPino,
      'quick-format-unescaped': patchQuickFormat,
      winston: patchWinston,
      bunyan: patchBunyan,
    }),
  );
  return () => {
    for (const one of undo) one();
  };
}
