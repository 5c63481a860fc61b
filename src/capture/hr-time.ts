import type { HrTime } from '@opentelemetry/api';

/** Unix milliseconds with fraction. */
export function unixMillis(time: HrTime): number {
  return time[0] * 1000 + time[1] / 1e6;
}
