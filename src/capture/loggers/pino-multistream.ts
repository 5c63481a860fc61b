// pino.multistream writes a record to those of its streams whose level it reaches. In: what a logger writes to, a level
// number. Out: whether any stream gets the record.

import { isObject, peek } from '../../record/thrown.ts';

const METADATA = Symbol.for('pino.metadata');
/** One stream may be a multistream again. */
const MAX_DEPTH = 8;

export function isWritten(stream: unknown, level: number, depth = 0): boolean {
  if (!isObject(stream) || peek(stream, METADATA) !== true || depth > MAX_DEPTH) return true;
  const streams = peek(stream, 'streams');
  // Others want to know of records, too.
  if (!Array.isArray(streams) || typeof peek(stream, 'minLevel') !== 'number') return true;
  return streams.some(
    (one) => (peek(one, 'level') as number) <= level && isWritten(peek(one, 'stream'), level, depth + 1),
  );
}
