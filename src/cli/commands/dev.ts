// `rowtrace dev -- node app.js`: the application with the preload, and the embedded owner beside it.

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, maskSecret } from '../../options/options.ts';
import type { Db } from '../../store/db.ts';
import { recordedEnvironment, runInForeground } from '../application.ts';
import { examples, onDatabase } from '../arguments.ts';
import { note } from '../output/terminal.ts';
import { connectOwner } from '../owner/connect.ts';

/** Below the time after which `pg` drops an idle connection: a client is what keeps the owner. */
const KEEP_MILLIS = 20_000;

export function register(program: Command): void {
  const command = program
    .command('dev')
    .description('run an application with Rowtrace in it, and the embedded database beside it')
    .argument('<command...>', 'the application, as you start it')
    .passThroughOptions();
  examples(onDatabase(command, false), 'rowtrace dev -- node app.js', 'rowtrace dev -- npm start');
  command.action(run);
}

async function run([command, ...args]: string[], { dir }: { dir?: string }): Promise<void> {
  const options = loadOptions({ dir });
  let beside: ReturnType<typeof keepOwner> | undefined;
  const onStarted = () => {
    beside = options.databaseUrl ? undefined : keepOwner(options.dir);
  };
  const where = options.databaseUrl ? maskSecret(options.databaseUrl) : options.dir;
  note(`rows go to ${where}; see them with: npx rowtrace tail`);
  try {
    const env = { ...recordedEnvironment(), ROWTRACE_DIR: options.dir };
    process.exitCode = await runInForeground(command!, args, env, onStarted);
  } catch (error) {
    throw new RowtraceError('RT_USAGE', [`${command} cannot be started: ${(error as Error).message}`], {
      cause: error,
    });
  } finally {
    await beside?.stop();
  }
}

/** The application does not wait for it, and goes on without it. */
function keepOwner(dir: string): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const connected: Promise<Db | undefined> = connectOwner(dir, undefined, () => stopped).catch((error) => {
    if (!stopped) note(`${(error as Error).message} The application goes on; its rows wait in the journal.`);
    return undefined;
  });
  void connected.then((db) => {
    if (db && !stopped) timer = setInterval(() => void db.query('select 1').catch(() => {}), KEEP_MILLIS);
  });
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await (await connected)?.close().catch(() => {});
    },
  };
}
