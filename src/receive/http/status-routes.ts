// For those who watch the receiver: alive, ready, and numbers in Prometheus' text format.

import type { Counters } from '../counters.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Budget } from './budget.ts';
import { HttpError } from './http-error.ts';
import type { Answer, Route } from './server.ts';

/** What is known of delivery; a rise of `pendingBytes` is a database that does not keep up, or is away. */
export interface DeliveryNumbers {
  state: string;
  stored: number;
  duplicates: number;
  merged: number;
  deadLettered: number;
  held: number;
  pendingBytes: number;
}

export interface StatusOptions {
  counters: Counters;
  budget: Budget;
  delivery: () => DeliveryNumbers | undefined;
  /** Why nothing can be taken now; undefined: all is well. */
  notReady: () => string | undefined;
  /** Where keys are asked for, numbers need one with scope `read`. */
  keys?: KeyRing | undefined;
}

export function statusRoutes(options: StatusOptions): Record<string, Route> {
  const text = (status: number, body: string): Answer => ({ status, contentType: 'text/plain; charset=utf-8', body });
  return {
    '/health/live': { method: 'GET', handle: () => text(200, 'live\n') },
    '/health/ready': {
      method: 'GET',
      handle: () => {
        const why = options.notReady();
        if (why !== undefined) throw new HttpError(503, why, { retryAfter: 5 });
        return text(200, 'ready\n');
      },
    },
    '/metrics': {
      method: 'GET',
      handle: async (request) => {
        await options.keys?.check(request, 'read');
        const contentType = 'text/plain; version=0.0.4; charset=utf-8';
        return { status: 200, contentType, body: renderMetrics(options) };
      },
    },
  };
}

type Sample = readonly [labels: string, value: number];

function renderMetrics({ counters, budget, delivery }: StatusOptions): string {
  const lines: string[] = [];
  const metric = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): void => {
    lines.push(`# HELP rowtrace_${name} ${help}`, `# TYPE rowtrace_${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`rowtrace_${name}${labels} ${value}`);
  };
  const byDoor = (numbers: Record<string, number>): Sample[] =>
    Object.entries(numbers).map(([door, value]) => [`{signal="${door}"}`, value]);
  metric(
    'received_items_total',
    'counter',
    'Spans, log records, metrics and entries received.',
    byDoor(counters.received),
  );
  metric('rejected_items_total', 'counter', 'Items that an answer called rejected.', byDoor(counters.rejected));
  metric('accepted_rows_total', 'counter', 'Rows of error_logs taken responsibility for.', [['', counters.accepted]]);
  metric('dropped_rows_total', 'counter', 'Rows not stored, by reason.', [
    ['{reason="repeated"}', counters.repeated],
    ['{reason="merged"}', delivery()?.merged ?? 0],
    ['{reason="dead_letter"}', delivery()?.deadLettered ?? 0],
  ]);
  const answers = [...counters.answers].sort(([a], [b]) => a - b);
  metric(
    'http_answers_total',
    'counter',
    'Answers, by status.',
    answers.map(([code, n]) => [`{code="${code}"}`, n]),
  );
  metric('received_bytes_total', 'counter', 'Bytes of bodies as they came.', [['', counters.bytesReceived]]);
  metric('decompressed_bytes_total', 'counter', 'Bytes of bodies after decompression.', [
    ['', counters.bytesDecompressed],
  ]);
  metric('bytes_in_flight', 'gauge', 'Bytes of bodies in memory now.', [['', budget.taken]]);
  const shipped = delivery();
  if (shipped !== undefined) {
    metric('stored_rows_total', 'counter', 'Rows of error_logs stored.', [['', shipped.stored]]);
    metric('queue_bytes', 'gauge', 'Bytes in the journal that are not stored yet.', [['', shipped.pendingBytes]]);
    metric('held_rows', 'gauge', 'Rows that wait for the end of their request.', [['', shipped.held]]);
    const states = ['starting', 'idle', 'shipping', 'outage', 'config', 'stopped'];
    metric(
      'delivery_state',
      'gauge',
      'One for the state in which delivery is.',
      states.map((state) => [`{state="${state}"}`, shipped.state === state ? 1 : 0]),
    );
  }
  const { user, system } = process.cpuUsage();
  metric('process_cpu_seconds_total', 'counter', 'Processor time of this process.', [['', (user + system) / 1e6]]);
  metric('process_resident_memory_bytes', 'gauge', 'Resident memory of this process.', [
    ['', process.memoryUsage.rss()],
  ]);
  return `${lines.join('\n')}\n`;
}
