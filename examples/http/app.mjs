// The veterinary clinic on nothing but node:http, for where no framework is installed.
//   node --import rowtrace/register app.mjs

import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

class BookingError extends Error {
  name = 'BookingError';
}
class PaymentError extends Error {
  name = 'PaymentError';
}

const owners = { 1: { name: 'Ada' }, 2: { name: 'Grace' } };

const routes = [
  [/^GET \/$/, () => ({ clinic: 'Paws & Claws' })],
  [/^GET \/dogs\/([12])$/, (id) => ({ id, owner: owners[id] })],
  [/^GET \/dogs\/(\d+)\/owner$/, (id) => ({ owner: owners[id].name })],
  [/^POST \/appointments$/, () => book()],
  [/^GET \/invoices\/(\d+)$/, (id) => showInvoice(id)],
  // Slow: two seconds make a warning (ROWTRACE_SLOW_SERVER_MILLIS).
  [/^GET \/reports\/weekly$/, () => pause(2100).then(() => ({ visits: 112 }))],
];

async function book() {
  const reason = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
  throw new BookingError('the appointment could not be booked', { cause: reason });
}

function showInvoice(id) {
  console.error('invoice is shown without its payment', new PaymentError(`card declined for invoice ${id}`));
  return { id, paid: false };
}

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  for (const [pattern, handle] of routes) {
    const match = pattern.exec(`${request.method} ${request.url}`);
    if (!match) continue;
    try {
      return answer(200, await handle(match[1]));
    } catch (error) {
      console.error(error);
      return answer(500, { error: 'something went wrong' });
    }
  }
  answer(404, { error: 'not found' });
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

function stop() {
  server.close();
  server.closeIdleConnections();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('disconnect', stop);
