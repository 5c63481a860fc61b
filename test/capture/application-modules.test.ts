// What the application has: in a flat folder of packages as npm makes it, and in one of links as pnpm makes it, where what
// only its dependencies need is out of its reach.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ApplicationModules } from '../../src/capture/application-modules.ts';
import { leanInstrumentations } from '../../src/capture/instrumentations.ts';
import { folderFor } from '../support/folder.ts';
import { drawn, journaled } from '../support/journaled.ts';

/** A package in pnpm's store with links to its dependencies beside it. @returns its folder */
function stored(root: string, name: string, dependencies: readonly string[]): string {
  const modules = join(root, 'node_modules', '.pnpm', `${name.replace('/', '+')}@1.0.0`, 'node_modules');
  const folder = join(modules, name);
  mkdirSync(folder, { recursive: true });
  const listed = Object.fromEntries(dependencies.map((one) => [one, '1.0.0']));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', dependencies: listed }));
  writeFileSync(join(folder, 'index.js'), '');
  for (const one of dependencies) link(stored(root, one, []), join(modules, one));
  return folder;
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
}

test('packages of linked dependencies are found, one and two steps from the application', (t) => {
  const root = folderFor(t);
  link(stored(root, '@nestjs/platform-express', ['express']), join(root, 'node_modules', '@nestjs/platform-express'));
  // A package of the same workspace has its links in a folder of its own.
  const shared = join(root, 'packages', 'shared');
  mkdirSync(shared, { recursive: true });
  writeFileSync(join(shared, 'package.json'), JSON.stringify({ name: 'shared', dependencies: { mongoose: '1' } }));
  link(stored(root, 'mongoose', ['mongodb']), join(shared, 'node_modules', 'mongoose'));
  link(shared, join(root, 'node_modules', 'shared'));
  link(join(root, 'nowhere'), join(root, 'node_modules', 'broken'));
  const modules = new ApplicationModules([join(root, 'dist', 'main.js')]);
  for (const name of ['@nestjs/platform-express', 'express', 'mongoose', 'mongodb', 'shared/package.json'])
    assert.ok(modules.has(name), name);
  assert.ok(modules.resolve('mongodb').endsWith(join('node_modules', 'mongodb', 'index.js')));
  assert.ok(!modules.has('ioredis'));
  assert.throws(() => modules.resolve('ioredis'), { code: 'MODULE_NOT_FOUND' });
});

test('another place is asked where the first has no such package', (t) => {
  const launcher = folderFor(t);
  const root = folderFor(t);
  link(stored(root, 'bullmq', ['ioredis']), join(root, 'node_modules', 'bullmq'));
  const modules = new ApplicationModules([join(launcher, 'cli.js'), 'no path', join(root, 'noop.js')]);
  assert.ok(modules.has('bullmq'));
  assert.ok(modules.has('ioredis'));
});

test('no more than 200 manifests are read', (t) => {
  const root = folderFor(t);
  for (let at = 100; at < 320; at++)
    link(stored(root, `package-${at}`, [`of-${at}`]), join(root, 'node_modules', `package-${at}`));
  const modules = new ApplicationModules([join(root, 'noop.js')]);
  const found = Array.from({ length: 220 }, (_, at) => modules.has(`of-${100 + at}`)).filter(Boolean);
  assert.equal(found.length, 200);
});

test('what a bundle is made of is named by the manifest above it that names anything, not by that of the workspace', (t) => {
  const folder = folderFor(t);
  const write = (path: string, manifest: object) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(manifest));
  };
  write('package.json', { devDependencies: { '@sveltejs/kit': '*', vite: '*' } });
  write('web/package.json', { devDependencies: { '@sveltejs/kit': '*' } });
  write('web/build/package.json', { type: 'module' });
  write('api/package.json', { dependencies: { express: '*' } });
  const isNamed = (entry: string) => new ApplicationModules([join(folder, entry)]).isNamed('@sveltejs/kit');
  assert.deepEqual(['web/build/index.js', 'api/server.js', 'server.js'].map(isNamed), [true, false, true]);
});

test('hooks of our own are always made and named only where the application has the package', () => {
  const { all, found } = leanInstrumentations({
    requestIdHeaders: ['x-request-id'],
    modules: { has: () => false, isNamed: () => false, hasBuilt: () => false, resolve: assert.fail },
    disabled: ['undici'],
    onProblem: assert.fail,
  });
  for (const instrumentation of [...all.values()].flat()) instrumentation.disable();
  assert.deepEqual(found, ['http', 'http2']);
  const waiting = [
    'express',
    'fastify',
    'koa',
    'nestjs-core',
    'hono',
    'hapi',
    'next',
    'react-router',
    'adonis',
    'restify',
    'feathers',
    'loopback',
    'apollo',
    'astro',
    'h3',
    'nitro',
    'nuxt',
    'sveltekit',
    'tanstack-start',
    'trpc',
    'grpc',
    'connectrpc',
    'kafkajs',
    'bullmq',
    'bull',
  ];
  assert.deepEqual([...all.keys()].sort(), [...found, ...waiting].sort());
});

test('Nest with express out of reach of the application: its rows have a route', async (t) => {
  const program = `
    require('reflect-metadata');
    const { NestFactory } = require('@nestjs/core');
    const { Controller, Get, Module } = require('@nestjs/common');
    class Dogs { one() { throw new Error('no dog 7'); } }
    Controller('dogs')(Dogs);
    Get(':id')(Dogs.prototype, 'one', Object.getOwnPropertyDescriptor(Dogs.prototype, 'one'));
    class App {}
    Module({ controllers: [Dogs] })(App);
    (async () => {
      const app = await NestFactory.create(App, { logger: false });
      await app.listen(0, '127.0.0.1');
      await fetch(await app.getUrl() + '/dogs/7').then((answer) => answer.text());
      await app.close();
    })();`;
  const packages = ['reflect-metadata', 'rxjs', '@nestjs/core', '@nestjs/common', '@nestjs/platform-express'];
  const { rows, stderr } = await journaled(t, program, { file: 'app.cjs', packages });
  assert.deepEqual(drawn(rows), ['ERROR no dog 7 | /dogs/:id | 500']);
  assert.match(stderr, /hooked http, express, nestjs-core, http2, /);
});
