// What of the options the owner applies to the rows it stores, so that a command can tell whether the one that runs goes by
// its own. In: options. Out: a digest, for owner.json.

import { createHash } from 'node:crypto';
import { DEFINITIONS } from '../../options/definitions.ts';
import type { OptionName, Options } from '../../options/options.ts';

const NAMES = [
  ...(['schema', 'columns', 'fingerprintRules', 'keepDays', 'stormRows'] as const),
  ...(['archive', 'archiveDays', 'archiveMaxBytes'] as const),
] satisfies OptionName[];

export type AppliedOptions = Pick<Options, (typeof NAMES)[number]>;

export interface Applied {
  digest: string;
  /** Where the configuration file was looked for. */
  cwd: string;
}

const DEFAULTS = 'defaults';

export function appliedOf(options: AppliedOptions): Applied {
  const set = NAMES.filter((name) => options[name] !== DEFINITIONS[name].default).map((name) => [name, options[name]]);
  const digest = set.length === 0 ? DEFAULTS : createHash('sha256').update(JSON.stringify(set)).digest('hex');
  return { digest, cwd: process.cwd() };
}

/** A command without such options, in another folder, takes the owner as it is: it looks at the rows of an application there. */
export function goesBy(owner: Applied | undefined, here: Applied): boolean {
  return owner?.digest === here.digest || (here.digest === DEFAULTS && owner?.cwd !== here.cwd);
}
