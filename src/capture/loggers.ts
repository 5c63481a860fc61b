// Loggers in, OpenTelemetry log records out: console, pino, winston, bunyan, log4js, consola, Nest's. Each hook hands the Error
// object along in the context, so that the log record and the span that saw the same Error make one row.

import type { LineLogger } from '../otel/lines.ts';
import { hookBunyan, patchBunyan } from './loggers/bunyan.ts';
import { hookConsola, patchConsola } from './loggers/consola.ts';
import { hookLog4js, patchLog4js } from './loggers/log4js.ts';
import { hookNestLogger, patchNestLogger } from './loggers/nest.ts';
import { onLoad, type Patch } from './loggers/on-load.ts';
import { hookPino, patchPino } from './loggers/pino.ts';
import { patchQuickFormat } from './loggers/pino-format.ts';
import { hookWinston, patchWinston } from './loggers/winston.ts';

export { type ConsoleMode, hookConsole, isConsoleFrozen } from './loggers/console.ts';
export { hookPino } from './loggers/pino.ts';

interface LoggerHook {
  /** @returns how to undo it */
  hook: (logger: LineLogger, lowest: number) => () => void;
  /** By module, the package itself first. */
  patches: Readonly<Record<string, Patch>>;
}

/** By their names as instrumentations. A patched logger without a hook behind it does what it did before. */
const HOOKS: Readonly<Record<string, LoggerHook>> = {
  pino: { hook: hookPino, patches: { pino: patchPino, 'quick-format-unescaped': patchQuickFormat } },
  winston: { hook: hookWinston, patches: { winston: patchWinston } },
  bunyan: { hook: hookBunyan, patches: { bunyan: patchBunyan } },
  log4js: { hook: hookLog4js, patches: { log4js: patchLog4js } },
  consola: { hook: hookConsola, patches: { consola: patchConsola } },
  'nestjs-common': { hook: hookNestLogger, patches: { '@nestjs/common': patchNestLogger } },
};
const PATCHES: Readonly<Record<string, Patch>> = Object.assign(
  {},
  ...Object.values(HOOKS).map(({ patches }) => patches),
);

/** Names of loggers, and the package of each. */
export const LOGGERS = Object.entries(HOOKS).map(([name, { patches }]) => ({ name, module: Object.keys(patches)[0]! }));
/** An ESM application must import these through the loader hook. */
export const LOGGER_MODULES = Object.keys(PATCHES);

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
  const undo = Object.entries(HOOKS)
    .filter(([name]) => !disabled.includes(name))
    .map(([name, { hook }]) => hook(getLogger(name), lowest));
  undo.push(onLoad(PATCHES));
  return () => {
    for (const one of undo) one();
  };
}
