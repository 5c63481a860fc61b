// Erlang and Elixir: Exception.format ("** (Type) message", then "(app 1.0.0) lib/file.ex:12: Module.fun/1"), erl_error's
// "in call from m:f/1 (file, line 12)", and the term of 50 characters that OpenTelemetry for Erlang sends. Text in, ErrorNode out.

import { type ErrorNode, type Frame, type FrameKind, MAX_FRAMES } from '../types.ts';
import { addMessage, chained, errorNode, linesOf, makeFrame } from './shared.ts';

const HEADER = /^\*\* \(([A-Za-z][\w.]{0,200})\) ?(.*)$/;
const FRAME =
  /^(?:\((\w{1,64})(?: [\w.+-]{1,64})?\) )?(?:([^\s:()][^\s:]{0,255}\.(?:exs?|erl|eex|heex|leex|yrl|xrl)):(\d{1,9}): )?(\S.{0,400})$/;
const CALL =
  /^(:?[A-Za-z_]\w{0,128}(?:\.[A-Z]\w{0,128}){0,16})\.("[^"]{1,200}"|[\w@]{1,128}[!?]?|[^\w\s"(/]{1,4})(?:\/\d{1,3}$|\()/;
const ERLANG_CALL =
  /^in (?:function|call from) {1,2}'?([\w.@]{1,128})'?:'?([\w@/!?-]{1,128}?)'?\/\d{1,3}(?: \((\S{1,255}), line (\d{1,9})\))?$/;
const TUPLE = /\{'?((?:Elixir\.)?[A-Za-z][\w.@]{0,127})'?,(?:'?([A-Za-z_-][\w@/!?-]{0,127})'?,)?/g;
/** Where in a file: no call, though a tuple. */
const PLACES = new Set(['file', 'line', 'error_info']);

const PLATFORM = words(
  'elixir stdlib kernel erts compiler eex ex_unit iex logger mix crypto ssl public_key inets asn1 mnesia sasl runtime_tools os_mon ssh tools syntax_tools xmerl',
);
const FRAMEWORKS = words(
  'phoenix phoenix_live_view plug plug_cowboy cowboy cowlib ranch bandit thousand_island oban absinthe absinthe_plug broadway gen_stage elli',
);
const RUNTIME = /^(?:opentelemetry|telemetry|sentry|appsignal|new_relic|spandex|honeybadger|rollbax|bugsnag)/;
const DEPENDENCIES = words(
  'ecto ecto_sql postgrex myxql tds db_connection phoenix_ecto phoenix_html phoenix_template phoenix_pubsub tesla finch mint nimble_pool nimble_options hackney httpoison req jason poison ex_aws redix eredis amqp amqp_client brod kafka_ex gun gen_smtp guardian joken jose swoosh bamboo ash ash_postgres ash_graphql dataloader nx timex decimal cachex con_cache quantum libcluster horde swarm gettext grpc floki bcrypt_elixir argon2_elixir mongodb_driver xandra exq commanded eventstore poolboy worker_pool jsx epgsql lager',
);
/** Modules of both languages, by the names that stand in a term: it does not say their applications. */
const MODULES = words(
  'erlang ets dets lists maps binary string unicode io io_lib file gen gen_server gen_statem gen_event gen_tcp inet proc_lib supervisor timer queue sets ordsets dict proplists re rand os code application logger elixir Access Agent Application Base Calendar Code Date DateTime DynamicSupervisor Enum Exception File Float GenServer IO Integer Kernel Keyword List Map MapSet Module NaiveDateTime Path Process Protocol Range Regex Registry Stream String Supervisor System Task Time Tuple URI',
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

export function parseErlang(stack: string): ErrorNode {
  if (/^\s{0,8}\[\{/.test(stack)) return errorNode('', '', '', framesOfTerm(stack));
  const errors = [errorNode()];
  let frames = 0;
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const headed = HEADER.exec(body);
    const current = errors.at(-1)!;
    if (headed !== null) {
      const named = errorNode(headed[1]!, headed[2]!);
      // What is above the first is a title: "GenServer #PID<0.5.0> terminating".
      if (errors.length === 1 && current.type === '' && frames === 0) errors[0] = named;
      else errors.push(named);
      continue;
    }
    const frame = /^\s/.test(raw) && frames < MAX_FRAMES ? frameOf(body) : undefined;
    if (frame !== undefined) {
      frames++;
      current.frames.push(frame);
    } else if (body !== '' && frames === 0) addMessage(current, body);
  }
  return chained(errors);
}

function frameOf(body: string): Frame | undefined {
  const plain = ERLANG_CALL.exec(body);
  if (plain !== null) {
    const [, module, written, file = '', line] = plain as unknown as [string, string, string, string?, string?];
    // Modules of OTP are compiled in their own folder.
    return made(undefined, module, functionOf(written), file, line, file.includes('/') ? 'app' : 'node');
  }
  const found = FRAME.exec(body);
  if (found === null) return undefined;
  const [, app, file = '', line, text] = found as unknown as [string, string?, string?, string?, string?];
  const bare = text!.replace(/^anonymous fn\/\d{1,3} in /, '');
  const call = CALL.exec(bare);
  if (call === null) {
    if (file === '' || !/^\((?:file|module|in macro|stab)\b/.test(bare)) return undefined;
    return made(app, undefined, undefined, file, line, kindOf(app));
  }
  const builtIn = app === undefined && file === '' && call[1]!.startsWith(':');
  return made(app, call[1]!.replace(/^:/, ''), functionOf(call[2]!), file, line, builtIn ? 'node' : kindOf(app));
}

function kindOf(app: string | undefined): FrameKind {
  if (app === undefined) return 'app';
  if (PLATFORM.has(app)) return 'node';
  if (RUNTIME.test(app)) return 'runtime';
  return FRAMEWORKS.has(app) ? 'framework' : DEPENDENCIES.has(app) ? 'dependency' : 'app';
}

/** `"-total/1-fun-0-"`, `"call (overridable 1)"`, `total`. */
function functionOf(written: string): string {
  const bare = written.replace(/^"(.{0,200})"$/, '$1').replace(/ \(overridable \d{1,3}\)$/, '');
  return /^-([\w@]{1,128}[!?]?)\/\d{1,3}-/.exec(bare)?.[1] ?? bare;
}

function made(
  app: string | undefined,
  module: string | undefined,
  name: string | undefined,
  file: string,
  line: string | undefined,
  kind: FrameKind,
): Frame {
  const key = `${kind === 'app' || app === undefined ? '' : `${app}/`}${module ?? file}:${name ?? '?'}`;
  const called = module === undefined || name === undefined ? module : `${module}.${name}`;
  const number = line === undefined ? undefined : Number(line);
  const keyed = kind !== 'node' && kind !== 'runtime';
  return makeFrame(called, file || (module ?? ''), number, kind, keyed ? key : undefined);
}

/** How far a term reaches depends on the values in it: beyond the first frame of the service's own it is not read. */
function framesOfTerm(term: string): Frame[] {
  const frames: Frame[] = [];
  for (const [, written, name] of term.slice(0, 1_024).matchAll(TUPLE)) {
    if (PLACES.has(written!)) continue;
    const module = written!.replace(/^Elixir\./, '');
    const kind = MODULES.has(module) ? 'node' : 'app';
    frames.push(made(undefined, module, name === undefined ? undefined : functionOf(name), '', undefined, kind));
    if (kind === 'app') break;
  }
  return frames;
}

/**
 * OpenTelemetry for Erlang makes a type of class and reason, values and all: "error:{badmatch,{error,17}}". What names the
 * kind of error is the first atom, or the Elixir exception's module. That for Elixir sends modules by their whole name.
 */
export function erlangType(given: string): string {
  const found = /^(error|exit|throw):(.{1,256})/s.exec(given);
  if (found === null) return given.replace(/^Elixir\./, '');
  const [, kind, reason] = found as unknown as [string, string, string];
  const struct = /'__struct__' => '?([\w.]{1,200})/.exec(reason)?.[1];
  if (struct !== undefined) return struct.replace(/^Elixir\./, '');
  const atom = /^\{{0,8}'?([a-z][\w@]{0,127}|Elixir\.[\w.]{1,128})'?(?=[,}]|$)/.exec(reason)?.[1];
  return atom === undefined ? kind : `${kind}:${atom}`;
}
