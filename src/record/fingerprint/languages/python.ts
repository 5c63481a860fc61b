// Python tracebacks → an error tree: innermost frame last, chains ("During handling of …", "… was the direct cause of …")
// oldest first, exception groups drawn with `|` margins. Text in, ErrorNode with innermost frame first out.

import { type ErrorNode, type Frame, MAX_DEPTH, MAX_FRAMES, MAX_MEMBERS } from '../types.ts';
import {
  addMessage,
  chained,
  errorNode,
  linesOf,
  makeFrame,
  moduleKey,
  segmentBehind,
  slashed,
  splitHeader,
} from './shared.ts';

const FRAME = /^File "([^"]{1,512})", line (\d{1,9})(?:, in (.{1,256}))?$/;
const BEGIN = /^(?:Exception Group )?Traceback \(most recent call last\):$/;
const LINK = /^(?:During handling of the above exception, another|The above exception was the direct cause of)/;
const NAME = /^[A-Za-z_][\w.]*(?:<locals>\.\w+)?$/;
const VAGUE = new Set(
  '__init__ __main__ views models utils tasks forms serializers admin base helpers services signals urls schemas handlers handler routes routers router resources config settings types exceptions errors core common api client service util helper consumers managers permissions middleware crud dependencies'.split(
    ' ',
  ),
);
const FRAMEWORKS = new Set(
  'django flask starlette fastapi werkzeug uvicorn gunicorn aiohttp tornado celery rest_framework asgiref hypercorn bottle falcon sanic anyio mangum'.split(
    ' ',
  ),
);
const RUNTIME = new Set(
  'opentelemetry sentry_sdk ddtrace newrelic elasticapm wrapt tenacity retrying debugpy _pytest pluggy rollbar bugsnag'.split(
    ' ',
  ),
);

/** What a Lambda's archive holds beside the service's own folders, in no folder of its own. */
const VENDORED = new Set(
  'aiohttp asyncpg attr boto3 botocore bs4 certifi charset_normalizer click cryptography dateutil docutils greenlet httpcore httpx idna jinja2 jmespath jwt lxml marshmallow numpy openai pandas PIL psycopg psycopg2 pydantic pydantic_core pymongo pymysql redis requests s3transfer sqlalchemy stripe urllib3 yaml yarl'.split(
    ' ',
  ),
);

export function parsePython(stack: string): ErrorNode {
  return readGroup(linesOf(stack), 0);
}

/** Lines of one level: of a whole text, or of one member of an exception group with its margin taken off. */
function readGroup(lines: readonly string[], depth: number): ErrorNode {
  const errors: ErrorNode[] = [];
  let current = errorNode();
  let frames = current.frames;
  let done = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.replace(/^ {0,2}[+|] (?! *\+-)/, '');
    const body = line.trim();
    const group = /^\+-\+-{3,} 1 -{3,}$/.test(body);
    if (group && depth < MAX_DEPTH) {
      const { members, next } = readMembers(lines, i, depth);
      current.errors = members;
      i = next;
      continue;
    }
    const link = LINK.test(body);
    if (link || BEGIN.test(body)) {
      // Without frames it is a log line, or names the process whose trace is quoted below.
      if (done && (link || current.frames.length > 0 || current.errors.length > 0)) errors.push(current);
      if (done || link) current = errorNode();
      frames = current.frames;
      done = false;
      continue;
    }
    if (body === '"""') continue;
    const found = line.startsWith(' ') && !done ? FRAME.exec(body) : null;
    if (found !== null && frames.length < MAX_FRAMES * 4)
      frames.unshift(frameOf(found[1]!, Number(found[2]), found[3]));
    // Indented: source lines, carets, "[Previous line repeated 9 more times]".
    else if (found === null && body !== '' && !line.startsWith(' ') && !done) {
      Object.assign(current, splitHeader(body, NAME));
      done = true;
    } else if (done && !body.startsWith('+---')) addMessage(current, body);
  }
  if (done || current.frames.length > 0) errors.push(current);
  for (const each of errors) {
    each.message = each.message.trim().replace(/ \(\d{1,4} sub-exceptions?\)$/, '');
    each.frames.length = Math.min(each.frames.length, MAX_FRAMES);
  }
  return chained(errors.reverse());
}

/** From `+-+---- 1 ----` to the closing `+------`: each member's lines stand behind one more margin. */
function readMembers(lines: readonly string[], from: number, depth: number): { members: ErrorNode[]; next: number } {
  const margin = lines[from]!.indexOf('+-+') + 2;
  const members: string[][] = [];
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at]!;
    const mark = line.slice(margin);
    if (/^\+-{8,}$/.test(mark)) break;
    if (/^\+-{3,} \S{1,8} -{3,}$/.test(mark)) members.push([]);
    else if (line.trim() !== '') members.at(-1)?.push(mark.startsWith('|') ? mark.slice(2) : mark);
  }
  return { members: members.slice(0, MAX_MEMBERS).map((own) => readGroup(own, depth + 1)), next: at };
}

function frameOf(file: string, line: number, called: string | undefined): Frame {
  const path = slashed(file);
  const named = called === undefined || called.startsWith('<') ? undefined : called;
  const name = (named ?? '').slice((named ?? '').lastIndexOf('.') + 1) || '?';
  const package_ =
    segmentBehind(path, '/site-packages/') ??
    segmentBehind(path, '/dist-packages/') ??
    packageOfLambda(path) ??
    packageOfCython(path, named);
  if (package_ !== undefined) {
    const bare = package_.replace(/\.py$/, '');
    if (RUNTIME.has(bare)) return makeFrame(named, path, line, 'runtime', undefined);
    const kind = FRAMEWORKS.has(bare) ? 'framework' : 'dependency';
    return makeFrame(named, path, line, kind, `${bare}/${moduleKey(path, VAGUE)}:${name}`);
  }
  if (
    path.startsWith('<frozen ') ||
    /\/(?:lib|Lib)(?:64)?\/python\d|\/Python\d{2,3}\/[Ll]ib\/|\/lib\/pypy|\/python\d\.\d{1,2}\//.test(path)
  )
    return makeFrame(named, path, line, 'node', undefined);
  if (path.startsWith('<')) return makeFrame(named, path, line, 'runtime', undefined);
  return makeFrame(named, path, line, 'app', `${moduleKey(path, VAGUE)}:${name}`);
}

function packageOfLambda(path: string): string | undefined {
  const layer = /^\/opt\/python\/(?!lib\/|cp\d|\d|current\/|bundle\/|run\/)([^/]{1,128})/.exec(path)?.[1];
  if (layer !== undefined || !path.startsWith('/var/task/')) return layer;
  const name = path.split('/', 4)[3]!.replace(/\.py$/, '');
  return VENDORED.has(name) || FRAMEWORKS.has(name) || RUNTIME.has(name) ? name : undefined;
}

/** Compiled modules have the path that their sources had where they were built: "pandas/_libs/index.pyx". */
function packageOfCython(path: string, named: string | undefined): string | undefined {
  if (!/^[^/].{0,512}\.(?:pyx|pxi|pxd)$/.test(path) || /^[A-Za-z]:/.test(path)) return undefined;
  return named?.includes('.') ? named.split('.', 1)[0] : path.split(/[/.]/, 1)[0];
}
