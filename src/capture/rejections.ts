// Rejections that nobody handled, where the application listens for them: Node tells its listener alone then, and what that
// prints or leaves out is all that is left of them. In: rejections; out: ERROR rows, since the process goes on. A listener of ours
// stands there only as long as one of the application's does: by itself it would keep Node from ending the process.

import { context } from '@opentelemetry/api';
import { isHangUp } from './frameworks/hang-up.ts';
import type { OccurrenceTracker } from './tracker.ts';

const EVENT = 'unhandledRejection';

/** On ours: a second copy of this file, or a second start, must not take them for the application's. */
const OWN = Symbol.for('rowtrace.rejections');

type Listener = ((...values: unknown[]) => void) & { [OWN]?: true };

/** @returns how to undo it */
export function hookRejections(tracker: OccurrenceTracker): () => void {
  const onRejection: Listener = (reason: unknown): void => {
    try {
      const active = context.active();
      if (isHangUp(reason, active)) return;
      tracker.thrown(reason, {
        context: active,
        level: 'ERROR',
        module: 'process',
        tags: { 'process.unhandled_rejection': true },
      });
    } catch {
      tracker.failed('internal_error');
    }
  };
  onRejection[OWN] = true;
  let stands = false;
  const settle = (coming: number): void => {
    const listeners = process.listeners(EVENT) as unknown as Listener[];
    const theirs = listeners.filter((one) => one[OWN] !== true).length + coming;
    // One more than Node takes for sound it warns of, on the application's stderr.
    const most = process.getMaxListeners();
    const isWanted = theirs > 0 && (most === 0 || listeners.length + coming + (stands ? 0 : 1) <= most);
    if (isWanted === stands) return;
    stands = isWanted;
    // First, so that what they print of it is a further carrier.
    if (isWanted) process.prependListener(EVENT, onRejection);
    else process.removeListener(EVENT, onRejection);
  };
  // Told before it is there, and after it has gone.
  const onNew = (event: unknown, listener: Listener): void => {
    if (event === EVENT && listener[OWN] !== true) settle(1);
  };
  const onRemoved = (event: unknown, listener: Listener): void => {
    if (event !== EVENT) return;
    // By removeAllListeners, perhaps.
    if (listener === onRejection) stands = false;
    else if (listener[OWN] !== true) settle(0);
  };
  settle(0);
  process.on('newListener', onNew);
  process.on('removeListener', onRemoved);
  return () => {
    process.removeListener('newListener', onNew);
    process.removeListener('removeListener', onRemoved);
    process.removeListener(EVENT, onRejection);
  };
}
