// Rust: panics with a backtrace or the place alone, anyhow's and eyre's chain ("Caused by:" with numbered reasons, "Location:",
// "Stack backtrace:") and color-eyre's report → an error tree. Text in, ErrorNode out.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { addMessage, chained, errorNode, linesOf, makeFrame, moduleKey, segmentBehind, slashed } from './shared.ts';

const FRAME = /^\s{0,8}(\d{1,4}): +(?:0x[0-9a-f]{1,16} - )?(\S.{0,400})$/;
const PLACE = /^\s+at (\S.{0,512}?):(\d{1,9})(?::\d{1,9})?$/;
const PANIC = /^(?:\S{1,40} )?thread '.{0,128}?'(?: \(\d{1,12}\))? panicked at (.*)$/;
/** "src/cart.rs:12:5:", and "'text', src/cart.rs:12:5" until Rust 1.72. */
const SOURCE = /^(?:'.{0,1000}', )?(\S.{0,511}?):(\d{1,9})(?::\d{1,9})?:?$/;
const VAGUE = new Set(['main', 'lib', 'mod']);
const STD =
  /^(?:<?(?:std|core|alloc|proc_macro|test|backtrace|panic_unwind)::|_?_rust|rust_(?:begin|panic|eh)|_start$|main$|__libc|_main$|clone3?$|start_thread$|_pthread|BaseThreadInit|RtlUser|invoke_main|__scrt|<unknown>|<&?(?:mut )?[A-Z]\w? as core::)/;
const CRATES = new Set(
  'tokio hyper hyper_util axum axum_core tower tower_http tower_service actix_web actix_http actix_rt actix_server actix_service rocket warp futures futures_util futures_core reqwest sqlx sqlx_core serde serde_json diesel tonic rayon rayon_core crossbeam tracing_futures clap regex once_cell h2 mio async_std sea_orm redis rdkafka lapin'.split(
    ' ',
  ),
);
const FRAMEWORKS = new Set(
  'tokio hyper hyper_util axum axum_core tower tower_http tower_service actix_web actix_http actix_rt actix_server actix_service rocket warp tonic futures futures_util futures_core rayon rayon_core'.split(
    ' ',
  ),
);
const RUNTIME = new Set(
  'tracing tracing_core tracing_subscriber opentelemetry opentelemetry_sdk tracing_opentelemetry anyhow eyre color_eyre sentry sentry_core backtrace'.split(
    ' ',
  ),
);

export function parseRust(stack: string): ErrorNode {
  const lines = linesOf(stack);
  const errors = [errorNode()];
  let part: 'message' | 'report' | 'causes' | 'place' | 'spans' | 'frames' = 'message';
  let place: Frame | undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const body = line.trim();
    if (/^(?:stack backtrace|Stack backtrace|Backtrace):$|^━{3,} BACKTRACE ━{3,}$/.test(body)) part = 'frames';
    else if (body === 'Caused by:' && part !== 'frames') part = 'causes';
    else if (body === 'Location:' && part !== 'frames') part = 'place';
    else if (body === 'Error:' && part === 'message') part = 'report';
    else if (/^━{3,} SPANTRACE ━{3,}$/.test(body)) part = 'spans';
    else if (body === '' || body.startsWith('note: ') || part === 'spans') continue;
    else if (part === 'place') place ??= placed(body);
    else if (part === 'causes' || (part === 'report' && errors[0]!.message !== ''))
      errors.push(errorNode('', body.replace(/^\d{1,3}: +/, '')));
    else if (part === 'report') errors[0]!.message = body.replace(/^\d{1,3}: +/, '');
    else if (part === 'message' && !FRAME.test(line)) {
      place ??= placed(PANIC.exec(body)?.[1] ?? '');
      panicOr(errors[0]!, body);
    } else {
      const found = FRAME.exec(line);
      if (found === null || errors[0]!.frames.length >= MAX_FRAMES) continue;
      const at = PLACE.exec(lines[i + 1] ?? '');
      errors[0]!.frames.push(
        frameOf(found[2]!, at === null ? '' : slashed(at[1]!), at === null ? undefined : Number(at[2])),
      );
    }
  }
  if (place !== undefined && errors[0]!.frames.every(({ key }) => key === undefined)) errors[0]!.frames.unshift(place);
  return chained(errors);
}

/** Where there is no backtrace, that is all that tells one `unwrap` from another. */
function placed(text: string): Frame | undefined {
  const found = SOURCE.exec(text);
  if (found === null) return undefined;
  const file = slashed(found[1]!);
  const line = Number(found[2]);
  if (isStd(file)) return makeFrame(undefined, file, line, 'node', undefined);
  const source = packageOf(file);
  const key = `${moduleKey(file, VAGUE)}:?`;
  if (source === undefined) return makeFrame(undefined, file, line, 'app', key);
  return makeFrame(undefined, file, line, 'dependency', `${source}/${key}`);
}

function isStd(file: string): boolean {
  return /\/rustc\/|\/rustlib\/src\//.test(file);
}

/** Until Rust 1.72 the message stood in quotes before the place, then it is the line below. */
function panicOr(node: ErrorNode, body: string): void {
  const panic = PANIC.exec(body);
  if (panic === null) {
    addMessage(node, node.message === '' ? body.replace(/^Error: /, '') : body);
    return;
  }
  node.type = 'panic';
  const quote = panic[1]!.startsWith("'") ? panic[1]!.lastIndexOf("', ") : -1;
  node.message = quote < 0 ? '' : panic[1]!.slice(1, quote);
}

/** "<shop::cart::Cart as shop::Sum>::total::{{closure}}::h0123456789abcdef" → shop::cart::Cart::total */
function frameOf(written: string, file: string, line: number | undefined): Frame {
  // Hashes of a function, and of a crate: others with each build.
  const bare = written
    .replace(/::h[0-9a-f]{16}$/, '')
    .replace(/\[[0-9a-f]{16}\]/g, '')
    .replace(/^_?<impl /, '<');
  const whole = bare.startsWith('<') ? implemented(bare) : bare;
  const path = withoutGenerics(whole.replace(/(?:::\{[^{}]{0,32}\}{1,2}|::\{\{[a-z-]{1,32}\}\})+/g, ''));
  const crate = path.split('::', 1)[0]!.trim();
  const name = path.split('::').slice(-2).join('::');
  const where = file === '' ? path.split('::').slice(0, -1).join('/') : file;
  const source = packageOf(file);
  const package_ = source ?? (CRATES.has(crate) ? crate : undefined);
  if (STD.test(bare) || isStd(file)) return makeFrame(name, where, line, 'node', undefined);
  if (RUNTIME.has(crate)) return makeFrame(name, where, line, 'runtime', undefined);
  if (package_ === undefined) return makeFrame(name, where, line, 'app', path);
  return makeFrame(name, where, line, FRAMEWORKS.has(crate) ? 'framework' : 'dependency', `${package_}/${path}`);
}

/** The type that implements a trait, and the method: the trait is left out. */
function implemented(path: string): string {
  const close = path.lastIndexOf('>::');
  if (close < 0) return path;
  const type = path.slice(1, close).split(' as ', 1)[0]!;
  return `${type.replace(/^(?:&|mut |dyn ){1,4}/, '')}::${path.slice(close + 3)}`;
}

function withoutGenerics(path: string): string {
  let said = path;
  for (let depth = 0; depth < 4 && said.includes('<'); depth++) said = said.replace(/(?:::)?<[^<>]{0,200}>/g, '');
  return said;
}

/** The crate that a file of cargo's registry or of a git checkout belongs to, without its version. */
function packageOf(file: string): string | undefined {
  const registry = segmentBehind(file, '/registry/src/', 2)?.split('/').at(1);
  if (registry !== undefined) return registry.replace(/-\d[\w.+-]{0,64}$/, '');
  return segmentBehind(file, '/git/checkouts/')?.replace(/-[0-9a-f]{8,16}$/, '');
}
