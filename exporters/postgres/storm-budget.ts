// The storm valve over all processes: full rows of one fingerprint a minute, whoever sent them. In: a batch. Out: the same, or
// one in which the rows beyond the budget are counts. Asked in the database about fingerprints that this process itself writes
// often, so ordinary batches cost nothing. The budget is soft (writers ask at once); what is stored and counted is exact:
// a row and its count have one event_id, and whichever is there keeps the other out (statements/take-turns.ts).

import type { Batch } from '../../src/deliver/sink.ts';
import { isAtLeast } from '../../src/record/level.ts';
import type { ErrorCountRow, ErrorLogRow } from '../../src/record/row.ts';
import type { Queryable } from '../../src/store/db.ts';
import { encodeTime, timeBounds, toJson } from './encode.ts';
import type { Target } from './statements/statement.ts';

const MINUTE_MILLIS = 60_000;
/** So many times what one process may store: a hundred processes in one storm are a hundred rows a minute, not two thousand. */
const ALL_PROCESSES = 5;
/** Below WARNING as in capture. */
const QUIET_FACTOR = 50;
/** From so many rows of a fingerprint a minute on, the database is asked for those of other processes. */
const ASK_FROM = 5;
const MAX_KNOWN = 10_000;

interface Group {
  service: string;
  fingerprint: string;
  minute: number;
  budget: number;
  rows: ErrorLogRow[];
}

export class StormBudget {
  readonly #target: Target;
  readonly #rows: number;
  /** Rows that this process wrote, by fingerprint and minute. */
  readonly #known = new Map<string, number>();

  /** @param rows what one process stores of a kind in a minute; 0: no limit */
  constructor(target: Target, rows: number) {
    this.#target = target;
    this.#rows = rows;
  }

  async divide(db: Queryable, batch: Batch): Promise<Batch> {
    if (this.#rows === 0 || batch.logs.length === 0) return batch;
    const hot = this.#hotGroups(batch);
    if (hot.length === 0) return batch;
    const stored = await this.#ask(db, hot);
    const over = new Set<ErrorLogRow>();
    hot.forEach(({ rows, budget }, nr) => {
      const left = Math.max(0, budget - stored[nr]!);
      if (rows.length <= left) return;
      rows.sort((a, b) => a.created_at - b.created_at);
      for (const row of rows.slice(left)) over.add(row);
    });
    if (over.size === 0) return batch;
    return {
      ...batch,
      logs: batch.logs.filter((row) => !over.has(row)),
      counts: [...batch.counts, ...[...over].map(toCount)],
    };
  }

  wrote({ logs }: Batch): void {
    if (this.#rows === 0) return;
    for (const row of logs) {
      const name = nameOf(row);
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(name, (this.#known.get(name) ?? 0) + 1);
    }
  }

  #hotGroups(batch: Batch): Group[] {
    const kept = keptRows(batch);
    const groups = new Map<string, Group>();
    for (const row of batch.logs) {
      if (!mayBeCounted(row) || kept.has(row.event_id.toLowerCase())) continue;
      const name = nameOf(row);
      const group = groups.get(name);
      if (group) group.rows.push(row);
      else {
        const { service, fingerprint } = row;
        groups.set(name, { service, fingerprint, minute: minuteOf(row), budget: this.#budgetOf(row), rows: [row] });
      }
    }
    return [...groups].flatMap(([name, group]) =>
      (this.#known.get(name) ?? 0) + group.rows.length >= ASK_FROM ? [group] : [],
    );
  }

  #budgetOf({ level }: ErrorLogRow): number {
    return this.#rows * ALL_PROCESSES * (isAtLeast(level, 'WARNING') ? 1 : QUIET_FACTOR);
  }

  async #ask(db: Queryable, groups: readonly Group[]): Promise<number[]> {
    const given = groups.map(({ service, fingerprint, minute, budget }, nr) => {
      const [from, to] = [encodeTime(minute), encodeTime(minute + MINUTE_MILLIS)];
      return { nr, service, fingerprint, from, to, budget };
    });
    const minutes = groups.flatMap(({ minute }) => [{ created_at: minute }, { created_at: minute + MINUTE_MILLIS }]);
    const rows = await db.query<{ stored: number }>(
      `select s.stored
       from json_to_recordset($1::json)
         as g (nr int, service text, fingerprint text, "from" timestamptz, "to" timestamptz, budget bigint)
       cross join lateral (
         select count(*) as stored from (
           select from ${this.#target.schema}.error_logs l
           where l.fingerprint = g.fingerprint and l.service = g.service and l.created_at >= g."from" and l.created_at < g."to"
             and l.created_at between $2::timestamptz and $3::timestamptz
           limit g.budget
         ) found
       ) s
       order by g.nr`,
      [toJson(given), ...timeBounds(minutes)],
    );
    return rows.map(({ stored }) => stored);
  }
}

/** A crash is always a row; what is below WARNING and about an error may still become worse. */
function mayBeCounted({ level, error_type }: ErrorLogRow): boolean {
  return level !== 'CRITICAL' && (isAtLeast(level, 'WARNING') || error_type === undefined);
}

/** Ids of rows that are about to be raised, or that absorb others: those count with the row, and a count takes none with it. */
function keptRows({ amendments, absorbed }: Batch): Set<string> {
  const raised = amendments.filter(({ level }) => level !== undefined).map(({ event_id }) => event_id);
  const parts = absorbed.flatMap(({ event_id, into }) => [event_id, into]);
  return new Set([...raised, ...parts].map((id) => id.toLowerCase()));
}

function minuteOf({ created_at }: ErrorLogRow): number {
  return Math.floor(created_at / MINUTE_MILLIS) * MINUTE_MILLIS;
}

function nameOf(row: ErrorLogRow): string {
  return `${minuteOf(row)} ${row.fingerprint} ${row.service}`;
}

function toCount(row: ErrorLogRow): ErrorCountRow {
  const { process, event_id, created_at, level, fingerprint, fingerprint_version, message_template } = row;
  const { service, environment, error_type, release_version, previous_keys, issue_title, culprit } = row;
  const { route, user_id, session_id, accepted, merged, acceptance } = row;
  return {
    ...{ process, event_id, created_at, last_seen: created_at, count: 1, level, fingerprint, fingerprint_version },
    ...{ message_template, service, environment, error_type, release_version, previous_keys, issue_title, culprit },
    ...{ accepted, merged, acceptance, user_id, session_id, routes: route === undefined ? undefined : { [route]: 1 } },
  };
}
