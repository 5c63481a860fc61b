import type { Attributes } from './attributes.ts';
import type { ErrorFact } from './fact.ts';
import { LIMITS } from './limits.ts';
import { clean } from './scrub/clean.ts';
import type { Scrubber } from './scrub/scrubber.ts';

export function hasError(attributes: Attributes): boolean {
  return (
    attributes['exception.type'] !== undefined ||
    attributes['exception.message'] !== undefined ||
    attributes['exception.stacktrace'] !== undefined
  );
}

/** `exception.*` attributes of an event or of a log record as an error; nothing where there are none. */
export function errorOfAttributes(attributes: Attributes, scrubber: Scrubber): ErrorFact | undefined {
  if (!hasError(attributes)) return undefined;
  const type = attributes['exception.type'];
  const message = attributes['exception.message'];
  const fact: ErrorFact = {
    type: clean(textOf(type ?? 'Error'), scrubber, LIMITS.name),
    // Of a stack alone the key is made of what stands in it.
    message: clean(textOf(message ?? type ?? ''), scrubber),
  };
  const stack = attributes['exception.stacktrace'];
  if (stack !== undefined) fact.stack = clean(textOf(stack), scrubber, LIMITS.stack);
  return fact;
}

/** Lists are lines: tracing of Rust sends the causes of an error in one. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('\n');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
