// The application of the demo as a child process: started with the preload, visited, ended.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { canLoad, packageRoot, preloadFlag } from '../layout.ts';

export interface Example {
  name: string;
  /** "an Express application". */
  title: string;
  /** web: serves until it is told to stop, and is visited. job: does its work and ends. */
  kind: 'web' | 'job';
  file: string;
  /** Packages it needs beside Rowtrace's own. */
  needs: readonly string[];
  /** What is built before it starts: a program of its packages, and the file that is there when it was done. */
  build?: { program: string; args: readonly string[]; made: string };
  /** Starts Rowtrace by itself, without the flag. */
  ownSdk?: true;
  /** The way it ends. Default 0. */
  exitCode?: number;
}

/** Error types that must be in the database afterwards, for the demo to have worked. */
export const EXPECTED = ['TypeError', 'BookingError', 'PaymentError'];

const web = { kind: 'web' } as const;
const job = { kind: 'job', needs: [] } as const;
const NEXT_BUILD = { program: 'next/dist/bin/next', args: ['build'], made: '.next/BUILD_ID' };
const NEST = ['@nestjs/core', '@nestjs/common', '@nestjs/platform-express', 'reflect-metadata'];

export const EXAMPLES: readonly Example[] = [
  { name: 'express', title: 'an Express application', ...web, file: 'app.js', needs: ['express', 'pino'] },
  { name: 'http', title: 'a node:http application', ...web, file: 'app.mjs', needs: [] },
  { name: 'esm', title: 'an Express application of ES modules', ...web, file: 'app.mjs', needs: ['express'] },
  { name: 'fastify', title: 'a Fastify application', ...web, file: 'app.mjs', needs: ['fastify'] },
  { name: 'koa', title: 'a Koa application', ...web, file: 'app.mjs', needs: ['koa', '@koa/router'] },
  { name: 'hono', title: 'a Hono application', ...web, file: 'app.mjs', needs: ['hono', '@hono/node-server'] },
  { name: 'nest', title: 'a NestJS application', ...web, file: 'app.cjs', needs: NEST },
  {
    ...{ name: 'next', title: 'a Next.js application', ...web, file: 'server.mjs' },
    ...{ needs: ['next', 'react', 'react-dom'], build: NEXT_BUILD },
  },
  { name: 'clinic', title: 'a clinic with columns of its own', ...web, file: 'app.mjs', needs: ['express'] },
  {
    ...{ name: 'own-sdk', title: 'an application with an OpenTelemetry SDK of its own', ...web, file: 'app.mjs' },
    ...{ needs: ['express', 'pino', '@opentelemetry/instrumentation-express'], ownSdk: true },
  },
  { name: 'worker', title: 'a background worker', ...job, file: 'app.mjs' },
  { name: 'script', title: 'a script that crashes in the end', ...job, file: 'app.mjs', exitCode: 1 },
];

export function exampleFolder({ name }: Example): string {
  return join(packageRoot(), 'examples', name);
}

/** What an example needs and its folder cannot load. */
export function missingPackages(example: Example): string[] {
  return example.needs.filter((name) => !canLoad(exampleFolder(example), name));
}

/** The Express application where Express can be loaded, else the one on node:http. */
export function chooseExample(wanted?: string): Example {
  const found = EXAMPLES.find(({ name }) => name === (wanted ?? 'express'))!;
  return wanted === undefined && missingPackages(found).length > 0 ? EXAMPLES[1]! : found;
}

export interface RunningExample {
  url: string;
  /** Lets it end by itself, so that it flushes. */
  stop(): Promise<void>;
}

/** Whether it has to be built first. */
export function isUnbuilt(example: Example): boolean {
  return example.build !== undefined && !existsSync(join(exampleFolder(example), example.build.made));
}

/** In a step of its own, as users do: files that are newer than a process are not those it runs. @throws when it fails */
export function buildExample(example: Example): void {
  const { program, args } = example.build!;
  const cwd = exampleFolder(example);
  const file = createRequire(join(cwd, 'noop.js')).resolve(program);
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The example could not be built: ${`${stdout}${stderr}`.trim().slice(-8000)}`);
}

/** Starts a web application. */
export async function startExample(example: Example, dir: string): Promise<RunningExample> {
  const child = spawnExample(example, dir);
  const url = await listening(child);
  return {
    url,
    stop: async () => {
      const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Runs a job to its end. @throws when it ends in another way than it should */
export async function runExample(example: Example, dir: string): Promise<void> {
  const child = spawnExample(example, dir);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk).slice(-8000);
    });
  const [code] = await once(child, 'close');
  if (code !== (example.exitCode ?? 0)) throw new Error(`The example ended with code ${code}: ${output.trim()}`);
}

function spawnExample(example: Example, dir: string): ChildProcess {
  const cwd = exampleFolder(example);
  const flags = example.ownSdk ? [] : [preloadFlag()];
  return spawn(process.execPath, [...flags, join(cwd, example.file)], {
    // The preload looks for packages and configuration from the working directory.
    cwd,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: '0',
      NODE_ENV: 'demo',
      ROWTRACE_DIR: dir,
      // The demo reads the database of its folder.
      ROWTRACE_ENDPOINT: '',
      ROWTRACE_QUIET: 'on',
      ROWTRACE_SERVICE: '',
      OTEL_SDK_DISABLED: '',
    },
  });
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const onOutput = (chunk: Buffer) => {
      // Read on for ever, or the pipe fills and the application stops.
      output = (output + chunk).slice(-8000);
      const url = /listening on (http:\S+)/.exec(output)?.[1];
      if (url) resolve(url);
    };
    child.stdout!.on('data', onOutput);
    child.stderr!.on('data', onOutput);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The example ended with code ${code}: ${output.trim()}`)));
  });
}
