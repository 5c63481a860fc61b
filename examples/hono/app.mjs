// The clinic on Hono 4 with @hono/node-server.
//   node --import rowtrace/register app.mjs

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import clinic from '../shared/clinic.cjs';

const app = new Hono();

app.get('/', (c) => c.json({ clinic: 'Paws & Claws', dogs: clinic.dogs.size }));
app.get('/dogs/:id', (c) => {
  const dog = clinic.dogs.get(c.req.param('id'));
  return dog ? c.json(dog) : c.notFound();
});
app.get('/dogs/:id/owner', (c) => c.json(clinic.ownerOf(c.req.param('id'))));
app.post('/appointments', async (c) => c.json(await clinic.book(await c.req.json())));
app.get('/invoices/:id', (c) => c.json(clinic.showInvoice(c.req.param('id'))));
app.get('/reports/weekly', async (c) => c.json(await clinic.weeklyReport()));

const server = serve({ fetch: app.fetch, port: clinic.port, hostname: '127.0.0.1' }, () => clinic.running(server));
