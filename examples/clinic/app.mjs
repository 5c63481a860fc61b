// The clinic with columns of its own: clinic_id, vet_id and dog_id are typed, indexed columns of error_logs and http_calls
// (rowtrace.config.json), so that errors can be joined to the tables of the clinic. One middleware says whose request it is.
//   node --import rowtrace/register app.mjs

import express from 'express';
import { setTag, withContext } from 'rowtrace';
import clinic from '../shared/clinic.cjs';

const app = express();
app.use(express.json());
app.use((request, _response, next) => {
  const clinicId = Number(request.get('x-clinic') ?? 3);
  withContext({ userId: request.get('x-user') ?? 'reception', tags: { clinic_id: clinicId } }, next);
});
app.param('id', (_request, _response, next, id) => {
  const dog = clinic.dogs.get(id);
  if (dog) {
    setTag('dog_id', dog.id);
    setTag('vet_id', dog.vetId);
  }
  next();
});

app.get('/', (_request, response) => response.json({ clinic: 'Paws & Claws', dogs: clinic.dogs.size }));
app.get('/dogs/:id', (request, response) => {
  const dog = clinic.dogs.get(request.params.id);
  if (!dog) return response.status(404).end();
  response.json(dog);
});
app.get('/dogs/:id/owner', (request, response) => response.json(clinic.ownerOf(request.params.id)));
app.post('/appointments', async (request, response) => response.json(await clinic.book(request.body)));
app.get('/invoices/:id', (request, response) => response.json(clinic.showInvoice(request.params.id)));
app.get('/reports/weekly', async (_request, response) => response.json(await clinic.weeklyReport()));

const server = app.listen(clinic.port, '127.0.0.1', () => clinic.running(server));
