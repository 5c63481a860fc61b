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

export function parsePython(stack: string): ErrorNode {
  return readGroup(linesOf(stack), 0);
}

/** Lines of one level: of a whole text, or of one member of an exception group with its margin taken off. */
function readGroup(lines: readonly string[], depth: number): ErrorNode {
  const errors: ErrorNode[] = [];
  let current = errorNode();
  let frames: Frame[] = [];
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
    if (BEGIN.test(body) || LINK.test(body)) {
      if (done) errors.push(current);
      if (done || LINK.test(body)) current = errorNode();
      frames = current.frames;
      done = false;
      continue;
    }
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
  const package_ = segmentBehind(path, '/site-packages/') ?? segmentBehind(path, '/dist-packages/');
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
