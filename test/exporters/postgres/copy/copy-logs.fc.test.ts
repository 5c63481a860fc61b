// COPY gives the same rows as the insert from JSON, whatever is in them: 10,000 rows with every type of column, written
// both ways and compared as text by the server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkPool } from '../../../../exporters/postgres/copy/chunk-pool.ts';
import { copyLogs } from '../../../../exporters/postgres/copy/copy-logs.ts';
import { insertLogs } from '../../../../exporters/postgres/statements/insert-logs.ts';
import { LEVELS } from '../../../../src/record/level.ts';
import { fit } from '../../../../src/record/promote.ts';
import { type ErrorLogRow, PROMOTED_TYPES, type PromotedType, type PromotedValue } from '../../../../src/record/row.ts';
import type { Db } from '../../../../src/store/db.ts';
import { migrate } from '../../../../src/store/migrate.ts';
import { uuidv7 } from '../../../../src/util/uuid.ts';
import { databaseFor } from '../../../support/database.ts';

const ROWS = 10_000;
const BATCH = 500;
/** The bytes of one batch lie where those of the batch before were. */
const pool = new ChunkPool();
const columns = Object.fromEntries(PROMOTED_TYPES.map((type) => [`given_${type}`, type]));
const target = { schema: '"rowtrace"', promoted: { error_logs: columns, http_calls: {} } };

/** NUL, lone surrogates, pairs, everything; and lengths on both sides of the loop for short texts. */
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0xd83d, 0xde00, 34, 92)), { maxLength: 60 })
    .map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom('', '\0', '\ud83d\0\ude00', '\\N', '\\u0000', 'x'.repeat(5_000)),
);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const int = optional(
  fc.oneof(fc.integer(), fc.double(), fc.constantFrom(2 ** 31 - 1, 2 ** 31, -(2 ** 31), 0.5, -0, Number.NaN, Infinity)),
);
const json = fc.oneof(
  fc.dictionary(text, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }),
  fc.dictionary(text, text, { maxKeys: 3 }),
  fc.constant(JSON.parse('{"__proto__": 1, "a": {"__proto__": [null]}, "n": 1e300}')),
);

/** What promotion makes of what people give. */
const GIVEN: Record<PromotedType, fc.Arbitrary<unknown>> = {
  integer: fc.integer(),
  bigint: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), fc.maxSafeInteger()),
  numeric: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc
      .tuple(fc.constantFrom('', '+', '-'), fc.bigInt({ min: 0n, max: 10n ** 60n }), fc.stringMatching(/^\d{0,40}$/))
      .map(([sign, whole, decimals]) => `${sign}${whole}${decimals === '' ? '' : `.${decimals}`}`),
    fc.constantFrom('0', '-0', '0.000', '10000', '0.00010', '00012.50', 1e21, 1e-7, 5e-324),
  ),
  boolean: fc.boolean(),
  text,
  uuid: fc.uuid(),
  timestamptz: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
};

const promoted = fc.record(
  Object.fromEntries(
    PROMOTED_TYPES.map((type) => [`given_${type}`, optional(GIVEN[type].map((value) => fit(value, type)))]),
  ),
);

const row: fc.Arbitrary<ErrorLogRow> = fc
  .record({
    created_at: fc.double({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0), noNaN: true }),
    level: fc.constantFrom(...LEVELS),
    message: text,
    message_template: text,
    stack_trace: optional(text),
    raw_stack_trace: optional(text),
    source_context: optional(json),
    unmapped_frames: optional(fc.array(json, { maxLength: 2 })),
    fingerprint: fc.oneof(text, fc.constant('é'.repeat(900))),
    fingerprint_version: fc.integer({ min: 0, max: 9 }),
    error_type: optional(text),
    service: text,
    environment: text,
    http_status: int,
    latency_ms: int,
    pid: int,
    request_id: optional(text),
    trace_id: optional(text),
    tags: json,
    promoted,
  })
  .map((given) => ({ event_id: uuidv7(), ...given })) as unknown as fc.Arbitrary<ErrorLogRow>;

test(`${ROWS} rows of any content are the same by COPY and from JSON`, async (t) => {
  const { db } = await databaseFor(t, 'empty');
  await migrate(db, { columns });
  const seed = Date.now();
  const rows = fc.sample(row, { numRuns: ROWS, seed });
  const written = async (write: (db: Db, batch: ErrorLogRow[]) => Promise<void>, into: string) => {
    for (let at = 0; at < rows.length; at += BATCH) await write(db, rows.slice(at, at + BATCH));
    await db.query(
      `create table ${into} as select event_id, (to_jsonb(l) - 'id')::text as row from rowtrace.error_logs l`,
    );
    await db.query('truncate rowtrace.error_logs');
  };
  await written(async (_, batch) => {
    const { text, values } = insertLogs(target, batch);
    await db.query(text, values);
  }, 'by_json');
  await written((_, batch) => copied(db, batch), 'by_copy');
  const counted = await db.query(
    'select (select count(*) from by_json) as json, (select count(*) from by_copy) as copy',
  );
  assert.deepEqual(counted, [{ json: ROWS, copy: ROWS }]);
  const different = await db.query(
    'select j.row as json, c.row as copy from by_json j full join by_copy c using (event_id) where j.row is distinct from c.row limit 3',
  );
  assert.deepEqual(different, [], `with seed ${seed}`);
});

test('infinite times go by COPY too; what only Postgres can read does not', async (t) => {
  const { db } = await databaseFor(t, 'empty');
  await migrate(db, { columns });
  const plain = fc.sample(row, 1)[0]!;
  const given = (name: string, value: PromotedValue): ErrorLogRow => ({
    ...plain,
    event_id: uuidv7(),
    promoted: { [`given_${name}`]: value },
  });
  await copied(db, [given('timestamptz', 'infinity'), given('timestamptz', '-infinity')]);
  const rows = await db.query('select given_timestamptz::text as at from rowtrace.error_logs order by 1');
  assert.deepEqual(rows, [{ at: '-infinity' }, { at: 'infinity' }]);
  for (const [name, value] of [
    ['timestamptz', 'yesterday'],
    ['timestamptz', '2026-02-30T00:00:00Z'],
    ['uuid', '{123e4567-e89b-12d3-a456-426614174000}'],
    ['uuid', '123e4567-e89b-12d3-a456-42661417400g'],
    ['integer', '7'],
    ['integer', 2 ** 31],
    ['bigint', '9223372036854775808'],
    ['numeric', 'NaN'],
    ['boolean', 'yes'],
  ] as const)
    assert.equal(copyLogs(target, [plain, given(name, value)], pool), undefined, `${name} ${value}`);
});

async function copied(db: Db, batch: ErrorLogRow[]): Promise<void> {
  const copy = copyLogs(target, batch, pool);
  assert.ok(copy, 'all of it can be encoded');
  await db.transaction((tx) => tx.later([copy]));
  pool.give(copy.data);
}
