// A receiver of its own for a test: on a free port, with a fresh Postgres behind it, gone with the test.

import type { TestContext } from 'node:test';
import { loadOptions, type OptionsInput } from '../../src/options/options.ts';
import { type ServeOptions, type Serving, serve } from '../../src/serve.ts';
import type { Db } from '../../src/store/db.ts';
import { databaseFor } from './database.ts';
import { folderFor } from './folder.ts';
import { until } from './journals.ts';

export interface TestReceiver {
  url: string;
  port: number;
  db: Db;
  databaseUrl: string;
  dir: string;
  /** What the receiver said on its own. */
  said: string[];
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  json(path: string, body: object): Promise<Response>;
  /** Until all that was accepted is stored. */
  settled(): Promise<void>;
  /** Rows of error_logs, oldest first, as soon as there are so many. */
  rows<Row = Record<string, unknown>>(count: number): Promise<Row[]>;
}

export async function receiverFor(
  t: TestContext,
  input: OptionsInput = {},
  serving: Partial<ServeOptions> = {},
): Promise<TestReceiver> {
  let receiver: Serving | undefined;
  // First, so that it ends before its database does.
  t.after(() => receiver?.close(5_000));
  const { db, url: databaseUrl } = await databaseFor(t);
  const dir = folderFor(t);
  const said: string[] = [];
  const options = loadOptions({ databaseUrl, dir, ...input }, {}, dir);
  receiver = await serve(options, {
    host: '127.0.0.1',
    port: 0,
    onProblem: (line) => said.push(line),
    ...serving,
  });
  const url = `http://127.0.0.1:${receiver.port}`;
  const post: TestReceiver['post'] = (path, body, headers = {}) =>
    fetch(url + path, { method: 'POST', body: body as string, headers });
  return {
    url,
    port: receiver.port,
    db,
    databaseUrl,
    dir,
    said,
    post,
    json: (path, body) => post(path, JSON.stringify(body), { 'content-type': 'application/json' }),
    async settled() {
      if (!(await receiver!.flush(30_000))) throw new Error('not stored within 30 s');
    },
    async rows<Row>(count: number) {
      let found: Row[] = [];
      await until(`${count} rows`, async () => {
        found = await db.query<Row>('select * from rowtrace.error_logs order by created_at, message');
        return found.length >= count;
      });
      return found;
    },
  };
}
