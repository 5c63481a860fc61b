// Requests of one trace that run at the same time: what failed in one of them is no news about another, in whatever order
// and portions spans and log records come, and however often.
//
//   gateway (another service) ─┬─ /r0 ─┬─ … ─ … ─ span with an exception, in its event or in a log record
//                              │       └─ a call that got 502
//                              ├─ /r1 ─ …
//                              └─ /r2 ─ …

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Mapped } from '../support/mapped.ts';
import { attributes, exceptionEvent, logs, nanos, record, TRACE, traces } from '../support/otlp.ts';

const NOW = Date.now() - 10_000;
const GATEWAY = 'f'.repeat(16);
const id = (number: number) => (number + 1).toString(16).padStart(16, '0');

interface Item {
  signal: 'traces' | 'logs';
  body: object;
}

interface Branch {
  /** Spans from below the server down to the innermost. */
  path: number[];
  what: 'event' | 'record' | 'log' | 'call';
  words: string;
  route: string;
  server: number;
  /** Index of the log record that tells of it. */
  item: number;
}

interface Server {
  route: string;
  status: number;
  span: number;
  branches: Branch[];
}

const request = fc.record({
  status: fc.constantFrom(200, 404, 500, 503),
  from: fc.integer({ min: 0, max: 20 }),
  branches: fc.array(
    fc.record({ depth: fc.integer({ min: 0, max: 3 }), what: fc.constantFrom('event', 'record', 'log', 'call') }),
    { maxLength: 3 },
  ),
});

type Told = ReturnType<(typeof request)['generate']>['value'][];

function traceOf(told: Told): { items: Item[]; servers: Server[] } {
  const items: Item[] = [];
  const add = (signal: Item['signal'], body: object) => items.push({ signal, body }) - 1;
  const spanOf = (parent: string, from: number, to: number, more: object) => {
    const spanId = id(items.length);
    const times = { startTimeUnixNano: nanos(NOW + from), endTimeUnixNano: nanos(NOW + to) };
    return add('traces', { traceId: TRACE, spanId, parentSpanId: parent, name: 'work', kind: 1, ...times, ...more });
  };
  const http = (status: number, more: object) =>
    attributes({ 'http.request.method': 'GET', 'http.response.status_code': status, ...more });
  const servers = told.map(({ status, from, branches }, nth): Server => {
    const route = `/r${nth}`;
    const server = spanOf(GATEWAY, from, 100, { kind: 2, attributes: http(status, { 'http.route': route }) });
    return {
      route,
      status,
      span: server,
      branches: branches.map(({ depth, what }, at): Branch => {
        const words = `${what} ${at} of ${route}`;
        const path = [server];
        for (let step = 0; step < depth; step++) path.push(spanOf(id(path.at(-1)!), from + 5, 95, {}));
        const innermost = { traceId: TRACE, spanId: id(path.at(-1)!) };
        let item = path.at(-1)!;
        if (what === 'event') {
          item = spanOf(id(path.at(-1)!), from + 10, 90, { events: [exceptionEvent('E', words, undefined, NOW + 50)] });
          path.push(item);
        } else if (what === 'call') {
          item = spanOf(id(path.at(-1)!), from + 10, 90, {
            kind: 3,
            attributes: http(502, { 'server.address': words }),
          });
          path.push(item);
        } else {
          const exception = what === 'record' ? { 'exception.type': 'E', 'exception.message': words } : {};
          const more = { ...innermost, timeUnixNano: nanos(NOW + 50), attributes: attributes(exception) };
          item = add('logs', record(words, more));
        }
        return { path: path.slice(1), what: what as Branch['what'], words, route, server, item };
      }),
    };
  });
  return { items, servers };
}

/** Requests, of the numbers of their items: in any order, some of them twice. */
const delivery = fc.record({
  order: fc.array(fc.nat(), { minLength: 50, maxLength: 50 }),
  size: fc.integer({ min: 1, max: 12 }),
  again: fc.array(fc.nat(), { maxLength: 3 }),
  inOrder: fc.boolean(),
});

function requestsOf(
  items: readonly Item[],
  { order, size, again, inOrder }: ReturnType<typeof delivery.generate>['value'],
) {
  const numbers = items.map((_, index) => index);
  if (!inOrder) numbers.sort((a, b) => order[a % 50]! - order[b % 50]! || a - b);
  const requests: number[][] = [];
  for (let at = 0; at < numbers.length; at += size) requests.push(numbers.slice(at, at + size));
  for (const which of again) requests.push(requests[which % requests.length]!);
  return requests;
}

test('what failed in one request has its row, and the rows of one request have the outcome of no other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 3 }), delivery, async (told, how) => {
      const { items, servers } = traceOf(told);
      const mapped = new Mapped();
      /** Item → number of the request in which it came first; log records come after the spans of the same portion. */
      const came = new Map<number, number>();
      let sent = 0;
      for (const numbers of requestsOf(items, how)) {
        for (const signal of ['traces', 'logs'] as const) {
          const some = numbers.filter((number) => items[number]!.signal === signal);
          if (some.length === 0) continue;
          for (const number of some) if (!came.has(number)) came.set(number, sent);
          sent++;
          const bodies = some.map((number) => items[number]!.body);
          await mapped.send(signal, signal === 'traces' ? traces(bodies) : logs(bodies));
        }
      }
      const rows = mapped.rows();
      const named = (words: string) => rows.filter(({ message }) => message.includes(words));
      for (const { route, status, span, branches } of servers) {
        for (const { what, words, item } of branches) {
          assert.equal(named(words).length, 1, `rows of ${words}`);
          const [row] = named(words);
          const wasOpen = came.get(item)! < came.get(span)! || status >= 400;
          if (wasOpen || row!.route !== undefined) assert.equal(row!.route, route, words);
          if (wasOpen) assert.equal(row!.status, status, words);
          assert.ok(what !== 'call' || row!.message.startsWith('GET '));
        }
        // Its own failure is a row, but where it is known that an exception in it tells why.
        const own = named(`GET ${route} answered`).length;
        const explains = ({ what, path, item }: Branch) =>
          (what === 'event' || what === 'record') &&
          path.every((at) => came.get(at)! <= Math.max(came.get(item)!, came.get(span)!));
        if (status < 500 || branches.some(explains)) assert.equal(own, 0, `${route} has ${own} rows`);
        else if (branches.every(({ what }) => what !== 'call')) assert.equal(own, 1, `${route} has ${own} rows`);
        else assert.ok(own <= 1);
      }
    }),
    { numRuns: Number(process.env.ROWTRACE_FC_RUNS ?? 1_000) },
  );
});
