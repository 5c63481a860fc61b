// The demo, whole: the README's first command.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cliDir, ownerPid, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';

describe('demo', { timeout: 240_000 }, () => {
  test('shows rows, issues and percentiles of a real application from the embedded database', async (t) => {
    const dir = cliDir(t);
    const { code, stdout, stderr } = await runCli(t, ['demo', '--dir', dir], { dir });
    assert.equal(code, 0, stderr + stdout);
    // TIME  LEVEL  TYPE  MESSAGE  ROUTE  STATUS  LATENCY  REQUEST
    assert.match(
      stdout,
      /ERROR +TypeError +Cannot read properties of undefined \(reading 'name'\) +GET \/dogs\/:id\/owner +500 +\S+ m?s +[0-9a-f-]{36}\n/,
    );
    assert.match(stdout, /ERROR +BookingError +dog 2 could not be booked .* POST \/appointments +500 /);
    assert.match(
      stdout,
      /ERROR +PaymentError +invoice is shown without its payment: card declined for invoice 1042 +GET \/invoices\/:id +200 /,
    );
    assert.match(stdout, /WARNING +Slow server span GET \/reports\/weekly: 2\d{3} ms .* 200 +2\.\d\d s /);
    // Six requests, four, three, two: each is one occurrence, and each kind one issue.
    for (const [count, type] of [
      [6, 'TypeError'],
      [4, 'BookingError'],
      [3, 'PaymentError'],
      [2, ''],
    ])
      assert.match(
        stdout,
        new RegExp(`\\n *[A-Z0-9]+-\\d+ +\\w+ +new +${count} +\\S+ ago +\\S+ ago +vet-clinic +${type}`),
      );
    assert.match(stdout, /server +GET \/dogs\/:id +vet-clinic +34 /);
    assert.match(stdout, /server +GET \/dogs\/:id\/owner +vet-clinic +6 +100 % /);
    assert.match(stdout, /\nNext:\n {2}npx rowtrace dev -- node app\.js/);
    assert.ok(ownerPid(dir), '--dir keeps folder and owner for the next command');
  });

  test('works on Postgres, as JSON, and has the chain of causes in the stack', async (t) => {
    const { url } = await databaseFor(t, 'empty');
    const { code, stdout, stderr } = await runCli(t, ['demo', '--json'], {
      dir: cliDir(t),
      env: { ROWTRACE_DATABASE_URL: url },
    });
    assert.equal(code, 0, stderr + stdout);
    const { rows, issues, latencies } = JSON.parse(stdout);
    assert.equal(rows.length, 15);
    assert.equal(issues.length, 4);
    assert.equal(latencies.find(({ operation }: { operation: string }) => operation === '/dogs/:id').count, 34);
    const booking = rows.find(({ error_type }: { error_type: string }) => error_type === 'BookingError');
    assert.match(booking.stack_trace, /BookingError: dog 2[\s\S]*the calendar cannot be written[\s\S]*ECONNREFUSED/);
  });

  test('works without Express, on node:http alone', async (t) => {
    const { url } = await databaseFor(t);
    const env = { ROWTRACE_DATABASE_URL: url };
    const { code, stdout, stderr } = await runCli(t, ['demo', '--example', 'http'], { dir: cliDir(t), env });
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /ERROR +TypeError +Cannot read properties of undefined \(reading 'name'\) +GET +500 /);
  });
});
