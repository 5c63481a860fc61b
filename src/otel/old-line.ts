// OpenTelemetry JS 1.x, older than what Rowtrace is made for, beside an SDK of the user's own: what its objects call
// otherwise. Its spans and log records are understood; what its metrics are made of is another thing altogether, so that
// they are left alone.

interface OldSpan {
  instrumentationScope?: { name: string };
  instrumentationLibrary?: { name: string };
  parentSpanContext?: { spanId: string } | undefined;
  parentSpanId?: string;
}

/** Spans of 1.x call their scope a library. */
export function isOldSpan(span: object): boolean {
  return (span as OldSpan).instrumentationScope === undefined;
}

/** Gives all spans of an SDK of 1.x the name of their scope that later ones have. */
export function completeOldSpans(span: object): void {
  Object.defineProperty(Object.getPrototypeOf(span), 'instrumentationScope', {
    configurable: true,
    get(this: OldSpan) {
      return this.instrumentationLibrary;
    },
  });
}

export function scopeName({ instrumentationScope, instrumentationLibrary }: OldSpan): string {
  return (instrumentationScope ?? instrumentationLibrary)?.name ?? '';
}

export function parentIdOf({ parentSpanContext, parentSpanId }: OldSpan): string {
  return parentSpanContext?.spanId ?? parentSpanId ?? '';
}

/** An aggregation asks 1.x for something to aggregate with, and fails in the application's own call where there is none. */
export interface OldAggregation {
  createAggregator(): object;
}

/** Keeps nothing. In 1.x kind 0 is what is dropped. */
const DROP = { kind: 0, createAccumulation() {}, merge() {}, diff() {}, toMetricData() {} };

/** @param onOldLine hears of it each time that an instrument is made by an SDK of 1.x */
export function withOldAggregation<T extends object>(aggregation: T, onOldLine?: () => void): T & OldAggregation {
  return {
    ...aggregation,
    createAggregator() {
      onOldLine?.();
      return DROP;
    },
  };
}

/** What to tell its owner. */
export const OLD_LINE =
  'the OpenTelemetry SDK of this process is of its line 1.x: errors and slow spans are recorded, latencies are not. They are with @opentelemetry/sdk-node 0.200 or newer (docs/own-sdk.md)';
