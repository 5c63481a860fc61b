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
      return answer.stream ? { ...answer, message: watched(answer.message, seam) } : answer;
    } catch (error) {
      tell(error, seam);
      throw error;
    }
  };
}

async function* watched(messages: AsyncIterable<unknown>, seam: Seam): AsyncGenerator<unknown> {
  try {
    yield* messages;
  } catch (error) {
    tell(error, seam);
    throw error;
  }
}

/** Codes as of gRPC. What is no ConnectError is answered with INTERNAL, and an abort with CANCELED. */
function tell(error: unknown, seam: Seam): void {
  const code = peek(error, 'code');
  const isAnswer = peek(error, 'name') === 'ConnectError' && typeof code === 'number' && !isFaultOfGrpcServer(code);
  if (!isAnswer && peek(error, 'name') !== 'AbortError') seam.thrown(error);
}
