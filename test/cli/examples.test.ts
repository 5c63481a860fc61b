// Every example of examples/, started the way its file says: what must be in the database afterwards. The demo itself has
// a test of its own, with the Express application and the one on node:http.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXAMPLES, exampleFolder } from '../../src/cli/demo/example.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';

for (const example of EXAMPLES.filter(({ name }) => name !== 'express' && name !== 'http')) {
  const { name } = example;
  test(`example ${name} leaves its errors, its slow call and its latencies`, async (t) => {
    const { url, db } = await databaseFor(t, 'empty');
    const env = { ROWTRACE_DATABASE_URL: url };
    // As it is run for the first time.
    if (example.build) rmSync(join(exampleFolder(example), '.next'), { recursive: true, force: true });
    const { code, stdout, stderr } = await runCli(t, ['demo', '--example', name], { dir: cliDir(t), env });
    assert.equal(code, 0, stderr + stdout);
    for (const type of ['TypeError', 'BookingError', 'PaymentError'])
      assert.match(stdout, new RegExp(`(ERROR|CRITICAL) +${type} `), stdout);
    const built = await db.query<{ culprit: string }>(
      "select culprit from rowtrace.issue_list where type = 'BookingError'",
    );
    if (name === 'next') assert.match(built[0]!.culprit, /route\.js|clinic\.cjs/);
    if (name !== 'clinic') return;
    assert.match(stdout, /REQUEST +CLINIC_ID +VET_ID +DOG_ID\n/);
    assert.match(stdout, /ERROR +TypeError .* 3 +12 +3\n/);
    const [row] = await db.query(
      "select clinic_id, vet_id, dog_id, user_id from rowtrace.error_logs where error_type = 'TypeError' limit 1",
    );
    assert.deepEqual(row, { clinic_id: 3, vet_id: 12, dog_id: 3, user_id: 'reception' });
  });
}
