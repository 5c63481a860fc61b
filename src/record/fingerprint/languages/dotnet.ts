// .NET: `Exception.ToString()` → an error tree. The headers come first (outer ---> inner ---> …), then the frames from the
// innermost out, each part ended by "--- End of inner exception stack trace ---". Text in, ErrorNode out.

import { type ErrorNode, type Frame, type FrameKind, MAX_DEPTH, MAX_FRAMES, MAX_MEMBERS } from '../types.ts';
import { addMessage, errorNode, linesOf, makeFrame, slashed, splitHeader } from './shared.ts';

const NAME = /^[A-Za-z_][\w.+`]*$/;
const END = /^--- End of (?:inner exception stack trace|inner ExceptionDetail stack trace) ---$/;
const MEMBER = /^---> \(Inner Exception #(\d{1,4})\) /;
const FRAMEWORKS = [
  'Microsoft.AspNetCore.',
  'Microsoft.Extensions.Hosting',
  'Microsoft.Azure.WebJobs',
  'Microsoft.Azure.Functions',
  'MediatR.',
  'Grpc.',
  'MassTransit.',
  'Hangfire.',
  'Swashbuckle.',
  'Serilog.AspNetCore',
  'Xunit.',
  'NUnit.',
];
const DEPENDENCIES = [
  'Microsoft.',
  'Npgsql.',
  'Newtonsoft.',
  'Dapper.',
  'MySql.',
  'MySqlConnector.',
  'MongoDB.',
  'StackExchange.',
  'RabbitMQ.',
  'Polly.',
  'AutoMapper.',
  'Autofac.',
  'FluentValidation.',
  'Azure.',
  'Amazon.',
  'Google.',
  'NHibernate.',
  'NLog.',
  'Serilog.',
  'RestSharp.',
  'Refit.',
  'Confluent.',
  'Quartz.',
  'IdentityModel.',
  'IdentityServer4.',
  'Castle.',
  'log4net.',
  'Elasticsearch.',
  'Nest.',
  'Stripe.',
  'Oracle.',
  'Pomelo.',
  'Orleans.',
  'Akka.',
  'Castle.',
];
const RUNTIME = ['OpenTelemetry.', 'Sentry.', 'Datadog.', 'NewRelic.', 'Elastic.Apm', 'Castle.DynamicProxy'];

export function parseDotnet(stack: string): ErrorNode {
  const root = errorNode();
  /** From the root inwards; frames belong to the last. */
  const open = [root];
  let budget = MAX_FRAMES;
  let closed = false;
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const current = open.at(-1)!;
    if (END.test(body)) {
      if (open.length > 1) open.pop();
    } else if (MEMBER.test(body)) {
      // The first member was printed as the inner exception already (by .NET Framework twice); `<---` ends each.
      open.length = 1;
      if (root.errors.length === 0 && root.cause !== undefined && MEMBER.exec(body)![1] !== '0')
        root.errors.push(root.cause);
      const member = headed(body.replace(MEMBER, ''));
      if (root.errors.length < MAX_MEMBERS) root.errors.push(member);
      open.push(member);
    } else if (body.startsWith('---> ') && open.length < MAX_DEPTH) {
      current.cause = headed(body.slice(5));
      open.push(current.cause);
    } else if (body.startsWith('at ') && raw.startsWith(' ')) {
      const frame = budget > 0 ? frameOf(body.slice(3)) : undefined;
      if (frame !== undefined) budget--;
      if (frame !== undefined) current.frames.push(frame);
      closed = true;
    } else if (!body.startsWith('---') && body !== '' && !closed) {
      if (current === root && root.type === '' && root.message === '') inline(root, body, open);
      else if (current.frames.length === 0) addMessage(current, body);
    }
    if (body.endsWith('<---') && open.length > 1) open.length = 1;
  }
  if (root.errors.length > 0) root.cause = undefined;
  return root;
}

/** Old versions put the inner headers on the same line: "Outer: text ---> Inner: text". */
function inline(root: ErrorNode, body: string, open: ErrorNode[]): void {
  const [first, ...inner] = body.replace(/^Unhandled exception[.:] /i, '').split(' ---> ', MAX_DEPTH);
  const { type, message, code } = headed(first!);
  Object.assign(root, { type, message, code });
  for (const text of inner) {
    const node = headed(text);
    open.at(-1)!.cause = node;
    open.push(node);
  }
}

/** "SocketException (111): text", "Win32Exception (0x80004005): text": the number is a code. */
function headed(text: string): ErrorNode {
  const found = /^([\w.+`]{1,256}) \((0x[0-9A-Fa-f]{1,8}|-?\d{1,10})\): /.exec(text);
  const { type, message } = splitHeader(found === null ? text : `${found[1]}: ${text.slice(found[0].length)}`, NAME);
  return { ...errorNode(type, message), code: found?.[2] };
}

/** "Shop.Cart.<Total>d__5.MoveNext() in C:\src\Cart.cs:line 12" → a frame. */
function frameOf(text: string): Frame | undefined {
  const open = text.indexOf('(');
  if (open <= 0) return undefined;
  // Mono: "Shop.Cart.Total () [0x00028] in /src/Cart.cs:12", or "in <hash of the assembly>:0".
  const behind = /\)(?: \[0x[0-9a-f]{1,8}\])? in (?!<[0-9a-f]{32}>)/.exec(text);
  const place =
    behind === null ? null : /^(.{1,512}):(?:line )?(\d{1,9})$/.exec(text.slice(behind.index + behind[0].length));
  const { type, method } = named(text.slice(0, open).trimEnd());
  const line = place === null ? undefined : Number(place[2]);
  const called = `${type.slice(type.lastIndexOf('.') + 1)}.${method}`;
  const file = place === null ? type.replaceAll('.', '/') : slashed(place[1]!);
  const kind = isCompiled(type, method) ? 'runtime' : kindOf(type);
  const key =
    kind === 'app' ? `${type}:${method}` : `${type.split('.', 2).join('.')}/${type.split('.').at(-1)}:${method}`;
  return makeFrame(called, file, line, kind, kind === 'node' || kind === 'runtime' ? undefined : key);
}

/** State machines, closures and local functions carry the method they were made of in angle brackets. */
function named(written: string): { type: string; method: string } {
  const bare = written
    .replace(/\[[^\]]{0,300}\]/g, '')
    .replace(/`\d{1,3}/g, '')
    // What a program of top-level statements is compiled to; F# names closures by the line they begin in.
    .replaceAll('<Main>$', 'Main')
    .replace(/@\d{1,6}(?:-\d{1,6})?/g, '');
  // In front of the method: the interface that it implements explicitly.
  const made =
    /^(.{0,300}?)[.+](?:<>c(?:__DisplayClass[\d_]{1,16})?[.+])?<{1,2}(?:[\w.]{1,256}\.)?(\w{1,128})>[bdg]__/.exec(bare);
  const dot = bare.replace(/\.\.c?ctor$/, '').lastIndexOf('.');
  if (made !== null) {
    const local = /^([A-Za-z]\w*)\|/.exec(bare.slice(bare.indexOf('>g__') + 4));
    return { type: made[1]!.replaceAll('+', '.'), method: bare.includes('>g__') ? (local?.[1] ?? made[2]!) : made[2]! };
  }
  if (/\.\.c?ctor$/.test(bare)) return { type: bare.replace(/\.\.c?ctor$/, '').replaceAll('+', '.'), method: '.ctor' };
  return { type: bare.slice(0, Math.max(0, dot)).replaceAll('+', '.'), method: bare.slice(dot + 1) };
}

/** Of an expression tree, numbered as they are made: below each action of ASP.NET. */
function isCompiled(type: string, method: string): boolean {
  return type === '' && /^lambda_method\d{0,9}$/.test(method);
}

function kindOf(type: string): FrameKind {
  const name = `${type}.`;
  const inside = (list: readonly string[]) => list.some((prefix) => name.startsWith(prefix));
  if (inside(RUNTIME)) return 'runtime';
  if (name.startsWith('System.') || name.startsWith('Microsoft.CSharp.') || name.startsWith('Microsoft.Win32.'))
    return 'node';
  return inside(FRAMEWORKS) ? 'framework' : inside(DEPENDENCIES) ? 'dependency' : 'app';
}
