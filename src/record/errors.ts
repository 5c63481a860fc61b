// The one error that the rules of this room throw, and the readers that throw it or forgive.

/** A fact that cannot become a row: a journal line edited by hand, or written by something else. It is dead-lettered. */
export class MalformedFactError extends Error {
  /** Name of the field at fault. */
  readonly field: string;

  constructor(field: string, expected: string, given: unknown) {
    super(`The fact's field ${field} should be ${expected}, not ${describe(given)}.`);
    this.name = 'MalformedFactError';
    this.field = field;
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null || typeof value === 'string') return String(JSON.stringify(value)).slice(0, 100);
  return typeof value === 'object' || typeof value === 'function' ? `a ${typeof value}` : String(value);
}

export function requireObject(value: unknown, field: string): object {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new MalformedFactError(field, 'an object', value);
  return value;
}

export function requireText(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new MalformedFactError(field, 'a text', value);
  return value;
}

/** A whole number from zero up; counts and sequence numbers. */
export function requireCount(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedFactError(field, 'a whole number', value);
  return value;
}

export function requireOneOf<T extends string>(value: unknown, words: readonly T[], field: string): T {
  if (!words.includes(value as T)) throw new MalformedFactError(field, `one of ${words.join(', ')}`, value);
  return value as T;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

export function requireUuid(value: unknown, field: string): string {
  if (!isUuid(value)) throw new MalformedFactError(field, 'a UUID', value);
  return value;
}
