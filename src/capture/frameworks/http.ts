// Servers of node:http and node:https. Their calls to others are the instrumentation's (see instrumentations.ts).

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { hookWriteHead } from '../response-head.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { seamOf } from './seam.ts';
import { followHttpEvents, isRequest, ServerRequests } from './server-requests.ts';

const seam = seamOf('http');
/** Of the latest start: what is patched stays so. */
let requests: ServerRequests;

export function createHttpServerHook(requestIdHeaders: readonly string[]): Instrumentation {
  requests = new ServerRequests('rowtrace/http', requestIdHeaders);
  return createModuleHook(
    seam,
    ['http', 'https'].map((scheme) => ({
      module: scheme,
      versions: ['*'],
      apply: (exports) => {
        hookWriteHead();
        followHttpEvents();
        hookServer(exports.Server as typeof Server, scheme);
      },
    })),
  );
}

function hookServer({ prototype }: typeof Server, scheme: string): void {
  patchMethod(
    prototype,
    'emit',
    (emit) =>
      function (this: Server, ...values: unknown[]) {
        const go = (): unknown => emit.apply(this, values as never[]);
        if (!isRequest(values[0]) || !seam.active) return go();
        return requests.serve(values[1] as IncomingMessage, values[2] as ServerResponse, scheme, go);
      },
  );
}
