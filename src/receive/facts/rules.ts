// What the mapping of signals to facts is told: the same options that capture follows in process.

import type { Level } from '../../record/level.ts';
import type { Scrubber } from '../../record/scrub/scrubber.ts';
import type { SlowLimits } from '../../record/slow.ts';
import type { UserIdOptions } from '../../record/user-id.ts';
import type { MetricRules } from './metric-facts.ts';
import type { TraceMemory } from './trace-memory.ts';
import type { UntoldTimes } from './untold-times.ts';

export interface MapRules extends SlowLimits, UserIdOptions, MetricRules {
  /** Lowest level of log records that become rows. */
  level: Level;
  /** Lowest HTTP status that makes a row of its own. */
  statusRows: number;
  /** Share of ordinary calls that are kept, 0 to 1. */
  callSampleRate: number;
  scrubber: Scrubber;
  memory: TraceMemory;
  untold: UntoldTimes;
}
