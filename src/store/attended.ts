// A transaction that is not left idle while its work is elsewhere. The embedded database ends one that is, after 10 s and
// once others wait for it.

import type { Queryable } from './db.ts';

const ASK_MILLIS = 3_000;

/** Runs `work`; where it asks the transaction nothing for a while, something is asked for it. */
export async function attended<T>(tx: Queryable, work: (tx: Queryable) => Promise<T>): Promise<T> {
  // One question at a time: pg is about to give up the queue of a client.
  let last: Promise<unknown> = Promise.resolve();
  let open = 0;
  function query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    open++;
    const answer = last
      .then(() => tx.query<Row>(text, values))
      .finally(() => {
        open--;
      });
    last = answer.catch(() => {});
    return answer;
  }
  const timer = setInterval(() => {
    // What fails here fails the next question of `work`, too.
    if (open === 0) void query('select 1').catch(() => {});
  }, ASK_MILLIS);
  try {
    return await work({ query });
  } finally {
    clearInterval(timer);
    await last;
  }
}
