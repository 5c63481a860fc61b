// Every example of examples/, started the way its file says: what must be in the database afterwards. The demo itself has
// a test of its own, with the Express application and the one on node:http.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLES } from '../../src/cli/demo/example.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';

for (const { name } of EXAMPLES.filter(({ name }) => name !== 'express' && name !== 'http')) {
  test(`example ${name} leaves its errors, its slow call and its latencies`, async (t) => {
    const { url, db } = await databaseFor(t, 'empty');
    const env = { ROWTRACE_DATABASE_URL: url };
    const { code, stdout, stderr } = await runCli(t, ['demo', '--example', name], { dir: cliDir(t), env });
    assert.equal(code, 0, stderr + stdout);
    for (const type of ['TypeError', 'BookingError', 'PaymentError'])
      assert.match(stdout, new RegExp(`(ERROR|CRITICAL) +${type} `), stdout);
    if (name !== 'clinic') return;
    assert.match(stdout, /REQUEST +CLINIC_ID +VET_ID +DOG_ID\n/);
    assert.match(stdout, /ERROR +TypeError .* 3 +12 +3\n/);
    const [row] = await db.query(
      "select clinic_id, vet_id, dog_id, user_id from rowtrace.error_logs where error_type = 'TypeError' limit 1",
    );
    assert.deepEqual(row, { clinic_id: 3, vet_id: 12, dog_id: 3, user_id: 'reception' });
  });
}
