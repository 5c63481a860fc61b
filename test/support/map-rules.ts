// What the mapping of signals is told when nothing is configured, without a receiver around it.

import { CumulativeStreams } from '../../src/receive/facts/cumulative.ts';
import { OperationBounds } from '../../src/receive/facts/latencies.ts';
import { MeasuredSpans } from '../../src/receive/facts/measured-spans.ts';
import type { MapRules } from '../../src/receive/facts/rules.ts';
import { MeasuredByMetrics } from '../../src/receive/facts/span-latencies.ts';
import { TraceMemory } from '../../src/receive/facts/trace-memory.ts';
import { UntoldTimes } from '../../src/receive/facts/untold-times.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';

export function mapRules(): MapRules {
  return {
    level: 'WARNING',
    statusRows: 500,
    slowServerMillis: 2000,
    slowClientMillis: 1000,
    slowDbMillis: 500,
    slowMillis: {},
    userId: 'plain',
    scrubber: createScrubber(),
    callSampleRate: 0.05,
    memory: new TraceMemory(),
    untold: new UntoldTimes(),
    streams: new CumulativeStreams(0),
    bounds: new OperationBounds(createScrubber()),
    measured: new MeasuredByMetrics(),
    spans: new MeasuredSpans(),
    refuseOthers: false,
    now: Date.now,
  };
}
