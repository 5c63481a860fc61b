// The canary itself: a program in the module system of the application, started where the application is and with its
// flags. A request to a server of its own throws; what became of that error is told to the parent step by step. The answer
// is never sent, so that neither latencies nor calls get a row.

export interface ProgramSettings {
  mark: string;
  /** A file of Rowtrace: where the API is looked for when the application itself has none. */
  rowtrace: string;
  flushMillis: number;
}

/** What the program tells, in this order. */
export interface Started {
  step: 'started';
  running: boolean;
  /** An SDK is registered, whoever did it. */
  sdk: boolean;
  esm?: string;
  loadedBefore?: string[];
  /** Files of OpenTelemetry SDKs that Rowtrace does not bring. */
  otherSdks: string[];
  /** Which copy of @opentelemetry/api the application gets. */
  api?: { version: string; path: string };
}
export interface Requested {
  step: 'requested';
  /** A span was there when the handler ran. */
  span: boolean;
}
export interface Recorded {
  step: 'recorded';
  recording: boolean;
  /** The span is one of an SDK; else of the API's own that does nothing. */
  valid: boolean;
}
export interface Delivered {
  step: 'delivered';
  /** Absent: Rowtrace was not started by the preload, and cannot be asked. */
  complete?: boolean;
  delivery?: { state: string; lastError?: string };
}
export interface Failed {
  step: 'failed';
  message: string;
}
export type Told = Started | Requested | Recorded | Delivered | Failed;

export function canaryProgram(esm: boolean, settings: ProgramSettings): string {
  const names = { http: 'node:http', net: 'node:net', modules: 'node:module', path: 'node:path' };
  const loads = Object.entries(names).map(([name, from]) =>
    esm ? `import * as ${name} from '${from}';` : `const ${name} = require('${from}');`,
  );
  return `${loads.join('\n')}\nconst settings = ${JSON.stringify(settings)};\n${BODY}`;
}

const BODY = `
class RowtraceCanary extends Error { name = 'RowtraceCanary' }
const tell = (step, facts) => process.connected && process.send({ step, ...facts });
const load = modules.createRequire(path.join(process.cwd(), 'noop.js'));
const rowtrace = globalThis[Symbol.for('rowtrace.running')];

function fly() {
  throw new RowtraceCanary('rowtrace canary ' + settings.mark);
}

function findApi() {
  for (const from of [load, modules.createRequire(settings.rowtrace)]) {
    try {
      const file = from.resolve('@opentelemetry/api');
      const end = file.lastIndexOf('api') + 3;
      return { api: from(file), copy: { path: file.slice(0, end), version: from(file.slice(0, end) + '/package.json').version } };
    } catch {}
  }
  throw new Error('@opentelemetry/api cannot be loaded');
}

function hasSdk({ trace }) {
  const provider = trace.getTracerProvider?.();
  return !/^(undefined|NoopTracerProvider)$/.test((provider?.getDelegate?.() ?? provider)?.constructor.name);
}

function handle(api) {
  const span = api.trace.getActiveSpan();
  tell('requested', { span: span !== undefined });
  if (span === undefined) return;
  span.setAttribute('rowtrace.canary', settings.mark);
  try {
    fly();
  } catch (error) {
    span.recordException(error);
  }
  const { traceId } = span.spanContext();
  tell('recorded', { recording: span.isRecording(), valid: !/^0+$/.test(traceId) });
}

async function deliver() {
  if (rowtrace === undefined) return tell('delivered', {});
  let complete;
  rowtrace.flush(settings.flushMillis).then((done) => { complete = done });
  // A connection that breaks comes back at once; one that does not is trouble.
  for (let troubled = 0; complete === undefined && troubled < 30; ) {
    await new Promise((later) => setTimeout(later, 100));
    troubled = /outage|config/.test(rowtrace.status().delivery?.state) ? troubled + 1 : 0;
  }
  const { state, lastError } = rowtrace.status().delivery ?? {};
  tell('delivered', { complete: complete === true, ...(state && { delivery: { state, lastError } }) });
}

process.once('message', deliver);
process.once('disconnect', () => process.exit(0));
try {
  const { api, copy } = findApi();
  const files = Object.keys(load.cache ?? {});
  const otherSdks = files.filter((file) =>
    /node_modules[\\\\/](@opentelemetry[\\\\/]sdk-node|@sentry[\\\\/](node|opentelemetry)|@azure[\\\\/]monitor-opentelemetry)[\\\\/]/.test(file));
  tell('started', {
    running: rowtrace !== undefined,
    sdk: hasSdk(api),
    esm: rowtrace?.esm,
    loadedBefore: rowtrace?.loadedBefore,
    otherSdks: otherSdks.map((file) => /node_modules[\\\\/]((?:@[^\\\\/]+[\\\\/])?[^\\\\/]+)/.exec(file)[1]),
    api: copy,
  });
  const server = http.createServer(() => handle(api));
  server.listen(0, '127.0.0.1', () => {
    // A plain socket: a client of Node's would be recorded as well.
    net.connect(server.address().port, '127.0.0.1').write('GET /rowtrace-canary HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n');
  });
  server.on('error', (error) => tell('failed', { message: error.message }));
} catch (error) {
  tell('failed', { message: error.message });
}
`;
