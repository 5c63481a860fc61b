// A veterinary clinic. It knows nothing of Rowtrace: the preload flag records what goes wrong in it.
//   node --import rowtrace/register app.js

const express = require('express');
const pino = require('pino');

const log = pino({ name: 'vet-clinic' });
const app = express();
app.use(express.json());

const dogs = new Map([
  ['1', { id: 1, name: 'Rex', owner: { name: 'Ada' }, vaccinations: ['rabies'] }],
  ['2', { id: 2, name: 'Luna', owner: { name: 'Grace' }, vaccinations: [] }],
  // Came in without papers; /dogs/3/owner has not been told.
  ['3', { id: 3, name: 'Stray' }],
]);

class BookingError extends Error {
  name = 'BookingError';
}
class PaymentError extends Error {
  name = 'PaymentError';
}

app.get('/', (_request, response) => response.json({ clinic: 'Paws & Claws', dogs: dogs.size }));

app.get('/dogs/:id', (request, response) => {
  const dog = dogs.get(request.params.id);
  if (!dog) return response.status(404).json({ error: 'no such dog' });
  response.json(dog);
});

// A bug: not every dog has an owner.
app.get('/dogs/:id/owner', (request, response) => {
  const dog = dogs.get(request.params.id);
  response.json({ owner: dog.owner.name });
});

// A chain of causes: what the user sees, what failed, and why.
app.post('/appointments', async (request, response) => {
  response.status(201).json(await book(request.body));
});

async function book({ dogId, slot } = {}) {
  try {
    return await reserve(dogId, slot);
  } catch (error) {
    throw new BookingError(`dog ${dogId} could not be booked for ${slot}`, { cause: error });
  }
}

async function reserve() {
  const reason = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
  throw new Error('the calendar cannot be written', { cause: reason });
}

// Handled and logged: the answer is fine for the user, the row is for us.
app.get('/invoices/:id', async (request, response) => {
  try {
    throw new PaymentError(`card declined for invoice ${request.params.id}`);
  } catch (error) {
    log.error({ err: error, invoice: request.params.id }, 'invoice is shown without its payment');
    response.json({ id: request.params.id, paid: false });
  }
});

// Slow: two seconds make a warning (ROWTRACE_SLOW_SERVER_MILLIS).
app.get('/reports/weekly', async (_request, response) => {
  await new Promise((resolve) => setTimeout(resolve, 2100));
  response.json({ visits: 112 });
});

app.use((_error, _request, response, _next) => {
  response.status(500).json({ error: 'something went wrong', request: response.getHeader('x-request-id') });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

function stop() {
  server.close();
  server.closeIdleConnections();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('disconnect', stop);
