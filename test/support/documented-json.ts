// The types that docs/json.md gives for --json, to hold what commands print against.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/json.md'), 'utf8');

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Name → its fields with their types. */
const TYPES = new Map(
  Array.from(PAGE.matchAll(/^interface (\w+) \{\n(.*?)\n\}/gms), ([, name, body]) => [
    name!,
    Array.from(body!.matchAll(/^ {2}(\w+)(\??): (.*);$/gm), ([, field, mark, type]) => ({
      field: field!,
      mayLack: mark === '?',
      type: type!,
    })),
  ]),
);

/** Of each object of a named type in the value: it has the fields that the page lists, and no others. */
export function assertDocumented(value: unknown, type: string): void {
  const one = type.replace(/ \| null$/, '');
  if (value === null) {
    assert.ok(type.endsWith(' | null'), `null is no ${type}`);
    return;
  }
  if (one.endsWith('[]') && !one.includes(' ')) {
    assert.ok(Array.isArray(value), `no ${type}: ${value}`);
    for (const each of value) assertDocumented(each, one.slice(0, -2));
  }
  if (/^(string|number|boolean)$/.test(one)) assert.equal(typeof value, one);
  const fields = TYPES.get(one);
  if (fields === undefined) return;
  const given = Object.keys(value as object);
  const wanted = fields.filter(({ field, mayLack }) => !mayLack || given.includes(field));
  assert.deepEqual(given.sort(), wanted.map(({ field }) => field).sort(), type);
  for (const { field, type } of wanted) {
    const inside = (value as Record<string, unknown>)[field];
    assertDocumented(inside, type);
    if (/(_at|_seen|^at|^hour|^since)$/.test(field) && inside !== null) assert.match(String(inside), ISO_TIME, field);
  }
}
