// The hooks on the process that feed a pipe: loggers, crashes, rejections, its end. The same behind our own SDK and a user's.

import { hookCrashes } from './capture/crash.ts';
import { hookConsole, hookLoggers } from './capture/loggers.ts';
import { hookRejections } from './capture/rejections.ts';
import { hookThreads } from './capture/thread-errors.ts';
import { hookEndOfProcess } from './options/end-of-process.ts';
import { isLambda } from './options/hosts.ts';
import type { Options } from './options/options.ts';
import { readOtelEnvironment } from './options/otel-env.ts';
import { logsApi } from './otel/lines.ts';
import type { Pipeline } from './pipeline.ts';
import { severityOfLevel } from './record/level.ts';

/** To be called once the providers are registered. @returns how to undo it */
export function hookProcess(pipeline: Pipeline, options: Options): () => void {
  const logs = logsApi();
  const { disabledInstrumentations } = readOtelEnvironment();
  const undo = [
    hookConsole(logs.getLogger('console'), options.console, isLambda(process.env)),
    hookLoggers((name) => logs.getLogger(name), severityOfLevel(options.level), disabledInstrumentations),
    hookCrashes(pipeline.tracker),
    hookRejections(pipeline.tracker),
    hookThreads(pipeline.tracker),
    hookEndOfProcess({
      beforeExit: () => void pipeline.collect(),
      exit: () => pipeline.flushSync(options.exitTimeoutMillis),
      // With the option only: without it no signal handler is installed at all.
      terminate: options.flushOnSigterm ? () => pipeline.flush(options.exitTimeoutMillis) : undefined,
    }),
  ];
  return () => {
    for (const one of undo) one();
  };
}
