// Who may send, and how much: asked before a body is read.

import type { IncomingMessage } from 'node:http';
import type { KeyRing, StoredKey } from '../keys/key-ring.ts';
import type { RateLimit } from '../keys/rate-limit.ts';
import { HttpError } from './http-error.ts';

export interface Sender {
  /** Nothing where no keys are asked for. */
  key: StoredKey | undefined;
  mayServe(service: string): boolean;
  spend(items: number): void;
}

export interface GateOptions {
  /** Absent: no keys are asked for. */
  keys?: KeyRing | undefined;
  limit?: RateLimit | undefined;
  /** Why nothing can be taken now. */
  notReady: () => string | undefined;
}

export type Gate = (request: IncomingMessage) => Promise<Sender>;

export function createGate({ keys, limit, notReady }: GateOptions): Gate {
  return async (request) => {
    const key = await keys?.check(request, 'ingest');
    const who = key?.id ?? request.socket.remoteAddress ?? '';
    limit?.admit(who);
    const why = notReady();
    if (why !== undefined) throw new HttpError(503, why, { retryAfter: 5 });
    return {
      key,
      mayServe: (service) => !key?.services || key.services.includes(service),
      spend: (items) => limit?.spend(who, items),
    };
  };
}
