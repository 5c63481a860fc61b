// The clinic on Express 5 as an ES module: the same flag, nothing else to do.
//   node --import rowtrace/register app.mjs

import express from 'express';
import clinic from '../shared/clinic.cjs';

const app = express();
app.use(express.json());

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
