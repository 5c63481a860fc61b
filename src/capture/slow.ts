// Which limit a span is measured against. The more exact name wins: "GET /dogs/:id", then "/dogs/:id", then the kind's.

import type { Operation } from '../record/fact.ts';

export interface SlowLimits {
  slowServerMillis: number;
  slowClientMillis: number;
  slowDbMillis: number;
  slowMillis: Readonly<Record<string, number>>;
}

/** Milliseconds, or nothing where a kind has no limit (internal spans, unless named). */
export function slowLimit(operation: Operation, limits: SlowLimits): number | undefined {
  const byName = limits.slowMillis;
  const exact =
    byName[`${operation.method} ${operation.name}`] ?? byName[operation.name] ?? byName[operation.peer ?? ''];
  if (exact !== undefined) return exact;
  switch (operation.kind) {
    case 'server':
      return limits.slowServerMillis;
    case 'client':
    case 'messaging':
      return limits.slowClientMillis;
    case 'db':
      return limits.slowDbMillis;
    default:
      return undefined;
  }
}
