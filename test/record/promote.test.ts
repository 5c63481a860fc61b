import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fit } from '../../src/record/promote.ts';
import type { PromotedType } from '../../src/record/row.ts';
import { ID } from './facts.ts';

describe('a promoted value', () => {
  const table: [PromotedType, unknown, unknown][] = [
    ['integer', 17, 17],
    ['integer', ' 17 ', 17],
    ['integer', 17.5, undefined],
    ['integer', 2 ** 31, undefined],
    ['integer', '12abc', undefined],
    ['integer', true, undefined],
    ['bigint', '9223372036854775807', '9223372036854775807'],
    ['bigint', '9223372036854775808', undefined],
    ['bigint', 2 ** 60, undefined],
    ['numeric', 1.5, '1.5'],
    ['numeric', '-0.10', '-0.10'],
    ['numeric', 'NaN', undefined],
    ['boolean', 'true', true],
    ['boolean', 0, false],
    ['boolean', 'yes', undefined],
    ['text', 5, '5'],
    ['text', { a: 1 }, undefined],
    ['uuid', ID.toUpperCase(), ID],
    ['uuid', 'x', undefined],
    ['timestamptz', '2024-05-01T10:00:00Z', '2024-05-01T10:00:00.000Z'],
    ['timestamptz', 0, '1970-01-01T00:00:00.000Z'],
    ['timestamptz', 'tomorrow', undefined],
    ['timestamptz', '2026-02-30', undefined],
    ['timestamptz', '2026-02-30T10:00:00Z', undefined],
    ['timestamptz', '2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['timestamptz', '2024-05-01T10:00:00', '2024-05-01T10:00:00.000Z'],
    ['timestamptz', '2024-05-01 10:00', '2024-05-01T10:00:00.000Z'],
    ['timestamptz', '2024-05-01 10:00:00.123456+02', '2024-05-01T08:00:00.123Z'],
    ['timestamptz', '2024-05-01t10:00:00,5 -0330', '2024-05-01T13:30:00.500Z'],
    ['timestamptz', '2024-05-01T25:00:00', undefined],
    ['timestamptz', '2024-05-01T10', undefined],
  ];
  for (const [type, given, expected] of table)
    it(`${JSON.stringify(given)} as ${type} is ${JSON.stringify(expected) ?? 'left in the tags'}`, () =>
      assert.deepEqual(fit(given, type), expected));
});
