// pino formats the words of a record in a call of its own, before the record is made. In: what that call is given. Out: the
// template and the arguments of a text, for the record that has it.

export interface Formatted {
  text: string;
  values: unknown[];
  result: unknown;
}

type QuickFormat = (text: unknown, values: unknown[], options?: unknown) => unknown;

/**
 * Texts that were formatted for records to come: one, but for records that a mixin or a serializer writes in between. Those
 * of which pino made no record (a mixin threw) stay till others come.
 */
const formatted: Formatted[] = [];
const MAX_FORMATTED = 8;

let isNoting = false;

export function noteFormats(wanted: boolean): void {
  isNoting = wanted;
  formatted.length = 0;
}

/**
 * pino's formatter is a package of its own, and its call has returned when the record is made: what we note here puts no
 * frame of ours on the stack, so that pino-caller and the like print what they print without us.
 */
export function patchQuickFormat(exports: unknown): unknown {
  const original = exports as QuickFormat;
  if (typeof original !== 'function') return exports;
  const format: QuickFormat = (text, values, options) => {
    const result = original(text, values, options);
    if (isNoting && values?.length > 0 && typeof text === 'string') {
      if (formatted.length === MAX_FORMATTED) formatted.shift();
      formatted.push({ text, values, result });
    }
    return result;
  };
  return Object.assign(format, original);
}

export function takeFormatted(text: unknown): Formatted | undefined {
  if (formatted.length === 0) return undefined;
  const at = formatted.findLastIndex(({ result }) => result === text);
  return at < 0 ? undefined : formatted.splice(at)[0];
}
