/** The body cannot be read: bad data, which the client must not send again. */
export class DecodeError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DecodeError';
  }
}

/** It could be read, but is too much for one request. */
export class TooManyError extends DecodeError {}

/** Spans, events, records, points in a request: 20 MiB of the smallest that say anything. */
export const MAX_ITEMS = 100_000;
/** Attributes and values in a request. */
export const MAX_VALUES = 2_000_000;

/** Nested messages and values; what honest senders nest stays below ten. */
export const MAX_DEPTH = 32;

export const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export const TEMPORALITIES = ['unspecified', 'delta', 'cumulative'] as const;
/** DataPointFlags. */
export const NO_RECORDED_VALUE = 1;
