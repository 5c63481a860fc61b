// How the application here is started: the command given, or the start script of its package.json. In: words. Out: Node's
// own flags, variables in front of them, and the module system of the entry file, so that a canary can fly the same way.

import { readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { RowtraceError } from '../../errors.ts';

export interface StartCommand {
  /** As a person reads it. */
  text: string;
  /** Flags of Node in front of the entry file. */
  flags: string[];
  env: Record<string, string>;
  esm: boolean;
  /** The flags or NODE_OPTIONS load Rowtrace. */
  preloads: boolean;
  /** The flags load something else in front of the application: an SDK of its own, it may be. */
  loadsOther: boolean;
}

/** Flags whose value is the next word. */
const WITH_VALUE =
  /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file(-if-exists)?|--stack-trace-limit)$/;
const LOADS = /^(-r|--require|--import)(=|$)/;
/** They watch, debug or test the entry file, which is not run. */
const NOT_FOR_CANARY = /^--(watch|inspect|test|run|eval|print|check|prof|cpu-prof|heap-prof)/;

/** @throws RowtraceError RT_USAGE, where the command is not one of Node */
export function startCommandOf(words: readonly string[], folder: string, env = process.env): StartCommand {
  const script = scriptNamed(words, folder);
  const command = script === undefined ? nodeCommand(words, folder, env) : nodeCommand(split(script), folder, env);
  if (command !== undefined) return command;
  const given = script ?? words.join(' ');
  throw new RowtraceError('RT_USAGE', [`${given} is no command of Node: give it as node <flags> <entry file>`]);
}

/** The start script, where there is one and it runs Node. */
export function startScriptOf(folder: string, env = process.env): StartCommand | undefined {
  const script = manifestOf(folder)?.scripts?.start;
  return script === undefined ? undefined : nodeCommand(split(script), folder, env);
}

/** Whether a file of the folder without a telling extension is an ES module. */
export function isModuleFolder(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = manifestOf(at);
    if (manifest !== undefined) return manifest.type === 'module';
    if (dirname(at) === at) return false;
  }
}

/** Through NODE_OPTIONS or a flag, by the package's name or a path into it. */
export function loadsRowtrace(text: string): boolean {
  return /rowtrace\/register|src\/register\.(c?js|ts)/.test(text);
}

function nodeCommand(words: readonly string[], folder: string, outer: NodeJS.ProcessEnv): StartCommand | undefined {
  const env: Record<string, string> = {};
  let at = words[0] === 'cross-env' ? 1 : 0;
  for (; /^[A-Za-z_]\w*=/.test(words[at] ?? ''); at++) {
    const [name, ...value] = words[at]!.split('=');
    env[name!] = value.join('=');
  }
  if (!/(^|[\\/])node(\.exe)?$/.test(words[at] ?? '')) return undefined;
  const flags: string[] = [];
  for (at++; words[at]?.startsWith('-'); at++) {
    const flag = words[at]!;
    const taken = WITH_VALUE.test(flag) ? [flag, words[++at] ?? ''] : [flag];
    if (!NOT_FOR_CANARY.test(flag)) flags.push(...taken);
  }
  const entry = words[at];
  const preloads = loadsRowtrace([...flags, env.NODE_OPTIONS ?? outer.NODE_OPTIONS ?? ''].join(' '));
  const loadsOther = !preloads && flags.some((flag) => LOADS.test(flag));
  return { text: words.join(' '), flags, env, esm: isModule(entry, folder), preloads, loadsOther };
}

function isModule(entry: string | undefined, folder: string): boolean {
  if (entry === undefined) return isModuleFolder(folder);
  const extension = extname(entry);
  if (/^\.m[jt]s$/.test(extension)) return true;
  return !/^\.c[jt]s$/.test(extension) && isModuleFolder(dirname(resolve(folder, entry)));
}

/** `npm start`, `npm run x`, and the like of pnpm and yarn. */
function scriptNamed([tool, verb, name]: readonly string[], folder: string): string | undefined {
  if (!/^(npm|pnpm|yarn)$/.test(tool ?? '')) return undefined;
  const script = verb === 'run' ? name : verb;
  const found = manifestOf(folder)?.scripts?.[script ?? ''];
  if (found === undefined) throw new RowtraceError('RT_USAGE', [`package.json has no script ${script ?? ''}`]);
  return found;
}

interface Manifest {
  type?: string;
  scripts?: Record<string, string>;
}

function manifestOf(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** Words of a shell command, quotes taken off; nothing more of a shell. */
function split(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/["']/g, ''));
}
