// The clinic on NestJS. In TypeScript the decorators would stand above the methods; applied by hand, no compiler is needed.
//   node --import rowtrace/register app.cjs

require('reflect-metadata');
const { Body, Controller, Get, Module, NotFoundException, Param, Post } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const clinic = require('../shared/clinic.cjs');

class Dogs {
  home() {
    return { clinic: 'Paws & Claws', dogs: clinic.dogs.size };
  }
  dog(id) {
    const dog = clinic.dogs.get(id);
    if (!dog) throw new NotFoundException();
    return dog;
  }
  owner(id) {
    return clinic.ownerOf(id);
  }
  book(body) {
    return clinic.book(body);
  }
  invoice(id) {
    return clinic.showInvoice(id);
  }
  report() {
    return clinic.weeklyReport();
  }
}

function route(method, verb, argument) {
  const descriptor = Object.getOwnPropertyDescriptor(Dogs.prototype, method);
  verb(Dogs.prototype, method, descriptor);
  argument?.(Dogs.prototype, method, 0);
}
route('home', Get('/'));
route('dog', Get('/dogs/:id'), Param('id'));
route('owner', Get('/dogs/:id/owner'), Param('id'));
route('book', Post('/appointments'), Body());
route('invoice', Get('/invoices/:id'), Param('id'));
route('report', Get('/reports/weekly'));
Controller()(Dogs);

class Clinic {}
Module({ controllers: [Dogs] })(Clinic);

async function main() {
  const app = await NestFactory.create(Clinic, { logger: false });
  await app.listen(clinic.port, '127.0.0.1');
  clinic.running(app.getHttpServer());
}
main();
