// Rows for tests: plausible defaults, anything overridden.

import { createHash } from 'node:crypto';
import type { ErrorCountRow, ErrorLogRow, HistogramRow } from '../../src/record/row.ts';
import type { Queryable } from '../../src/store/db.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

export function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

export function errorLog(given: Partial<ErrorLogRow> = {}): ErrorLogRow {
  const message = given.message ?? 'no dog 7';
  const template = given.message_template ?? message.replace(/\d+/g, '<n>');
  return {
    event_id: uuidv7(),
    created_at: Date.now(),
    level: 'ERROR',
    message,
    message_template: template,
    fingerprint: fingerprintOf(template),
    fingerprint_version: 1,
    service: 'kennel',
    environment: 'test',
    tags: {},
    promoted: {},
    ...given,
  };
}

export function errorCount(given: Partial<ErrorCountRow> = {}): ErrorCountRow {
  const template = given.message_template ?? 'no dog <n>';
  const created_at = given.created_at ?? Date.now();
  return {
    event_id: uuidv7(),
    created_at,
    last_seen: created_at,
    count: 1,
    level: 'ERROR',
    message_template: template,
    fingerprint: fingerprintOf(template),
    fingerprint_version: 1,
    service: 'kennel',
    environment: 'test',
    ...given,
  };
}

let seq = 0;

export function histogram(given: Partial<HistogramRow> = {}): HistogramRow {
  return {
    bucket_start: Math.floor(Date.now() / 60_000) * 60_000,
    process: 'process-1',
    seq: ++seq,
    service: 'kennel',
    environment: 'test',
    kind: 'server',
    operation: '/dogs/:id',
    http_method: 'GET',
    status_class: '2xx',
    scale: 3,
    zeroCount: 0,
    offset: 0,
    counts: [1],
    count: 1,
    sum: 1,
    min: 1,
    max: 1,
    ...given,
  };
}

/** A row of error_logs with these words, straight into the table. */
export function insertLog(db: Queryable, message: string): Promise<unknown> {
  return db.query(
    `insert into rowtrace.error_logs (event_id, created_at, level, message, message_template, fingerprint, fingerprint_version, service, environment)
     values (gen_random_uuid(), now(), 'ERROR', $1, $1, 'f', 1, 'kennel', 'test')`,
    [message],
  );
}
