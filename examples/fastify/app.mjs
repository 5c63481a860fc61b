// The clinic on Fastify 5.
//   node --import rowtrace/register app.mjs

import Fastify from 'fastify';
import clinic from '../shared/clinic.cjs';

const app = Fastify();

app.get('/', () => ({ clinic: 'Paws & Claws', dogs: clinic.dogs.size }));
app.get('/dogs/:id', (request, reply) => clinic.dogs.get(request.params.id) ?? reply.code(404).send());
app.get('/dogs/:id/owner', async (request) => clinic.ownerOf(request.params.id));
app.post('/appointments', (request) => clinic.book(request.body));
app.get('/invoices/:id', async (request) => clinic.showInvoice(request.params.id));
app.get('/reports/weekly', () => clinic.weeklyReport());

await app.listen({ port: clinic.port, host: '127.0.0.1' });
clinic.running(app.server);
