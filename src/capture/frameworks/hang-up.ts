// A client that leaves before its answer is whole: Node tells handlers so by errors of their own request, of which nothing
// failed here. It is known by the object that the client's connection broke with, and once the client is gone by codes that
// are made anew for each stream: a premature close of another stream makes no row then. Any other error of another connection
// (a database, another service) stays one.

import type { Context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { isObject, peek } from '../../record/thrown.ts';

/** On the RPC metadata of a request, under a name that an ESM and a CommonJS copy of this file share. */
export const CLIENT = Symbol.for('rowtrace.client');

/** What the connection of a client breaks with. */
const BROKEN = /^(?:ECONNRESET|EPIPE|HPE_\w+)$/;
/** Codes, or types (of raw-body), of what is made anew for a stream whose connection is gone. */
const OF_THE_GONE = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECANCELED', 'request.aborted']);

interface Message {
  readonly aborted?: boolean;
  readonly errored?: unknown;
  readonly socket?: unknown;
}

interface Answer {
  readonly destroyed?: boolean;
  readonly errored?: unknown;
  readonly writableFinished?: boolean;
}

/** Whether `error` is how the client of the request in `active` left. Never throws. */
export function isHangUp(error: unknown, active: Context): boolean {
  const client = (getRPCMetadata(active) as { [CLIENT]?: Client } | undefined)?.[CLIENT];
  return client?.isHangUp(error) ?? false;
}

export class Client {
  #request: Message | undefined;
  #response: Answer | undefined;
  #gone = false;
  /** What the connection broke with, when it had. */
  #broke: WeakSet<object> | undefined;

  constructor(request: Message, response: Answer) {
    this.#request = request;
    this.#response = response;
  }

  isHangUp(error: unknown): boolean {
    if (!isObject(error)) return false;
    if (this.#broke?.has(error) || this.#broken().includes(error)) return true;
    return this.#isGone() && OF_THE_GONE.has(String(peek(error, 'type') ?? peek(error, 'code')));
  }

  /** The request has ended: contexts may outlive it, and must not keep it. */
  ended(): void {
    this.#gone = this.#isGone();
    const broken = this.#broken();
    if (broken.length > 0) this.#broke = new WeakSet(broken);
    this.#request = undefined;
    this.#response = undefined;
  }

  /** By itself: an answer that the application destroyed with an error has failed. */
  #isGone(): boolean {
    if (this.#gone) return true;
    if (isObject(peek(this.#response, 'errored'))) return false;
    const cut = peek(this.#response, 'destroyed') === true && peek(this.#response, 'writableFinished') === false;
    const closed = peek(peek(this.#request, 'socket'), 'destroyed') === true;
    return cut || closed || peek(this.#request, 'aborted') === true;
  }

  /** None that the application gave to destroy(), which may be that of a connection of its own. */
  #broken(): object[] {
    const ofRequest = peek(this.#request, 'errored');
    const ofSocket = peek(peek(this.#request, 'socket'), 'errored');
    const given = [ofRequest, peek(this.#response, 'errored')];
    const errors: object[] = [];
    if (isObject(ofRequest) && peek(ofRequest, 'message') === 'aborted') errors.push(ofRequest);
    if (isObject(ofSocket) && !given.includes(ofSocket) && BROKEN.test(String(peek(ofSocket, 'code'))))
      errors.push(ofSocket);
    return errors;
  }
}
