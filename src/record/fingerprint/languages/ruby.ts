// Ruby: `full_message` ("file:12:in `total': message (Class)", frames behind "from", causes below in the same way) and bare
// backtraces → an error tree. Text in, ErrorNode out, outermost first as Ruby prints it.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { addMessage, chained, errorNode, linesOf, makeFrame, moduleKey, segmentBehind, slashed } from './shared.ts';

const FRAME = /^(?:from |\d{1,4}: from )?((?:[A-Za-z]:)?[^\s:]{1,512}):(\d{1,9})(?::in [`'](.{1,200}?)')?(?::\d)?$/;
const HEADED = /^((?:[A-Za-z]:)?[^\s:]{1,512}):(\d{1,9})(?::in [`']([^']{1,200})')?: (.*)$/;
/** "message (Class)", at the end of the first or the last line of the message. */
const CLASS = / ?\(([A-Z][\w:]{0,200})\)$/;
const NAME_ONLY = /^([A-Z]\w*(?:::[A-Z]\w*){0,16}): (.*)$/;
const VAGUE = new Set(
  'application_record application_controller base index concerns service client helper init version railtie engine core utils common runner handler worker job'.split(
    ' ',
  ),
);
const FRAMEWORKS = new Set(
  'railties actionpack activesupport actionview activejob rack rack-protection puma sinatra sidekiq grape hanami unicorn thin passenger warden omniauth thor rake bundler rspec-core minitest zeitwerk bootsnap'.split(
    ' ',
  ),
);
/** Hash and object id behind the name that ActionView gives a compiled template: others in each process. */
const OF_A_TEMPLATE = /_{2,3}\d{1,20}_\d{1,20}$/;
const RUNTIME = [
  'opentelemetry-',
  'sentry-',
  'ddtrace',
  'datadog',
  'newrelic_rpm',
  'skylight',
  'elastic-apm',
  'bugsnag',
  'honeybadger',
  'rollbar',
  'appsignal',
];

export function parseRuby(stack: string): ErrorNode {
  const errors: ErrorNode[] = [];
  let current = errorNode();
  let inMessage = true;
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const headed = raw.startsWith(' ') || raw.startsWith('\t') ? null : HEADED.exec(body);
    const frame = FRAME.exec(body);
    if (headed !== null) {
      current = errorNode('', headed[4]!);
      current.frames.push(frameOf(headed[1]!, Number(headed[2]), headed[3]));
      errors.push(current);
      inMessage = true;
    } else if (frame !== null) {
      if (errors.length === 0) errors.push(current);
      if (current.frames.length < MAX_FRAMES) current.frames.push(frameOf(frame[1]!, Number(frame[2]), frame[3]));
      inMessage = false;
    } else if (inMessage && body !== '') {
      if (errors.length === 0) errors.push(current);
      addMessage(current, body);
    }
  }
  for (const each of errors) nameOf(each);
  return chained(errors);
}

function nameOf(node: ErrorNode): void {
  const lines = node.message.split('\n', 64);
  for (const at of [0, lines.length - 1]) {
    const found = CLASS.exec(lines[at]!);
    if (found === null) continue;
    lines[at] = lines[at]!.slice(0, found.index);
    node.type = found[1]!;
    break;
  }
  const named = node.type === '' ? NAME_ONLY.exec(lines[0]!) : null;
  if (named !== null) [node.type, lines[0]] = [named[1]!, named[2]!];
  node.message = lines.join('\n').trim();
}

function frameOf(file: string, line: number, label: string | undefined): Frame {
  const path = slashed(file);
  const called = label?.replace(
    /^(?:(?:block|rescue|ensure)(?: \(\d{1,4} levels\))? in |(?:block|rescue|ensure) in )+/,
    '',
  );
  const named = called === undefined || called.startsWith('<') ? undefined : called.replace(OF_A_TEMPLATE, '');
  const name = /[^#.:]{1,200}$/.exec(named ?? '')?.[0] ?? '?';
  const gem = (segmentBehind(path, '/bundler/gems/') ?? segmentBehind(path, '/gems/'))?.replace(
    /-(?:\d[\w.]{0,32}|[0-9a-f]{7,12})(?:-[\w-]{1,32})?$/,
    '',
  );
  if (gem !== undefined) {
    if (RUNTIME.some((prefix) => gem.startsWith(prefix))) return makeFrame(named, path, line, 'runtime', undefined);
    return makeFrame(
      named,
      path,
      line,
      FRAMEWORKS.has(gem) ? 'framework' : 'dependency',
      `${gem}/${moduleKey(path, VAGUE)}:${name}`,
    );
  }
  if (path.startsWith('<internal:') || path.includes('/lib/ruby/'))
    return makeFrame(named, path, line, 'node', undefined);
  if (path.startsWith('(eval') || path.startsWith('(irb') || path === '-e')
    return makeFrame(named, path, line, 'runtime', undefined);
  if (/\/(?:s?bin)\/[\w-]+$/.test(path)) return makeFrame(named, path, line, 'framework', undefined);
  return makeFrame(named, path, line, 'app', `${moduleKey(path, VAGUE)}:${name}`);
}
