// One operation as a report: its rows, percentiles, the distribution as bars with a trace of each, and the slowest calls.

import type { OperationLatency } from '../query/latency.ts';
import { type Distribution, type Exemplar, QUANTILES, type SlowCall } from '../query/operation-latency.ts';
import { type Report, tableBlock } from './output/blocks.ts';
import { latencyColumns } from './output/columns.ts';
import { count, latency, shortTime } from './output/format.ts';
import type { Column } from './output/table.ts';

export interface OperationFindings {
  operation: string;
  operations: readonly OperationLatency[];
  distribution: Distribution;
  exemplars: readonly Exemplar[];
  calls: readonly SlowCall[];
}

export function operationReport({ operation, operations, distribution, exemplars, calls }: OperationFindings): Report {
  const names = QUANTILES.map((q) => (q === 1 ? 'max' : `p${+(q * 100).toFixed(1)}`));
  return {
    title: 'Latency',
    headline: operation,
    blocks: [
      tableBlock(undefined, operations, latencyColumns()),
      {
        kind: 'facts',
        title: 'Percentiles',
        facts: names.map((name, at) => [name, latency(distribution.quantiles_ms[at])]),
      },
      tableBlock('Distribution', barsOf(distribution, exemplars), BAR_COLUMNS),
      tableBlock('Slowest calls that were kept', calls, CALL_COLUMNS),
    ],
  };
}

export interface Bar {
  upper_ms: number;
  count: number;
  share: number;
  drawn: string;
  example?: Exemplar;
}

const MOST_BARS = 24;
const BAR_WIDTH = 30;

/** Neighbouring buckets are joined until a screen holds them; empty ones between stay, since a gap is what one looks for. */
export function barsOf({ scale, count, buckets }: Distribution, exemplars: readonly Exemplar[]): Bar[] {
  const indexOf = (upperMillis: number) => Math.round(Math.log2(upperMillis / 1000) * 2 ** scale) - 1;
  const counts = new Map<number, number>();
  for (const bucket of buckets) if (bucket.upper_ms > 0) counts.set(indexOf(bucket.upper_ms), bucket.count);
  const zeros = buckets.find(({ upper_ms }) => upper_ms === 0)?.count ?? 0;
  const first = Math.min(...counts.keys());
  const last = Math.max(...counts.keys());
  let joined = 0;
  while (counts.size > 0 && (last >> joined) - (first >> joined) >= MOST_BARS) joined++;

  const bars: Omit<Bar, 'drawn' | 'share'>[] = zeros > 0 ? [{ upper_ms: 0, count: zeros }] : [];
  let lower = 0;
  for (let cell = first >> joined; counts.size > 0 && cell <= last >> joined; cell++) {
    const upper = 1000 * 2 ** ((cell + 1) * 2 ** (joined - scale));
    let sum = 0;
    for (const [index, n] of counts) if (index >> joined === cell) sum += n;
    const inside = exemplars.filter(({ latency_ms }) => latency_ms > lower && latency_ms <= upper);
    // The one to look at: with errors if there are any, else the newest.
    const example = sum > 0 ? (inside.find(({ errors }) => errors > 0) ?? inside[0]) : undefined;
    bars.push({ upper_ms: upper, count: sum, ...(example && { example }) });
    lower = upper;
  }
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  return bars.map((bar) => ({ ...bar, share: bar.count / count, drawn: draw(bar.count / most) }));
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** What is there at all is seen. */
function draw(share: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * BAR_WIDTH * 8)) : 0;
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

const BAR_COLUMNS: Column<Bar>[] = [
  { title: 'UP TO', value: ({ upper_ms }) => latency(upper_ms), align: 'right' },
  { title: 'COUNT', value: (bar) => count(bar.count), align: 'right' },
  { title: 'SHARE', value: ({ share }) => (share > 0 ? `${(share * 100).toFixed(1)} %` : ''), align: 'right', drop: 2 },
  { title: '', value: ({ drawn }) => drawn, min: 10 },
  { title: 'TRACE', value: ({ example }) => example?.trace_id, drop: 1 },
  { title: 'ERRORS', value: ({ example }) => example?.errors || '', align: 'right', drop: 3 },
];

const CALL_COLUMNS: Column<SlowCall>[] = [
  { title: 'TIME', value: ({ created_at }) => shortTime(created_at) },
  { title: 'TOOK', value: ({ latency_ms }) => latency(latency_ms), align: 'right' },
  { title: 'CALL', value: (call) => [call.http_method, call.route].filter(Boolean).join(' '), min: 12 },
  { title: 'PEER', value: ({ peer }) => peer, min: 8, drop: 4 },
  { title: 'STATUS', value: ({ http_status }) => http_status, align: 'right', drop: 3 },
  { title: 'REQUEST', value: ({ request_id }) => request_id, min: 8, drop: 2 },
  { title: 'TRACE', value: ({ trace_id }) => trace_id, drop: 1 },
];
