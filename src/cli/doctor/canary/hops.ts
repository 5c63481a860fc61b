// The way of a canary, hop by hop, up to the first one that lost it. In: options, and the flight. Out: hops as they are known;
// the last one is the one that lost it, or it arrived.

import { queueStates } from '../../../../exporters/amqp/index.ts';
import { RowtraceError } from '../../../errors.ts';
import { maskSecret, type Options } from '../../../options/options.ts';
import { isStored } from '../../../store/canary-rows.ts';
import type { Db } from '../../../store/db.ts';
import { explainDatabaseError } from '../../explain-error.ts';
import { openDatabase } from '../../open-database.ts';
import { AS_STARTED } from '../start.ts';
import type { Flight } from './flight.ts';
import { type Hop, type HopName, hopOfMessage } from './hop.ts';
import { findInJournals, type InJournal } from './in-journals.ts';

/** A busy machine takes that long to start a process. */
const START_MILLIS = 30_000;
export const FLUSH_MILLIS = 20_000;
const ROW_MILLIS = 20_000;
const LOOK_MILLIS = 100;

export interface Journey {
  options: Options;
  flight: Flight;
  mark: string;
  esm: boolean;
  /** Of the flight. */
  env: NodeJS.ProcessEnv;
  /** Rowtrace was preloaded by doctor, not by the command. */
  addPreload: boolean;
  /** Behind a receiver: where to look further. */
  queue?: { url: string; name: string; shards: number } | undefined;
  databaseUrl?: string | undefined;
}

export interface Arrival {
  hops: Hop[];
  /** Where the row is, to be removed. */
  row?: InJournal;
}

/** @param onHop hears of each as soon as it is known */
export async function followCanary(journey: Journey, onHop: (hop: Hop) => void): Promise<Arrival> {
  const arrival: Arrival = { hops: [] };
  const passes = (hop: Hop): boolean => {
    arrival.hops.push(hop);
    onHop(hop);
    return hop.state !== 'problem';
  };
  if (!passes(await preloadHop(journey))) return arrival;
  if (!passes(await hookHop(journey))) return arrival;
  if (!passes(await sdkHop(journey))) return arrival;
  arrival.row = findInJournals(journey.options.dir, journey.flight.pid, journey.mark);
  const { running } = (await journey.flight.step('started', 0))!;
  if (!passes(journalHop(journey, arrival.row, running))) return arrival;
  for (const hop of await deliveryHops(journey)) if (!passes(hop)) return arrival;
  if (journey.queue && !passes(await queueHop(journey.queue))) return arrival;
  const last = await rowHop(journey, arrival.row!);
  if (last !== undefined) passes(last);
  return arrival;
}

function ok(name: HopName, text: string): Hop {
  return { name, state: 'ok', text };
}

function lost(name: HopName, text: string, fix: string): Hop {
  return { name, state: 'problem', text, fix };
}

async function preloadHop({ flight, env, addPreload }: Journey): Promise<Hop> {
  const started = await flight.step('started', START_MILLIS);
  if (started === undefined)
    return lost(
      'preload',
      `the program did not start: ${flight.failure ?? flight.complaint ?? 'it said nothing'}`,
      'Correct the flags it is started with.',
    );
  if (started.running) return ok('preload', 'Rowtrace runs in it');
  // An SDK of the application's own, with our processors in it, takes the same way from here on.
  if (started.sdk && refusal(flight) === undefined) return ok('preload', 'an SDK of its own runs in it');
  return notStarted(flight, env, addPreload);
}

function refusal({ said }: Flight): string | undefined {
  return said.find((line) => /not started|nothing was started/.test(line));
}

function notStarted(flight: Flight, env: NodeJS.ProcessEnv, addPreload: boolean): Hop {
  const why = refusal(flight);
  if (why?.startsWith('another OpenTelemetry SDK'))
    return lost(
      'preload',
      why.split(';')[0]!,
      addPreload
        ? `Where createProcessors() is in that SDK, send it as the application starts, without the flag: \`${AS_STARTED}\`; else add it there.`
        : 'Remove `--import rowtrace/register` and add createProcessors() to that SDK (docs/own-sdk.md).',
    );
  if (why !== undefined) return lost('preload', why, 'Correct what it says.');
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true')
    return lost('preload', 'OTEL_SDK_DISABLED=true: Rowtrace does not start', 'Unset OTEL_SDK_DISABLED.');
  if (env.ROWTRACE_INTERNAL === '1')
    return lost('preload', 'ROWTRACE_INTERNAL=1: Rowtrace does not start', 'Unset ROWTRACE_INTERNAL.');
  return lost(
    'preload',
    'Rowtrace was not loaded',
    'Start with `node --import rowtrace/register app.js`, or set NODE_OPTIONS="--import rowtrace/register".',
  );
}

async function hookHop({ flight, esm }: Journey): Promise<Hop> {
  const requested = await flight.step('requested', START_MILLIS);
  if (requested === undefined)
    return lost(
      'hook',
      `no request reached it: ${flight.failure ?? flight.complaint ?? 'it said nothing'}`,
      'Let it listen on 127.0.0.1.',
    );
  if (!requested.span)
    return lost(
      'hook',
      'the request had no span: node:http is not hooked',
      'Take `http` out of OTEL_NODE_DISABLED_INSTRUMENTATIONS, or into OTEL_NODE_ENABLED_INSTRUMENTATIONS; an SDK of your own needs the instrumentation for http.',
    );
  const started = (await flight.step('started', 0))!;
  const others = unique(started.otherSdks) || (flight.hasSecondSdk ? 'another SDK' : '');
  if (started.running && others)
    return warned(`${others} is in the same process, and registers nothing: Rowtrace was first`, TWO_SDKS);
  if (started.loadedBefore?.length)
    return warned(`${started.loadedBefore.join(', ')} loaded before Rowtrace`, FIRST_PRELOAD);
  const hooked = started.esm !== undefined && started.esm !== 'CommonJS only';
  if (started.running && esm && !hooked)
    return warned(
      `ES modules are not hooked (${started.esm ?? 'start() was called by the application'})`,
      'Start with `node --import rowtrace/register`; install rowtrace again where it says CommonJS only.',
    );
  const how = esm ? `ES modules${started.esm ? ` hooked: ${started.esm}` : ''}` : 'CommonJS';
  return ok('hook', `a request is seen (${how})`);
}

const TWO_SDKS =
  'Keep one: remove the preload and add createProcessors() to your SDK, or remove your SDK (OTEL_TRACES_EXPORTER and the like still work).';
const FIRST_PRELOAD = 'Put `--import rowtrace/register` in front of every other --import and --require.';

function warned(text: string, fix: string): Hop {
  return { name: 'hook', state: 'warning', text, fix };
}

function unique(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.replace('\\', '/')))].join(', ');
}

async function sdkHop({ flight }: Journey): Promise<Hop> {
  const recorded = await flight.step('recorded', START_MILLIS);
  const api = (await flight.step('started', 0))?.api;
  if (recorded?.recording) return ok('sdk', `the exception is on a span (@opentelemetry/api ${api?.version})`);
  if (recorded?.valid)
    return lost(
      'sdk',
      'the span was sampled out',
      'Wrap the sampler of your SDK: `sampler: rowtrace.alwaysRecord(sampler)`.',
    );
  return lost(
    'sdk',
    `spans made with ${api ? `@opentelemetry/api ${api.version} in ${api.path}` : 'the API'} reach no SDK`,
    'Run `npm dedupe`, or override @opentelemetry/api to one version.',
  );
}

function journalHop({ options, flight }: Journey, found: InJournal | undefined, running: boolean): Hop {
  const { dir } = options;
  const fix = 'Let ROWTRACE_DIR name a folder that this user may write and that has room.';
  if (found === undefined) {
    const said = flight.said.filter((line) => line.startsWith('journal:')).join('; ');
    if (said || running) return lost('journal', said || `nothing of it is in the journals of ${dir}`, fix);
    return lost('journal', 'the SDK hands nothing to Rowtrace', 'Add the processors of createProcessors() to it.');
  }
  if (!found.elsewhere) return ok('journal', found.path);
  const text = `${dir} cannot be written, so it is in ${found.path}`;
  // The owner of the embedded database looks into its own folder only.
  if (isEmbedded(options)) return lost('journal', text, fix);
  return { name: 'journal', state: 'warning', text, fix };
}

function isEmbedded({ databaseUrl, endpoint }: Options): boolean {
  return databaseUrl === undefined && endpoint === undefined;
}

/** What the delivery thread says; embedded, the owner is asked for the row instead. */
async function deliveryHops({ options, flight }: Journey): Promise<Hop[]> {
  if (isEmbedded(options)) return [];
  flight.deliver();
  const delivered = await flight.step('delivered', 2 * FLUSH_MILLIS);
  const { complete, delivery } = delivered ?? {};
  if (delivered !== undefined && complete === undefined) return [ok('delivery', 'left to the SDK it runs in')];
  const target = options.endpoint ?? maskSecret(options.databaseUrl!);
  if (complete)
    return [
      ok('delivery', 'the delivery thread acknowledged it'),
      ...(options.endpoint ? [ok('receiver', `${target} answered that it has it`)] : []),
    ];
  const last = delivery?.lastError ?? flight.said.at(-1);
  if (last === undefined)
    return [
      lost(
        'delivery',
        `nothing was acknowledged within ${FLUSH_MILLIS / 1000} s (${delivery?.state ?? 'no answer'})`,
        `Look at ${target}: is it there, and not overloaded?`,
      ),
    ];
  const { name, text, fix = `Look at ${target}.` } = hopOfMessage(last);
  const before: Hop[] = name === 'delivery' ? [] : [ok('delivery', 'the delivery thread works')];
  return [...before, lost(name, text, fix)];
}

async function queueHop({ url, name, shards }: NonNullable<Journey['queue']>): Promise<Hop> {
  try {
    const states = await queueStates(url, name, shards);
    const orphan = states.find(({ workers }) => workers === 0);
    if (orphan === undefined) return ok('queue', `${states.map((state) => state.name).join(', ')} taken by workers`);
    return lost(
      'worker',
      `no worker takes ${orphan.name}; ${orphan.waiting} messages wait`,
      `Start one: rowtrace worker --queue ${maskSecret(url)}${shards > 1 ? ` --shards ${shards}` : ''}`,
    );
  } catch (error) {
    const { text, fix } = hopOfMessage((error as Error).message);
    const names = 'Give the --queue-name and --shards that receiver and workers have.';
    return lost('queue', text, fix === undefined || /NOT_FOUND/.test(text) ? names : fix);
  }
}

/** Nothing where it cannot be looked for: the receiver's answer is the last that can be known. */
async function rowHop(journey: Journey, row: InJournal): Promise<Hop | undefined> {
  const { options, queue } = journey;
  const where = tableOptions(journey);
  if (where === undefined) return undefined;
  const shown = where.databaseUrl ? maskSecret(where.databaseUrl) : `the embedded database in ${where.dir}`;
  try {
    const db = await openDatabase(where);
    try {
      if (await untilStored(db, where.schema, row)) return ok('database', `the row is in ${shown}`);
    } finally {
      await db.close();
    }
  } catch (error) {
    const explained = explainDatabaseError(error, where);
    if (!(explained instanceof RowtraceError)) throw error;
    return lost('database', explained.message, explained.fix);
  }
  const seconds = ROW_MILLIS / 1000;
  if (queue)
    return lost(
      'worker',
      `no row within ${seconds} s in ${shown}`,
      'Look at what the worker says, and at its database.',
    );
  return lost(
    'database',
    `no row within ${seconds} s in ${shown}, schema ${where.schema}`,
    options.endpoint
      ? 'Give the database of that receiver to --database.'
      : 'See `rowtrace status` and `rowtrace dead-letters`; a trigger or rule of your own may have taken it.',
  );
}

/** Options of the database where the row has to be, if that is known here. */
export function tableOptions({ options, databaseUrl }: Pick<Journey, 'options' | 'databaseUrl'>): Options | undefined {
  if (databaseUrl !== undefined) return { ...options, endpoint: undefined, databaseUrl, migrate: false };
  return options.endpoint === undefined ? options : undefined;
}

async function untilStored(db: Db, schema: string, row: InJournal): Promise<boolean> {
  const deadline = performance.now() + ROW_MILLIS;
  for (;;) {
    if (await isStored(db, schema, row)) return true;
    if (performance.now() > deadline) return false;
    await new Promise((later) => setTimeout(later, LOOK_MILLIS));
  }
}
