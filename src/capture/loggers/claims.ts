// Which loggers our hooks see at work in this process. What OpenTelemetry's own instrumentation or transport for such a
// logger emits beside is the same record again, with less in it.

const SCOPES: Readonly<Record<string, readonly string[]>> = {
  pino: ['@opentelemetry/instrumentation-pino'],
  winston: ['@opentelemetry/winston-transport', '@opentelemetry/instrumentation-winston'],
  bunyan: ['@opentelemetry/instrumentation-bunyan'],
};

const KEY = Symbol.for('rowtrace.claimed-scopes');
// An ESM and a CommonJS copy of this file must agree.
const globals = globalThis as unknown as Record<symbol, Set<string> | undefined>;
globals[KEY] ??= new Set();
const claimed = globals[KEY];

/** Called once a hook is sure to see the logger's records. */
export function claim(logger: keyof typeof SCOPES): void {
  for (const scope of SCOPES[logger] ?? []) claimed.add(scope);
}

export function disclaim(logger: keyof typeof SCOPES): void {
  for (const scope of SCOPES[logger] ?? []) claimed.delete(scope);
}

/** Whether records of this instrumentation scope come from a hook of ours, too. */
export function isClaimed(scope: string): boolean {
  return claimed.has(scope);
}
