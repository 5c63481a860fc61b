// Names that go into SQL text. Checked against one plain shape first and quoted all the same, so that a name is never
// more than a name, also inside a string literal.

import { RowtraceError } from '../errors.ts';

const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,40}$/;

export function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name);
}

/** `rowtrace` → `"rowtrace"`. @throws RowtraceError RT_OPTION_INVALID */
export function quoteName(name: string, option: 'schema' | 'columns' = 'schema'): string {
  const fail = (expected: string): never => {
    throw new RowtraceError('RT_OPTION_INVALID', [`${option} = ${JSON.stringify(name)}`, expected]);
  };
  if (!isPlainName(name)) fail('expected a lower-case name of letters, digits and _ (41 at most)');
  if (option === 'schema' && name.startsWith('pg_'))
    fail("expected a name that does not begin with pg_: those are Postgres' own");
  return `"${name}"`;
}
