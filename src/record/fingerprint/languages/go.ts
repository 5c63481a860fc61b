// Go: panics with goroutine dumps, `runtime.Stack` as OpenTelemetry records it, and pkg/errors' `%+v`, whose blocks of text
// and frames come innermost first. Text in, ErrorNode out; of several goroutines only the first is the error's.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { addMessage, chained, errorNode, linesOf, makeFrame, segmentBehind, slashed } from './shared.ts';

const PLACE = /^\s+(\S.{0,512}):(\d{1,9})(?: \+0x[0-9a-f]{1,16})?$/;
const GOROUTINE = /^goroutine \d{1,12} (?:gp=\S{1,32} m=\S{1,16} (?:mp=\S{1,32} )?)?\[/;
const GOROOT = /\/(?:go|toolchain@)[\w.@-]{0,64}(?:\/[\w.@-]{1,64}){0,3}\/src\//i;
const STANDARD = new Set(
  'archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings sync syscall testing text time unicode unique unsafe vendor'.split(
    ' ',
  ),
);
const RUNTIME = [
  'go.opentelemetry.io/',
  'github.com/getsentry/',
  'gopkg.in/DataDog/',
  'github.com/DataDog/',
  'github.com/pkg/errors',
  'golang.org/x/sync/errgroup',
];
const FRAMEWORKS = [
  'github.com/gin-gonic/',
  'github.com/labstack/echo',
  'github.com/go-chi/',
  'github.com/gorilla/mux',
  'github.com/gofiber/',
  'google.golang.org/grpc',
  'github.com/julienschmidt/httprouter',
  'github.com/grpc-ecosystem/',
  'github.com/urfave/',
  'github.com/spf13/cobra',
];

export function parseGo(stack: string): ErrorNode {
  const lines = linesOf(stack);
  const errors = [errorNode()];
  let goroutines = 0;
  let frames = 0;
  for (let i = 0; i < lines.length && frames < MAX_FRAMES; i++) {
    const line = lines[i]!;
    if (GOROUTINE.test(line)) {
      if (++goroutines > 1) break;
      continue;
    }
    const place = PLACE.exec(lines[i + 1] ?? '');
    const call = place === null || line.startsWith(' ') || line.startsWith('\t') ? undefined : callOf(line);
    const current = errors.at(-1)!;
    if (call !== undefined && place !== null) {
      i++;
      frames++;
      // Who started the goroutine is not who called.
      if (!line.startsWith('created by ')) current.frames.push(frameOf(call, slashed(place[1]!), Number(place[2])));
    } else if (line.trim() !== '' && goroutines === 0) {
      if (current.frames.length > 0) errors.push(errorNode());
      addMessage(errors.at(-1)!, line.trim().replace(/^panic: /, ''));
    }
  }
  for (const each of errors) {
    each.frames = belowPanic(each.frames);
    // `[recovered]` and `goroutine …` notes of nested panics, and the signal line, hold addresses.
    each.message = each.message.replace(/ \[recovered\]/g, '').replace(/\n\[signal [^\n]{0,512}/, '');
    // Raised again as it was.
    const lines = each.message.split('\n', 64);
    if (lines.every((line) => line === lines[0])) each.message = lines[0]!;
  }
  const real = errors.filter((each) => each.frames.length > 0 || each.message !== '');
  return chained(real.reverse());
}

/** "cart.(*Cart).Total(0xc0, 0x5)" → "cart.(*Cart).Total"; a sentence is no call. */
function callOf(line: string): string | undefined {
  const bare = line.replace(/^created by /, '').replace(/ in goroutine \d{1,12}$/, '');
  const open = bare.endsWith(')') ? bare.lastIndexOf('(') : -1;
  const call = open < 0 ? bare : bare.slice(0, open);
  return /^[\w./~@%*()[\]{}·\-,<>]{1,400}$/.test(call) ? call : undefined;
}

/** Above the panic are the deferred functions that saw it. */
function belowPanic(frames: Frame[]): Frame[] {
  const at = frames.findLastIndex((frame) =>
    /^(?:panic|runtime\.gopanic|runtime\.sigpanic)$/.test(frame.function ?? ''),
  );
  return frames.slice(at + 1);
}

/** `github.com/acme/shop/cart.(*Cart).Sum.func1` → the package's path, and the function without receiver and closure. */
function frameOf(call: string, file: string, line: number): Frame {
  const slash = call.lastIndexOf('/');
  const dot = call.indexOf('.', slash + 1);
  const package_ = (dot < 0 ? '' : call.slice(0, dot)).replaceAll('%2e', '.');
  const local = dot < 0 ? call : call.slice(dot + 1);
  const name = local
    .replace(/\[[^\]]{0,200}\]/g, '')
    .replace(/\(\*?([^()]{1,128})\)/g, '$1')
    .replace(/(?:\.(?:func)?\d{1,6}|\.gowrap\d{1,6}|-fm|-range\d{1,6}|\.deferwrap\d{1,6}){1,8}$/, '');
  const called = package_ === '' ? name : `${package_.slice(package_.lastIndexOf('/') + 1)}.${name}`;
  if (standard(package_, file)) return makeFrame(called, file, line, 'node', undefined);
  if (RUNTIME.some((prefix) => package_.startsWith(prefix))) return makeFrame(called, file, line, 'runtime', undefined);
  const versioned = file.includes('/pkg/mod/') || file.includes('/vendor/') || /@v\d/.test(file);
  const vendored = segmentBehind(package_, '/vendor/', 64) ?? package_;
  const key = `${vendored}:${name}`;
  if (FRAMEWORKS.some((prefix) => vendored.startsWith(prefix))) return makeFrame(called, file, line, 'framework', key);
  return makeFrame(called, file, line, versioned ? 'dependency' : 'app', key);
}

/** The standard library by its place (GOROOT), or (with -trimpath) by a file that begins with the package's own path. */
function standard(package_: string, file: string): boolean {
  const first = package_.split('/', 1)[0]!;
  if (package_ === '') return true;
  if (!STANDARD.has(first)) return false;
  return GOROOT.test(file) || file.startsWith(package_) || first === 'runtime';
}
