// Rows as delivery makes them of facts, so that their keys can be computed again.

import type { LogFact, ResourceFact } from '../../src/record/fact.ts';
import type { ErrorLogRow } from '../../src/record/row.ts';
import { toErrorLogRow } from '../../src/record/to-rows.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

/** `error` with the stack that Node would write: `places` are "function file:line:column". */
export function failure(type: string, message: string, places: string[], more: object = {}): LogFact['error'] {
  const frames = places.map((place) => {
    const [name, at] = place.split(' ');
    return `\n    at ${name} (${at})`;
  });
  return { type, message, stack: `${type}: ${message}${frames.join('')}`, ...more };
}

export function storedRow(fact: Partial<LogFact>, resource: Partial<ResourceFact> = {}): ErrorLogRow {
  const message = fact.message ?? fact.error?.message ?? 'no dog 7';
  return toErrorLogRow(
    { k: 'log', id: uuidv7(), t: Date.now(), level: 'ERROR', ...fact, message },
    {
      ...{ k: 'resource', v: 1, process: 'process-1', service: 'kennel', environment: 'test', host: 'h', pid: 7 },
      ...resource,
    },
    { columns: {} },
  );
}
