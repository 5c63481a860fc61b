// `rowtrace dev -- node app.js`: the application with the preload, and the embedded owner beside it.

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, maskSecret } from '../../options/options.ts';
import { recordedEnvironment, runInForeground } from '../application.ts';
import { examples, onDatabase } from '../arguments.ts';
import { note } from '../output/terminal.ts';
import { keepOwner } from '../owner/keep.ts';

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
    beside = options.databaseUrl ? undefined : keepOwner(options, note);
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
