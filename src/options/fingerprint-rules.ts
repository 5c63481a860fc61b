// The operator's grouping rules: what a configuration file or code gave in, checked rules out. Throws a plain sentence
// that says which rule is wrong and what would be right.

import type { FingerprintRule } from '../record/fingerprint/index.ts';

const CONDITIONS = ['type', 'message', 'service', 'culprit'] as const;
const FIELDS: readonly string[] = [...CONDITIONS, 'fingerprint'];
/** Every rule is tried on every event, in the delivery thread. */
const MOST_RULES = 500;
const LONGEST = 1_000;

export function fingerprintRules(given: unknown): readonly FingerprintRule[] {
  if (!Array.isArray(given)) throw new Error('expected a list of { type?, message?, service?, culprit?, fingerprint }');
  if (given.length > MOST_RULES) throw new Error(`expected at most ${MOST_RULES} rules, not ${given.length}`);
  return Object.freeze(given.map((rule, at) => readRule(rule, `rule ${at + 1}`)));
}

function readRule(given: unknown, which: string): FingerprintRule {
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw new Error(`${which} is no object { type?, message?, service?, culprit?, fingerprint }`);
  const unknown = Object.keys(given).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    throw new Error(`${which} has the field ${JSON.stringify(unknown)}; a rule may have ${FIELDS.join(', ')}`);
  const rule: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || value === '' || value.length > LONGEST)
      throw new Error(`${name} of ${which} should be a text of 1 to ${LONGEST} characters`);
    rule[name] = value;
  }
  const { fingerprint } = rule;
  if (fingerprint === undefined)
    throw new Error(`${which} lacks fingerprint, the name of the issue that matching events get`);
  // A forgotten condition would put every event of a service into one issue.
  if (!CONDITIONS.some((name) => rule[name] !== undefined))
    throw new Error(`${which} has no condition (${CONDITIONS.join(', ')}); to match everything, say type: "*"`);
  return Object.freeze({ ...rule, fingerprint });
}
