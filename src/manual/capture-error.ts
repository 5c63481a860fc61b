// captureError: reports one thrown value.

import { type Level, levelNamed } from '../record/level.ts';
import { copied, emit, messageOf } from './emit.ts';

export interface CaptureErrorOptions {
  /** Default "ERROR". */
  level?: Level | undefined;
  /** What the row says instead of the error's own message. */
  message?: string | undefined;
  /** Default "app". */
  module?: string | undefined;
  functionName?: string | undefined;
  /** Overrides the computed fingerprint: the same text is the same issue. */
  fingerprint?: string | undefined;
  /** Further attributes; those named like a promoted column fill it. */
  tags?: Record<string, unknown> | undefined;
}

/**
 * Reports an error, once however often it is reported: the object is its identity. Anything may have been thrown.
 *
 * ```ts
 * try { await pay(invoice) } catch (error) { captureError(error, { module: 'billing', tags: { invoice_id: invoice.id } }) }
 * ```
 */
export function captureError(error: unknown, options?: CaptureErrorOptions): void {
  emit(() => {
    const { level, message, module, functionName, fingerprint, tags } = copied(options);
    return {
      level: levelNamed(level, 'ERROR'),
      body: message ?? messageOf(error),
      module: module ?? 'app',
      thrown: { value: error },
      attributes: {
        ...copied(tags),
        ...(functionName === undefined ? {} : { 'code.function.name': functionName }),
        ...(fingerprint === undefined ? {} : { 'rowtrace.fingerprint': fingerprint }),
      },
    };
  });
}
