// Types of the manual door, checked by `npm run check` (tsc); nothing here runs. A line below @ts-expect-error is wrong on
// purpose. Legacy decorators have settings of their own: legacy-decorators/.

import type { Span } from '@opentelemetry/api';
import {
  captureError,
  captureErrors,
  createLogger,
  createProcessors,
  ERRORS,
  type ErrorCode,
  flush,
  handleErrors,
  type Logger,
  logCalls,
  RowtraceError,
  running,
  type Status,
  setTag,
  setUser,
  shutdown,
  start,
  status,
  trackLatency,
  withContext,
} from '../../src/index.ts';

/** Exactly that type, `any` not taken for it. */
function exactly<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._same: (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2 ? [] : [never]
  ): void => {};
}

declare const thrown: unknown;

// captureError
captureError(thrown);
exactly<void>()(captureError(null));
captureError('text', {
  level: 'CRITICAL',
  message: 'charge failed',
  module: 'billing',
  functionName: 'charge',
  fingerprint: 'declined',
  tags: { invoice_id: 7, nested: { a: [1] } },
});
// @ts-expect-error no such level
captureError(thrown, { level: 'error' });
// @ts-expect-error no such option
captureError(thrown, { tag: {} });
// @ts-expect-error tags are an object
captureError(thrown, { tags: 'a' });

// createLogger
const logger = createLogger({ module: 'kennel' });
exactly<Logger>()(logger);
for (const log of [logger.debug, logger.info, logger.warn, logger.error, logger.fatal]) {
  exactly<void>()(log('words'));
  log('words', { error: thrown, extra: { dog_id: 7 } });
  log('words', { errorMessage: 'from afar', stackTrace: 'Error: …', stack: true });
}
// @ts-expect-error a logger has a name
createLogger();
// @ts-expect-error no such detail
logger.info('words', { errors: [] });
logger.error(new Error('a'));
logger.error('words', new Error('a'));

// trackLatency
exactly<number>()(trackLatency('sum', {}, () => 5));
exactly<Promise<string>>()(trackLatency('load', { peer: 'store', slowMillis: 5 }, async () => 'a'));
trackLatency(
  'charge',
  { route: '/charges/:id', method: 'POST', attributes: { a: 1 } },
  ({ span, requestId, ...rest }) => {
    exactly<Span>()(span);
    exactly<string | undefined>()(requestId);
    // @ts-expect-error nothing else is handed in
    rest.name;
  },
);
// @ts-expect-error a number of milliseconds
trackLatency('slow', { slowMillis: '5' }, () => 5);
exactly<number>()(trackLatency('sum', () => 5));

// captureErrors
exactly<number>()(captureErrors({ component: 'import' }, () => 5));
exactly<Promise<number>>()(captureErrors({}, async () => 5));
exactly<Promise<number>>()(captureErrors(async () => 5));
exactly<number | undefined>()(captureErrors({ rethrow: false }, () => 5));
exactly<Promise<number | undefined>>()(captureErrors({ rethrow: false, level: 'WARNING' }, async () => 5));
// @ts-expect-error the component is the module
captureErrors({ module: 'import' }, () => 5);

// handleErrors and logCalls: the function they were given
interface Kennel {
  rooms: number;
}
function book(this: Kennel, dog: string, nights = 1): number {
  return this.rooms * nights + dog.length;
}
const handled = handleErrors(book);
exactly<typeof book>()(handled);
exactly<typeof book>()(logCalls(book, { level: 'INFO', redact: [0], module: 'kennel' }));
const kennel = { rooms: 2, book: handleErrors(book, { fallback: 0 }) };
exactly<number>()(kennel.book('Rex'));
// @ts-expect-error the parameters stay
kennel.book(5);
// @ts-expect-error so does this
handleErrors(book)('Rex');
async function load<T>(value: T): Promise<T> {
  return value;
}
const loaded = handleErrors(load);
exactly<typeof load>()(loaded);
const priced = handleErrors(async (id: number): Promise<number> => id, { fallback: (error) => Number(error === null) });
exactly<(id: number) => Promise<number>>()(priced);
handleErrors(async (): Promise<number> => 1, { fallback: async () => 0 });
// @ts-expect-error a fallback is of the type of the result
handleErrors((): number => 1, { fallback: 'none' });
// @ts-expect-error no string for a promise of a number
handleErrors(async (): Promise<number> => 1, { fallback: 'none' });
const forgiving = handleErrors(book, { rethrow: false });
exactly<number | undefined>()(forgiving.call({ rooms: 1 }, 'Rex', 2));
// @ts-expect-error the parameters stay here, too
forgiving.call({ rooms: 1 }, 5);
exactly<Promise<string | undefined>>()(handleErrors(async () => 'a', { rethrow: false, module: 'm' })());

// generators
function* count(to: number): Generator<number, string, boolean> {
  if (yield to) return 'stopped';
  return 'done';
}
async function* lines(path: string): AsyncGenerator<string, number, undefined> {
  yield path;
  return 1;
}
const counted = handleErrors(count);
exactly<typeof count>()(counted);
exactly<typeof lines>()(logCalls(lines));
const fallen = handleErrors(count, { fallback: 'failed' });
exactly<typeof count>()(fallen);
// @ts-expect-error what the generator returns, not what it yields
handleErrors(count, { fallback: 5 });
exactly<Generator<number, string | undefined, boolean>>()(handleErrors(count, { rethrow: false })(5));
exactly<AsyncGenerator<string, number | undefined, undefined>>()(handleErrors(lines, { rethrow: false })('a'));
// @ts-expect-error no such redaction
logCalls(count, { redact: 'all' });

// standard decorators
class Clinic {
  name = 'here';
  @handleErrors({ module: 'clinic', fallback: 0 })
  open(at: number): number {
    return at + this.name.length;
  }
  @logCalls()
  async close(): Promise<string> {
    return this.name;
  }
  @handleErrors()
  @logCalls({ redact: true })
  *patients(): Generator<string> {
    yield this.name;
  }
  @handleErrors()
  static async *all(): AsyncGenerator<Clinic> {
    yield new Clinic();
  }
  // @ts-expect-error methods only
  @logCalls()
  field = 1;
}
exactly<number>()(new Clinic().open(5));
exactly<Promise<string>>()(new Clinic().close());
exactly<Generator<string>>()(new Clinic().patients());

// withContext, setUser, setTag
exactly<number>()(withContext({ userId: 'u1', sessionId: 's1', tags: { plan: 'gold' }, clinic_id: 7 }, () => 5));
exactly<Promise<void>>()(withContext({}, async () => {}));
// @ts-expect-error ids are texts
withContext({ userId: 7 }, () => 5);
exactly<void>()(setUser('ada'));
setTag('plan', 'gold');
setTag('beds', 3);
setTag('open', true);
// @ts-expect-error attributes of spans are plain
setTag('dog', { id: 7 });

// flush, shutdown, status
exactly<Promise<boolean>>()(flush(1000));
exactly<Promise<void>>()(shutdown());
exactly<Status | undefined>()(status());
exactly<number | undefined>()(status()?.journal.written);
exactly<string | undefined>()(status()?.delivery?.lastError);
exactly<readonly string[] | undefined>()(running()?.loadedBefore);
start({ service: 'kennel', level: 'INFO' });
exactly<Promise<boolean>>()(createProcessors().flush());
// @ts-expect-error no such option
start({ servise: 'kennel' });

// typed errors
try {
  start();
} catch (error) {
  if (error instanceof RowtraceError) {
    exactly<ErrorCode>()(error.code);
    exactly<string>()(error.fix);
    // @ts-expect-error no such code
    if (error.code === 'RT_NONSENSE') throw error;
    exactly<boolean>()(error.code === 'RT_DATABASE_READ_ONLY');
  }
}
exactly<string>()(ERRORS.RT_USAGE.fix.trim());
