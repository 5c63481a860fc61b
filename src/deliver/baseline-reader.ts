// Reads now and then, in the delivery thread, what is usual for the operations of this service, and hands it on. What cannot
// be read (no database yet, no rights) leaves the last that was read in force.

import type { Baseline } from '../record/baseline.ts';
import type { Place, Sink } from './sink.ts';

/** They change once an hour; a process that started before the hour's were made has them soon. */
const EVERY_MILLIS = 180_000;
const FIRST_EVERY_MILLIS = 10_000;

/** @param place looked at anew each time: an SDK may say later who the process is */
export function readBaselines(sink: Sink, place: Place, onBaselines: (baselines: Baseline[]) => void): void {
  let last = '';
  const round = async (): Promise<void> => {
    let wait = FIRST_EVERY_MILLIS;
    try {
      const baselines = await sink.baselines?.(place);
      if (baselines === undefined) return;
      wait = EVERY_MILLIS;
      const text = JSON.stringify(baselines);
      if (text !== last) onBaselines(baselines);
      last = text;
    } catch {
      // Whatever it is, the next write meets it as well and reports it.
    } finally {
      if (sink.baselines !== undefined) setTimeout(() => void round(), wait).unref();
    }
  };
  void round();
}
