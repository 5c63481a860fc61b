// PHP: `(string) $exception` and `getTraceAsString()` ("#0 file(12): Class->method()") and the layout of OpenTelemetry's
// PHP ("at Class.method(File.php:12)", "Caused by:") → an error tree. `(string)` prints the innermost first and each outer
// one behind "Next". Text in, ErrorNode out.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { parseAtLayout } from './java.ts';
import { phpFrame } from './php-frame.ts';
import { addMessage, chained, errorNode, linesOf, splitHeader } from './shared.ts';

const NAME = /^[A-Za-z_\\][\w\\]*(?:@anonymous.{0,128})?$/;
const CALL = /^#\d{1,4} (?:(.{1,512})\((\d{1,9})\)|\[internal function\]): (.{1,400})$/;
const LEAD = /^(?:PHP )?(?:Fatal error: {1,2})?Uncaught (?:exception )?/;
const PLACE = /^ in (\S.{0,511}?)(?::| on line )(\d{1,9})$/;

export function parsePhp(stack: string): ErrorNode {
  if (!/^#\d{1,4} /m.test(stack)) return parseAtLayout(stack, atFrame);
  const errors = [errorNode()];
  /** A line of the trace tells where the function of the line above was called from: places lag by one. */
  let place: { file: string; line: number } | undefined;
  let headed = false;
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const call = CALL.exec(body);
    const current = errors.at(-1)!;
    if (call !== null) {
      if (current.frames.length < MAX_FRAMES) current.frames.push(phpFrame(call[3]!, place?.file, place?.line));
      place = call[1] === undefined ? undefined : { file: call[1], line: Number(call[2]) };
      headed = true;
    } else if (/^#\d{1,4} \{main\}/.test(body)) {
      if (place !== undefined) current.frames.push(phpFrame('{main}', place.file, place.line));
      place = undefined;
      headed = true;
    } else if (body.startsWith('Next ')) {
      errors.push(errorNode());
      place = header(errors.at(-1)!, body.slice(5));
      headed = place !== undefined;
    } else if (body !== '' && body !== 'Stack trace:' && !headed && !body.startsWith('thrown in ')) {
      place = header(current, current.message === '' ? body.replace(LEAD, '') : body);
      headed = place !== undefined;
    }
  }
  return chained(errors.reverse());
}

function header(node: ErrorNode, text: string): { file: string; line: number } | undefined {
  const at = text.lastIndexOf(' in ');
  const found = at < 0 ? null : PLACE.exec(text.slice(at));
  const bare = found === null ? text : text.slice(0, at);
  if (node.type === '' && node.message === '') Object.assign(node, splitHeader(bare, NAME));
  else addMessage(node, bare);
  return found === null ? undefined : { file: found[1]!, line: Number(found[2]) };
}

/** "App.Cart.total(Cart.php:12)": namespaces and methods are joined by dots here. */
function atFrame(text: string): Frame | undefined {
  const open = text.lastIndexOf('(');
  if (open <= 0 || !text.endsWith(')')) return undefined;
  const [file, line] = text.slice(open + 1, -1).split(':', 2) as [string, string | undefined];
  const called = text.slice(0, open);
  const brace = called.indexOf('{closure:');
  const dot = called.lastIndexOf('.', brace < 0 ? undefined : brace);
  const method = called.slice(dot + 1);
  const written = dot < 0 ? method : `${called.slice(0, dot).replaceAll('.', '\\')}::${method}`;
  return phpFrame(written, file.includes('.php') ? file : undefined, line === undefined ? undefined : Number(line));
}
