// Uncaught exceptions and unhandled rejections in, CRITICAL rows out. uncaughtExceptionMonitor observes without taking
// part: Node prints and exits exactly as it would without us. A listener that threw would turn exit code 1 into 7.

import { context } from '@opentelemetry/api';
import { noteUncaught } from './frameworks/server-requests.ts';
import type { OccurrenceTracker } from './tracker.ts';

/** @returns how to undo it */
export function hookCrashes(tracker: OccurrenceTracker): () => void {
  const onCrash = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    try {
      noteUncaught(thrown);
      // AsyncLocalStorage is intact here (verified for timers, promises, emitters on Node 20 and 24): route and request
      // id of the request that crashed the process are on the row.
      tracker.thrown(thrown, {
        context: context.active(),
        level: 'CRITICAL',
        module: 'process',
        tags: { 'process.crash.origin': origin },
      });
    } catch {
      tracker.failed('internal_error');
    }
  };
  process.on('uncaughtExceptionMonitor', onCrash);
  return () => process.removeListener('uncaughtExceptionMonitor', onCrash);
}
