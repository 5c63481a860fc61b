/**
 * `rowtrace/fingerprint`: which events are the same bug, as a pure function.
 *
 * ```ts
 * import { fingerprint } from 'rowtrace/fingerprint';
 * fingerprint({ type: 'TypeError', message: error.message, stack: error.stack, service: 'shop' }).fingerprint;
 * ```
 *
 * @module
 */

export * from './record/fingerprint/index.ts';
