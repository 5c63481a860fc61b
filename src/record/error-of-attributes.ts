import type { Attributes } from './attributes.ts';
import type { ErrorFact } from './fact.ts';
import { LIMITS } from './limits.ts';
import { clean } from './scrub/clean.ts';
import type { Scrubber } from './scrub/scrubber.ts';

export function hasError(attributes: Attributes): boolean {
  return attributes['exception.type'] !== undefined || attributes['exception.message'] !== undefined;
}

/** `exception.*` attributes of an event or of a log record as an error; nothing where there are none. */
export function errorOfAttributes(attributes: Attributes, scrubber: Scrubber): ErrorFact | undefined {
  if (!hasError(attributes)) return undefined;
  const type = attributes['exception.type'];
  const message = attributes['exception.message'];
  const fact: ErrorFact = {
    type: clean(String(type ?? 'Error'), scrubber, LIMITS.name),
    message: clean(String(message ?? type), scrubber),
  };
  const stack = attributes['exception.stacktrace'];
  if (stack !== undefined) fact.stack = clean(String(stack), scrubber, LIMITS.stack);
  return fact;
}
