// ConnectRPC 1 and 2 on any adapter (node:http and http2, Express, Fastify, Next), by any of its protocols: it answers what a
// procedure throws itself, with status 200 where answers are streamed or the protocol is gRPC's. All adapters make a router, whose
// options take interceptors: ours is around the application's own.

import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isFaultOfGrpcServer } from '../../record/operation.ts';
import { peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook, withExport } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';

interface Call {
  service?: { typeName?: unknown };
  method?: { name?: unknown };
  /** Aborted once the client is gone, or its deadline is over. */
  signal?: AbortSignal;
}

interface Answer {
  stream: boolean;
  message: AsyncIterable<unknown>;
}

type Next = (call: Call) => Promise<Answer>;
type MakeRouter = (options?: { interceptors?: unknown[] }) => unknown;

export function createConnectrpcHook(): Instrumentation {
  const seam = seamOf('connectrpc');
  return createModuleHook(seam, [
    { module: '@connectrpc/connect', versions: ['>=1 <3'], apply: (exports) => hookConnectrpc(exports, seam) },
  ]);
}

/** `exports` of the package. @returns what stands for them */
export function hookConnectrpc(exports: Record<string, unknown>, seam: Seam): Record<string, unknown> {
  const make = exports.createConnectRouter as MakeRouter;
  const createConnectRouter = alike<MakeRouter>(
    (options) => make({ ...options, interceptors: [heard(seam), ...(options?.interceptors ?? [])] }),
    make,
  );
  return withExport(exports, 'createConnectRouter', createConnectRouter);
}

function heard(seam: Seam): (next: Next) => Next {
  return (next) => async (call) => {
    seam.route(`/${String(call.service?.typeName)}/${String(call.method?.name)}`, context.active());
    try {
      const answer = await next(call);
      return answer.stream ? { ...answer, message: watched(answer.message, call, seam) } : answer;
    } catch (error) {
      tell(error, call, seam);
      throw error;
    }
  };
}

async function* watched(messages: AsyncIterable<unknown>, call: Call, seam: Seam): AsyncGenerator<unknown> {
  try {
    yield* messages;
  } catch (error) {
    tell(error, call, seam);
    throw error;
  }
}

const DEADLINE_EXCEEDED = 4;

/** Codes as of gRPC. What is no ConnectError is answered with INTERNAL. */
function tell(error: unknown, { signal }: Call, seam: Seam): void {
  const name = peek(error, 'name');
  const code = peek(error, 'code');
  // A client that is gone is told as whatever it reset its stream with.
  const isGone = name === 'AbortError' || (signal?.reason === error && code !== DEADLINE_EXCEEDED);
  if (signal?.aborted && isGone) return;
  const isAnswer = name === 'ConnectError' && typeof code === 'number' && !isFaultOfGrpcServer(code);
  if (!isAnswer) seam.thrown(error);
}
