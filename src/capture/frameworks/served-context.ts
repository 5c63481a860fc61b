// Which request of a server of ours something belongs to: a request, a response or a context in, the context of the request
// out. What serves them marks them (server-requests.ts).

import { types } from 'node:util';
import { type Context, context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { isObject } from '../../record/thrown.ts';
import { Given } from '../../util/given.ts';

/** What serves a request, noted on it and on its response. */
export interface Serving {
  readonly context: Context;
}

class Served extends Given {
  readonly #serving: Serving;

  private constructor(message: object, serving: Serving) {
    super(message);
    this.#serving = serving;
  }

  /** Once for each request and response. */
  static note(message: object, serving: Serving): void {
    if (!(#serving in message)) new Served(message, serving);
  }

  static by(message: object): Serving | undefined {
    return #serving in message ? message.#serving : undefined;
  }
}

// An ESM and a CommonJS copy of this file must see the same.
const KEY = Symbol.for('rowtrace.served');
const globals = globalThis as unknown as Record<symbol, typeof Served | undefined>;
globals[KEY] ??= Served;
export const served: Pick<typeof Served, 'note' | 'by'> = globals[KEY];

/** On the RPC metadata: the URL alone, since a context may outlive its request and must not keep it. */
export const ASKED = Symbol.for('rowtrace.asked');

/** The context of a request that a server gave to its handler, by the request or its response. */
function contextOfRequest(message: unknown): Context | undefined {
  return isObject(message) ? served.by(message)?.context : undefined;
}

/** The same, or else the active one: callbacks may have lost theirs, a request knows its own. */
export function contextServing(message: unknown): Context {
  return contextOfRequest(message) ?? context.active();
}

/** What the client asked for, path and query, where a server of ours serves it. */
export function urlServedIn(active: Context): string | undefined {
  return (getRPCMetadata(active) as { [ASKED]?: string } | undefined)?.[ASKED];
}

/**
 * The context whose route a framework may name when it dispatches `request`. None for a request that the application makes
 * up while it serves another (`fastify.inject`): the route is the outer one's.
 */
export function contextOfDispatch(request: unknown): Context | undefined {
  const own = contextOfRequest(request);
  if (own !== undefined) return own;
  const active = context.active();
  // What is noted on a request is not seen through a proxy, which applications put around one that is served.
  return urlServedIn(active) === undefined || types.isProxy(request) ? active : undefined;
}
