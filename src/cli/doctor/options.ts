// The options in force, and variables of the environment that look like one and are none.

import { describeOptions, type Options } from '../../options/options.ts';
import { meantText, unknownVariables } from '../../options/unknown-names.ts';
import type { Finding } from './finding.ts';

export function checkOptions(options: Options, env = process.env): Finding[] {
  const set = Object.entries(describeOptions(options)).map(([name, value]) => `${name} = ${shown(value)}`);
  const text = set.length > 0 ? set.join(', ') : 'all at their defaults';
  return [{ state: 'info', name: 'options', text }, ...unknownVariables(env).map(mistyped)];
}

function mistyped(variable: ReturnType<typeof unknownVariables>[number]): Finding {
  return {
    state: 'warning',
    name: 'variable',
    text: `${variable.name} is no option${meantText(variable)}`,
    fix: 'Check the spelling against docs/options.md, or unset it.',
  };
}

/** JSON has neither functions nor patterns. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return '[function]';
  return JSON.stringify(value, (_, inner) => (inner instanceof RegExp ? String(inner) : inner));
}
