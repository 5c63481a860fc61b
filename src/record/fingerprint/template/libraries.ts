// Messages whose shape is a library's: the part that names the problem is taken out. A whole message in, that part out;
// undefined where no rule applies.

import { statementMessage, withoutFurtherValues } from './statement.ts';

/** A line of a source excerpt: ` 12| code`, ` >> 12| code`, `> 12 | code`, `→ 12 code`, `     |   ^`. */
const EXCERPT = /^\s{0,64}(?:>{1,2}|→)?\s{0,64}\d{1,6}\s{0,64}\||^\s{0,64}→\s{0,64}\d{1,6}\s|^\s{0,64}\|\s{0,512}[\^~]/;
/** The first line of such a message: a place, nothing else. */
const PLACE = /^(?:[A-Za-z]:)?[^\s:]{1,512}:\d{1,7}(?::\d{1,7})?:?$/;

/** node:assert prints the two values below, as a comparison or as a difference. */
const ASSERTION = /^Expected [\w" ]{1,80}:\n\s{0,8}(?:\+ actual|.{0,256} !== |[+-] |.{0,256}\n\nshould )/;

/** grpc-js lists behind it what the time went into, as far as it can be measured: ` after 0.300s,LB pick: 0.005s,…`. */
const DEADLINE = 'DEADLINE_EXCEEDED: Deadline exceeded';

export function libraryMessage(text: string): string | undefined {
  if (text.includes('"code"') && text.trimStart().startsWith('[')) return validationIssues(text);
  const deadline = text.indexOf(`${DEADLINE} after `);
  if (deadline >= 0) return text.slice(0, deadline + DEADLINE.length);
  // MikroORM: what Postgres adds, with the values, behind what it said.
  const detail = text.indexOf('\n - detail: ');
  const told = detail > 0 ? text.slice(0, detail) : text;
  const statement = statementMessage(told);
  if (statement !== undefined) return statement;
  if (detail > 0) return told;
  if (!text.includes('\n')) return undefined;
  const start = text.trimStart();
  // Drizzle (DrizzleQueryError): the statement, and on a line of its own the values that it was given.
  if (start.startsWith('Failed query: ') && start.includes('\nparams: '))
    return withoutFurtherValues(start.slice(0, start.indexOf('\nparams: ')));
  if (start.startsWith('Invalid `')) return prismaMessage(start);
  const required = text.indexOf('\nRequire stack:');
  if (required >= 0) return text.slice(0, required);
  if (ASSERTION.test(start)) return start.slice(0, start.indexOf('\n'));
  return withoutExcerpt(text);
}

/** zod: the message is a list of issues. What is wrong where is the bug; in which order, and the values, are not. */
function validationIssues(text: string): string | undefined {
  const issues = parseIssues(text) ?? scanIssues(text);
  const said = issues.map(
    ({ code, path }) => `${code} at ${path.map((step) => (/^\d+$/.test(step) ? '*' : step)).join('.')}`,
  );
  return said.length === 0 ? undefined : [...new Set(said)].sort().join(', ');
}

interface Issue {
  code: string;
  path: string[];
}

function parseIssues(text: string): Issue[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return undefined;
    return parsed
      .slice(0, 64)
      .flatMap((issue) =>
        typeof issue?.code === 'string'
          ? [{ code: issue.code, path: Array.isArray(issue.path) ? issue.path.map(String) : [] }]
          : [],
      );
  } catch {
    return undefined;
  }
}

/** The same from a list that was cut: codes and paths are read as far as they go. */
function scanIssues(text: string): Issue[] {
  const issues: Issue[] = [];
  for (const [, code, path] of text.matchAll(/"code":\s{0,8}"(\w{1,64})"|"path":\s{0,8}\[([^\]]{0,512})\]/g)) {
    if (code !== undefined) issues.push({ code, path: [] });
    else issues.at(-1)?.path.push(...[...(path ?? '').matchAll(/[\w-]{1,64}/g)].map((step) => step[0]));
    if (issues.length >= 64) break;
  }
  return issues;
}

/** Prisma: which call, then (behind an excerpt in development) the sentence that says why; hints come after it. */
function prismaMessage(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const call = /^Invalid `([^`]{1,128})`/.exec(lines[0]!)?.[0] ?? lines[0]!;
  const rest = lines.slice(1).filter((line) => !EXCERPT.test(line) && !/^\d{1,6}\s/.test(line) && !PLACE.test(line));
  const reason = rest.findLast((line) => !line.startsWith('Please ')) ?? '';
  return `${call}: ${reason}`;
}

/** ejs, babel, postcss: a place, an excerpt of the source, and the message proper before or after it. */
function withoutExcerpt(text: string): string | undefined {
  const lines = text.split('\n');
  if (!lines.some((line) => EXCERPT.test(line))) return undefined;
  const kept = lines.filter((line) => line.trim() !== '' && !EXCERPT.test(line) && !PLACE.test(line.trim()));
  return kept.length === 0 ? undefined : kept.slice(0, 2).join(' ');
}
