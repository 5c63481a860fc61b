// What the preload does once it is sure to be wanted: loader hooks for ESM, then start(), then one line on stderr.

import { register } from 'node:module';
import { hookImportsOfRequired } from './capture/imports-of-required.ts';
import { HOOKED_FILES, HOOKED_MODULES } from './capture/instrumentations.ts';
import { LOGGER_MODULES } from './capture/loggers.ts';
import { API_MODULE } from './capture/second-sdk.ts';
import { explained } from './errors.ts';
import { applicationHasDatabase, loadOptions, maskSecret, type Options } from './options/options.ts';
import { say } from './options/say.ts';
import { type Running, startWith } from './start.ts';
import { HERE, ownRequire } from './util/own-files.ts';
import { VERSION } from './version.ts';

export function preload(): void {
  let options: Options;
  try {
    options = loadOptions();
  } catch (error) {
    say(`not started: ${explained(error)}`);
    return;
  }
  const running = startWith(options, hookModuleLoading);
  if (running !== undefined && !options.quiet) say(startLine(options, running));
}

/**
 * ESM applications import CommonJS packages past `require`: import-in-the-middle sees to it that instrumentations get
 * them. Synchronous hooks where Node has them (22.22.3, 24.11.1, 25.1), else the loader thread. None in Deno: with a hook of
 * any kind it reads a required .json as JavaScript, and the application does not start (2.9).
 */
function hookModuleLoading(): string {
  if (process.versions.deno !== undefined) return 'CommonJS only';
  const include = [...HOOKED_MODULES, ...LOGGER_MODULES, API_MODULE, ...HOOKED_FILES];
  try {
    const { supportsSyncHooks, register: registerSync } = ownRequire('import-in-the-middle/register-hooks.mjs');
    if (supportsSyncHooks()) {
      registerSync({ include });
      return 'sync';
    }
    register('import-in-the-middle/hook.mjs', HERE, { data: { include } });
    hookImportsOfRequired();
    return 'loader thread';
  } catch (error) {
    say(`ESM imports are not hooked (${(error as Error).message}); CommonJS applications are not affected`);
    return 'CommonJS only';
  }
}

function startLine(options: Options, running: Running): string {
  const { resource, hooked, esm } = running;
  const target = options.databaseUrl ?? options.endpoint;
  const where = target
    ? maskSecret(target)
    : `journal ${options.dir} (see it with \`npx rowtrace issues\`${databaseHint()})`;
  const release = resource.release ? `@${resource.release}` : '';
  return `${VERSION}: ${resource.service}${release} (${resource.environment}) → ${where}; hooked ${hooked.join(', ')}; ESM ${esm}`;
}

/** DATABASE_URL is the application's own: never used by itself, but worth a hint. */
function databaseHint(): string {
  return applicationHasDatabase() ? '; to use this database: ROWTRACE_DATABASE_URL=$DATABASE_URL' : '';
}
