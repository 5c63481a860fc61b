// POST /api/v1/batches: rows that a process with ROWTRACE_ENDPOINT made, written while it waits. 200 means that they are
// committed (or, with a queue, confirmed by the broker); any other answer leaves them in that process' journal.

import type { IncomingMessage } from 'node:http';
import { BatchDecodeError, type BatchMessage, decodeMessage } from './deliver/batch-codec.ts';
import { type FailureKind, type Sink, SinkError } from './deliver/sink.ts';
import { requireBounded } from './receive/decode/parse-json.ts';
import { type BodyOptions, withBody } from './receive/http/body.ts';
import type { Gate, Sender } from './receive/http/gate.ts';
import { HttpError } from './receive/http/http-error.ts';
import { encodingOf } from './receive/http/reply.ts';
import type { Answer, Route } from './receive/http/server.ts';

export interface BatchRouteOptions extends BodyOptions {
  sink: Sink;
  gate: Gate;
  /** Why the sink took nothing, which is not for senders to know: it names hosts and databases. */
  onProblem: (message: string) => void;
}

/** What exporters/http reads out of a status again. */
const STATUSES: Readonly<Record<FailureKind, number>> = { outage: 503, config: 503, slow: 408, poison: 422 };
const RETRY_SECONDS = 2;

/** Amendments, absorbed rows and ledgers name no service, and say by random ids what they belong to; a line that nobody can
 *  read is nobody's. */
function namedRows({ batch, letters }: BatchMessage): { service?: unknown }[] {
  if (batch === undefined) return letters.filter(({ service }) => service !== undefined);
  return [...batch.logs, ...batch.counts, ...batch.calls, ...batch.histograms];
}

export function batchRoute(options: BatchRouteOptions): Route {
  const { sink, gate, onProblem } = options;
  let opened: Promise<void> | undefined;
  let said: string | undefined;

  async function write(bytes: Buffer, sender: Sender): Promise<object> {
    // 20 MiB may be seven million objects; of 10,000 rows each may have 200.
    requireBounded(bytes);
    const { batch, letters } = decodeMessage(bytes.toString('utf8'));
    const foreign = namedRows({ batch, letters } as BatchMessage).find(
      ({ service }) => !sender.mayServe(String(service)),
    );
    if (foreign !== undefined)
      throw new HttpError(403, `the key is not for service ${JSON.stringify(foreign.service)}`);
    sender.spend((batch === undefined ? letters : Object.values(batch).flat()).length);
    // Opened anew by the next one where it failed.
    opened ??= sink.open().catch((error) => {
      opened = undefined;
      throw error;
    });
    await opened;
    if (batch !== undefined) return sink.write(batch);
    await sink.deadLetter(letters);
    return {};
  }

  async function handle(request: IncomingMessage): Promise<Answer> {
    const sender = await gate(request);
    // A page in a browser may send any other type without asking.
    if (encodingOf(request.headers['content-type']) !== 'json')
      throw new HttpError(415, 'Content-Type should be application/json');
    return withBody(request, options, async (bytes) => {
      const result = await write(bytes, sender).catch((error) => {
        throw explained(error);
      });
      return { status: 200, contentType: 'application/json', body: JSON.stringify(result) };
    });
  }

  function explained(error: unknown): unknown {
    if (error instanceof BatchDecodeError) return new HttpError(400, `this is no batch: ${error.message}`);
    if (!(error instanceof SinkError)) return error;
    const { kind, message } = error;
    if (kind === 'slow' || kind === 'poison')
      return new HttpError(STATUSES[kind], message, { retryAfter: RETRY_SECONDS });
    // Opened anew by the next one: the schema may be there then, or the server.
    opened = undefined;
    if (message !== said) onProblem(`batches: ${message}`);
    said = message;
    return new HttpError(STATUSES[kind], 'the receiver cannot store this now', { retryAfter: RETRY_SECONDS });
  }

  return { method: 'POST', handle };
}
