// The clinic on Koa 3 with @koa/router.
//   node --import rowtrace/register app.mjs

import Router from '@koa/router';
import Koa from 'koa';
import clinic from '../shared/clinic.cjs';

const app = new Koa();
// Koa prints what it answers with 500; Rowtrace has it already.
app.silent = true;
const router = new Router();

/** The body of a request, as JSON. */
async function bodyOf(context) {
  const chunks = await context.req.toArray();
  return JSON.parse(Buffer.concat(chunks).toString());
}

router.get('/', (context) => {
  context.body = { clinic: 'Paws & Claws', dogs: clinic.dogs.size };
});
router.get('/dogs/:id', (context) => {
  const dog = clinic.dogs.get(context.params.id);
  if (dog) context.body = dog;
});
router.get('/dogs/:id/owner', (context) => {
  context.body = clinic.ownerOf(context.params.id);
});
router.post('/appointments', async (context) => {
  context.body = await clinic.book(await bodyOf(context));
});
router.get('/invoices/:id', (context) => {
  context.body = clinic.showInvoice(context.params.id);
});
router.get('/reports/weekly', async (context) => {
  context.body = await clinic.weeklyReport();
});

app.use(router.routes());
const server = app.listen(clinic.port, '127.0.0.1', () => clinic.running(server));
